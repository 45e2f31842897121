//! The template beside the code: it sets only what is read, and allows what is called.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use game_session_lambda::settings::VARIABLES;

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn template() -> String {
    let text = std::fs::read_to_string(package().join("template.yaml")).unwrap();
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// Every word of a text that begins so.
fn words(text: &str, prefix: &str) -> BTreeSet<String> {
    let part = |character: char| character.is_ascii_alphanumeric() || "_:".contains(character);
    let words = text.split(|character| !part(character));
    let words = words.filter(|word| word.starts_with(prefix) && word.len() > prefix.len());
    words.map(|word| word.trim_end_matches(':').to_owned()).collect()
}

#[test]
fn every_variable_that_the_template_sets_is_one_that_the_function_reads() {
    let set = words(&template(), "GAME_SESSION_");
    assert!(set.contains("GAME_SESSION_TABLE"), "{set:?}");
    let read: BTreeSet<_> = VARIABLES.map(str::to_owned).into();
    let unknown: Vec<_> = set.difference(&read).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The operations of an SDK in the files of a folder or one file: `.create_game_session()` is `CreateGameSession`.
fn called(path: &Path) -> BTreeSet<String> {
    let mut files = vec![path.to_owned()];
    if path.is_dir() {
        files = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    }
    let verbs = [
        "create",
        "delete",
        "describe",
        "get",
        "list",
        "put",
        "query",
        "resolve",
        "search",
        "start",
        "stop",
        "terminate",
        "update",
    ];
    let mut operations = BTreeSet::new();
    for file in files {
        let text: String = std::fs::read_to_string(file).unwrap().split_whitespace().collect();
        // As the SDK's calls begin: a verb, and nothing between the parentheses.
        for (end, _) in text.match_indices("()") {
            let name = text[..end].rsplit(|character: char| !(character.is_ascii_lowercase() || character == '_'));
            let name = name.into_iter().next().unwrap_or_default();
            let call = text[..end]
                .strip_suffix(name)
                .is_some_and(|before| before.ends_with('.'));
            if call
                && verbs
                    .iter()
                    .any(|verb| name == *verb || name.starts_with(&format!("{verb}_")))
            {
                operations.insert(name.split('_').map(capital).collect());
            }
        }
    }
    operations
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

/// A resource of the template.
fn resource(name: &str) -> String {
    let text = template();
    let (_, text) = text.split_once("\nResources:\n").unwrap();
    let begin = text.find(&format!("\n  {name}:\n")).unwrap() + 1;
    let lines = text[begin..].lines().skip(1);
    let own = lines.take_while(|line| line.is_empty() || line.starts_with("   "));
    own.collect::<Vec<_>>().join("\n")
}

#[test]
fn each_function_has_a_policy_of_its_own_that_allows_what_it_calls() {
    let ends = ["DescribeGameSessions", "TerminateGameSession"];
    let placements = ["DescribeGameSessionPlacement", "StopGameSessionPlacement"];
    let api = [
        "CreateGameSession",
        "CreatePlayerSession",
        "DescribeGameSessionQueues",
        "DescribePlayerSessions",
        "ListLocations",
        "ResolveAlias",
        "SearchGameSessions",
        "StartGameSessionPlacement",
        "UpdateGameSession",
    ];
    let rows = ["DeleteItem", "GetItem", "PutItem"];
    for (function, policy, gamelift, dynamodb) in [
        (
            "Function",
            "ApiPolicy",
            [&ends[..], &placements, &api].concat(),
            [&rows[..], &["UpdateItem"]].concat(),
        ),
        ("EventsFunction", "EventsPolicy", ends.to_vec(), rows.to_vec()),
        (
            "ReconcilerFunction",
            "ReconcilerPolicy",
            [&ends[..], &placements].concat(),
            [&rows[..], &["Query"]].concat(),
        ),
    ] {
        let attached = format!("Policies: [!Ref {policy}]");
        assert!(resource(function).contains(&attached), "{function}");
        for (service, actions) in [
            ("gamelift:", gamelift),
            ("dynamodb:", dynamodb),
            ("secretsmanager:", vec!["GetSecretValue"]),
        ] {
            let expected: BTreeSet<_> = actions.iter().map(|action| format!("{service}{action}")).collect();
            assert_eq!(words(&resource(policy), service), expected, "{policy}");
        }
    }
}

#[test]
fn every_call_that_the_code_makes_is_allowed_by_the_roles_and_nothing_else_is() {
    let source = package().join("src");
    let gamelift = package().join("../game_session_backend/src/gamelift/aws");
    // What only the plain server asks - a fleet by its name or build - and members of others' types.
    let elsewhere = ["DescribeFleetAttributes", "ListFleets", "StartTime", "Get"].map(str::to_owned);
    for (service, path, least) in [
        ("gamelift:", gamelift, 8),
        ("dynamodb:", source.join("rows.rs"), 3),
        ("secretsmanager:", source.join("home.rs"), 1),
    ] {
        let mut calls = called(&path);
        assert!(calls.len() >= least, "{calls:?}");
        for operation in &elsewhere {
            calls.remove(operation);
        }
        let allowed = words(&template(), service);
        let allowed: BTreeSet<_> = allowed
            .iter()
            .map(|action| action[service.len()..].to_owned())
            .collect();
        assert_eq!(calls, allowed, "{service} the calls, and what is allowed");
    }
}
