//! The rules for names and tags of metrics.

use crate::Error;

/// The longest name, key and value.
const LONGEST: usize = 200;
/// Tags of one series, the global ones not counted.
pub(super) const MAX_TAGS: usize = 16;

pub(super) fn bad(field: &'static str, reason: &str) -> Error {
    Error::Validation {
        field,
        reason: reason.to_owned(),
    }
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-./".contains(&byte)
}

fn is_key(text: &str) -> bool {
    text.len() <= LONGEST && text.starts_with(|first: char| first.is_ascii_alphabetic()) && text.bytes().all(is_letter)
}

pub(super) fn is_value(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte == b':' || is_letter(byte))
}

pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let rule = "it begins with a letter and has letters, digits and _-./, 200 at most";
    if is_key(name) { Ok(()) } else { Err(bad("name", rule)) }
}

pub(super) fn check_tag(key: &str, value: &str) -> Result<(), Error> {
    if !is_key(key) {
        let rule = "it begins with a letter and has letters, digits and _-./, 200 at most";
        return Err(bad("tag key", rule));
    }
    if !is_value(value) {
        return Err(bad("tag value", "it has 1 to 200 letters, digits and _-./:"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_and_value_validation() {
        let long = "a".repeat(200);
        for (key, value) in [
            ("a", ":"),
            ("Map.name_1-x/y", "docks:1"),
            (long.as_str(), long.as_str()),
        ] {
            assert!(check_tag(key, value).is_ok(), "{key} {value}");
            assert!(check_name(key).is_ok(), "{key}");
        }
        let longer = "a".repeat(201);
        for key in ["", "1a", "_a", "a b", "a:b", "a|b", "a#b", "a,b", "ä", longer.as_str()] {
            assert!(check_tag(key, "v").is_err(), "{key}");
            assert!(check_name(key).is_err(), "{key}");
        }
        for value in ["", "a b", "a,b", "a|b", "a#b", "a\nb", "ä", longer.as_str()] {
            assert!(check_tag("k", value).is_err(), "{value}");
        }
    }
}
