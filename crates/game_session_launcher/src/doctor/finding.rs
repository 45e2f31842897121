//! What the doctor says about one thing.

use std::fmt;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// It works, or need not; it should be known.
    Warning,
    /// It will not work.
    Problem,
}

/// What was looked at, how it is, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What was looked at, in a word or two.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was seen.
    pub seen: String,
    /// What to do; empty when there is nothing to do.
    pub mend: String,
}

impl Finding {
    pub(super) fn fine(check: &'static str, seen: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Fine,
            seen: seen.into(),
            mend: String::new(),
        }
    }

    pub(super) fn warning(check: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Warning,
            seen: seen.into(),
            mend: mend.into(),
        }
    }

    pub(super) fn problem(check: &'static str, seen: impl Into<String>, mend: impl Into<String>) -> Self {
        Self {
            check,
            verdict: Verdict::Problem,
            seen: seen.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Finding {
    /// One line, and one more with what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Fine => "fine",
            Verdict::Warning => "WARNING",
            Verdict::Problem => "PROBLEM",
        };
        write!(f, "{verdict:<8} {}: {}", self.check, self.seen)?;
        if self.mend.is_empty() {
            return Ok(());
        }
        write!(f, "\n         mend it: {}", self.mend)
    }
}
