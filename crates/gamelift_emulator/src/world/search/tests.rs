//! Search expressions: grammar, strength of operators, missing values, and a slow oracle.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::{expression::Filter, facts::Facts, index::Index, sort::Sort};
use crate::model::game_sessions::GameProperty;

fn property(key: &str, value: &str) -> GameProperty {
    GameProperty {
        key: key.into(),
        value: value.into(),
    }
}

fn fits(expression: &str) -> bool {
    let properties = [property("map", "dust"), property("mode", "it's")];
    let facts = Facts {
        id: "arn:one",
        location: "custom-local",
        name: Some("room"),
        properties: &properties,
        maximum: 4,
        created_millis: 1_000,
        players: 3,
    };
    found(expression, &facts)
}

/// Whether a search among one game session finds it.
fn found(expression: &str, facts: &Facts<'_>) -> bool {
    let mut index = Index::default();
    index.set(1, facts);
    let filter = Filter::parse(expression).unwrap();
    !index.matching(Some(&filter), None).is_empty()
}

#[test]
fn every_operand_and_comparator_works() {
    for expression in [
        "hasAvailablePlayerSessions=true",
        "hasAvailablePlayerSessions <> FALSE",
        "gameSessionName = 'room'",
        "gameSessionName='room' AND maximumSessions=4",
        "gameSessionId = \"arn:one\"",
        "gameSessionProperties.map = \"dust\"",
        "gameSessionProperties.mode = 'it\\'s'",
        "maximumSessions>=4 and playerSessionCount<4 and creationTimeMillis>999",
        "playerSessionCount <= 3",
        "playerSessionCount <> 2",
    ] {
        assert!(fits(expression), "{expression}");
    }
    for expression in [
        "gameSessionName = 'Room'",
        "hasAvailablePlayerSessions=false",
        "playerSessionCount > 3",
    ] {
        assert!(!fits(expression), "{expression}");
    }
}

#[test]
fn not_binds_tighter_than_and_and_that_tighter_than_or() {
    assert!(fits("maximumSessions=4 OR maximumSessions=5 AND maximumSessions=6"));
    assert!(!fits("(maximumSessions=4 OR maximumSessions=5) AND maximumSessions=6"));
    assert!(fits("NOT maximumSessions=5 AND playerSessionCount=3"));
    assert!(!fits("NOT (maximumSessions=5 OR playerSessionCount=3)"));
}

#[test]
fn what_a_game_session_lacks_compares_with_nothing() {
    assert!(!fits("gameSessionProperties.absent = 'x'"));
    assert!(!fits("gameSessionProperties.absent <> 'x'"));
    assert!(fits("NOT gameSessionProperties.absent = 'x'"));
}

#[test]
fn a_wrong_expression_says_what_is_wrong() {
    for (expression, part) in [
        ("", "the end"),
        ("players = 3", "players is not one of"),
        ("gameSessionName = room", "a text in quotes"),
        ("gameSessionName = 'room", "not closed"),
        ("gameSessionName < 'room'", "= and <> only"),
        ("maximumSessions = 'four'", "a whole number"),
        ("maximumSessions = 4.5", "whole number"),
        ("hasAvailablePlayerSessions = 1", "true or false"),
        ("(maximumSessions = 4", "closing parenthesis"),
        ("maximumSessions = 4)", "AND, OR or the end"),
        ("gameSessionProperties.a.b = 'x'", "dot"),
    ] {
        let message = Filter::parse(expression).unwrap_err().message;
        assert!(message.contains(part), "{expression}: {message}");
    }
    let deep = format!("{}maximumSessions=4{}", "(".repeat(400), ")".repeat(400));
    assert!(Filter::parse(&deep).is_err());
    assert!(Sort::parse("maximumSessions").is_err());
    assert!(Sort::parse("maximumSessions SIDEWAYS").is_err());
}

#[test]
fn a_game_session_without_the_sorted_value_comes_last_either_way() {
    let with = [property("rank", "b")];
    let other = [property("rank", "a")];
    let facts = |properties| Facts {
        id: "",
        location: "",
        name: None,
        properties,
        maximum: 1,
        created_millis: 0,
        players: 0,
    };
    let order = |expression: &str| {
        let sort = Sort::parse(expression).unwrap();
        let mut all = [facts(&[][..]), facts(&with[..]), facts(&other[..])];
        all.sort_by(|one, other| sort.compare(one.get(&sort.operand), other.get(&sort.operand)));
        all.map(|facts| {
            facts
                .properties
                .first()
                .map_or("", |property| &property.value)
                .to_owned()
        })
    };
    assert_eq!(order("gameSessionProperties.rank ASC"), ["a", "b", ""]);
    assert_eq!(order("gameSessionProperties.rank DESC"), ["b", "a", ""]);
}

/// An expression together with what it must say about a game session with these numbers.
fn expressions(maximum: u32, players: u32) -> impl Strategy<Value = (String, bool)> {
    let leaf = (prop::bool::ANY, 0..6_usize, 0..5_u32).prop_map(move |(which, comparator, number)| {
        let (word, value) = if which {
            ("maximumSessions", maximum)
        } else {
            ("playerSessionCount", players)
        };
        let comparator = ["=", "<>", "<", ">", "<=", ">="][comparator];
        let holds = match comparator {
            "=" => value == number,
            "<>" => value != number,
            "<" => value < number,
            ">" => value > number,
            "<=" => value <= number,
            _ => value >= number,
        };
        (format!("{word} {comparator} {number}"), holds)
    });
    leaf.prop_recursive(5, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| (format!("({a} AND {b})"), x && y)),
            (inner.clone(), inner.clone()).prop_map(|((a, x), (b, y))| (format!("({a} OR {b})"), x || y)),
            inner.prop_map(|(a, x)| (format!("NOT ({a})"), !x)),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_filter_agrees_with_a_slow_oracle((maximum, players, (expression, holds)) in (0..5_u32, 0..5_u32)
        .prop_flat_map(|(maximum, players)| (Just(maximum), Just(players), expressions(maximum, players))))
    {
        let facts = Facts { id: "", location: "", name: None, properties: &[], maximum, created_millis: 0, players };
        prop_assert_eq!(found(&expression, &facts), holds, "{}", expression);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in ".{0,200}") {
        drop(Filter::parse(&text));
        drop(Sort::parse(&text));
    }
}
