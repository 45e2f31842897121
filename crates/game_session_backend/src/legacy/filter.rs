//! GameLift's filter expressions, as far as this backend writes them, on game sessions that were listed.

use crate::gamelift::GameSessionRecord;

/// A filter that this backend would not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unreadable;

/// One condition; all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Term {
    /// A game property has this value.
    Property(String, String),
    /// A seat is free.
    HasSeats,
}

/// A filter that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter(Vec<Term>);

impl Filter {
    pub(super) fn read(text: &str) -> Result<Self, Unreadable> {
        let (mut terms, mut rest) = (Vec::new(), text.trim());
        if rest.is_empty() {
            return Ok(Self(terms));
        }
        loop {
            let (name, after) = rest.split_once('=').ok_or(Unreadable)?;
            let (name, after) = (name.trim(), after.trim_start());
            let after = if let Some(key) = name.strip_prefix("gameSessionProperties.") {
                let (value, after) = quoted(after).ok_or(Unreadable)?;
                terms.push(Term::Property(key.to_owned(), value));
                after
            } else if name == "hasAvailablePlayerSessions" {
                terms.push(Term::HasSeats);
                after.strip_prefix("true").ok_or(Unreadable)?
            } else {
                return Err(Unreadable);
            };
            let after = after.trim_start();
            if after.is_empty() {
                return Ok(Self(terms));
            }
            rest = after.strip_prefix("AND ").ok_or(Unreadable)?;
        }
    }

    pub(super) fn fits(&self, record: &GameSessionRecord) -> bool {
        self.0.iter().all(|term| match term {
            Term::Property(key, value) => record.properties.get(key) == Some(value),
            Term::HasSeats => record.current_players < record.max_players,
        })
    }
}

/// A string in quotes, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.strip_prefix('\'')?.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\'' => return text.get(at + 2..).map(|rest| (value, rest)),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_the_backend_writes_is_read() {
        let text = "gameSessionProperties.gs_listed = '1' AND hasAvailablePlayerSessions = true AND \
                    gameSessionProperties.map = 'it\\'s AND = here'";
        let property = |key: &str, value: &str| Term::Property(key.to_owned(), value.to_owned());
        let terms = vec![
            property("gs_listed", "1"),
            Term::HasSeats,
            property("map", "it's AND = here"),
        ];
        assert_eq!(Filter::read(text).unwrap(), Filter(terms));
        assert_eq!(Filter::read("").unwrap(), Filter(Vec::new()));
    }

    #[test]
    fn what_it_does_not_write_is_refused_and_never_taken_for_fitting() {
        for text in [
            "maximumSessions > 3",
            "gameSessionProperties.a = '1' OR gameSessionProperties.b = '1'",
            "gameSessionProperties.a = 1",
            "gameSessionProperties.a = 'open",
            "hasAvailablePlayerSessions = false",
            "AND",
        ] {
            assert_eq!(Filter::read(text), Err(Unreadable), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}|[' \\\\=ANDa.]{0,60}") {
            drop(Filter::read(&text));
        }
    }
}
