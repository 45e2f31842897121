//! Names that GameLift takes, parsed before anything is asked of it.

use std::fmt;
use std::str::FromStr;

/// What every custom location begins with.
const CUSTOM: &str = "custom-";

/// The name of a custom location: `custom-` and then 1 to 57 letters, digits and dashes. The beginning may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocationName(String);

/// A text that no custom location can be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a location cannot be called {0:?}: take 1 to 57 letters, digits and dashes, no underscores")]
pub struct InvalidLocationName(String);

impl LocationName {
    /// The whole name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without its beginning.
    pub fn short(&self) -> &str {
        self.0.strip_prefix(CUSTOM).unwrap_or(&self.0)
    }
}

impl FromStr for LocationName {
    type Err = InvalidLocationName;

    fn from_str(text: &str) -> Result<Self, InvalidLocationName> {
        let short = text.strip_prefix(CUSTOM).unwrap_or(text);
        if is_plain(short, 57) {
            Ok(Self(format!("{CUSTOM}{short}")))
        } else {
            Err(InvalidLocationName(text.to_owned()))
        }
    }
}

impl fmt::Display for LocationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a compute: 1 to 128 letters, digits and dashes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ComputeName(String);

/// A text that no compute can be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a compute cannot be called {0:?}: take 1 to 128 letters, digits and dashes")]
pub struct InvalidComputeName(String);

impl ComputeName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of this machine, as far as a compute can have it.
    pub fn of_this_machine() -> Self {
        let host = gethostname::gethostname();
        let name: String = host
            .to_string_lossy()
            .chars()
            .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
            .take(128)
            .collect();
        name.parse().unwrap_or_else(|_| Self("this-machine".to_owned()))
    }
}

impl FromStr for ComputeName {
    type Err = InvalidComputeName;

    fn from_str(text: &str) -> Result<Self, InvalidComputeName> {
        if is_plain(text, 128) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidComputeName(text.to_owned()))
        }
    }
}

impl fmt::Display for ComputeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_plain(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_location_may_be_given_with_and_without_its_beginning() {
        for text in ["home", "custom-home"] {
            let name: LocationName = text.parse().unwrap();
            assert_eq!((name.as_str(), name.short()), ("custom-home", "home"));
        }
    }

    #[test]
    fn what_gamelift_would_refuse_is_refused_with_the_rule() {
        let long = "x".repeat(58);
        for text in ["", "custom-", "my_home", "custom-my_home", "häuschen", "a b", &long] {
            let error = text.parse::<LocationName>().unwrap_err().to_string();
            assert!(
                error.contains("letters, digits and dashes") && error.contains(text),
                "{error}"
            );
        }
        assert!("a/b".parse::<ComputeName>().is_err());
        assert!(!ComputeName::of_this_machine().as_str().is_empty());
    }
}
