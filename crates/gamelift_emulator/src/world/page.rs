//! Pages of long answers, and the opaque tokens between them.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::error::ApiError;

/// Answers per page when the caller does not say.
pub(super) const DEFAULT_LIMIT: u32 = 100;

/// Which question a token belongs to: it is good for the same question only.
#[derive(Clone, Copy)]
pub(super) struct Scope(u64);

impl Scope {
    pub(super) fn of(question: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        question.hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// One page of items, which come in the order of their keys, and the token of the next page.
pub(super) fn page<T>(
    items: impl Iterator<Item = (u64, T)>,
    scope: Scope,
    limit: u32,
    token: Option<&str>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let after = token.map(|token| read(token, scope)).transpose()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut items = items
        .skip_while(|(key, _)| after.is_some_and(|after| *key <= after))
        .peekable();
    let mut chosen = Vec::new();
    let mut last = 0;
    while chosen.len() < limit
        && let Some((key, item)) = items.next()
    {
        chosen.push(item);
        last = key;
    }
    let next = items.peek().map(|_| self::token(scope, last));
    Ok((chosen, next))
}

/// Where a page begins that a token asks for; the first one without a token.
pub(super) fn start(scope: Scope, token: Option<&str>) -> Result<u64, ApiError> {
    token.map_or(Ok(0), |token| read(token, scope))
}

/// The token for what comes after this.
pub(super) fn token(scope: Scope, last: u64) -> String {
    format!("{:016x}{last:016x}", scope.0)
}

fn read(token: &str, scope: Scope) -> Result<u64, ApiError> {
    let wrong = || ApiError::invalid("NextToken is not one that this call answered");
    let (Some(of), Some(key)) = (token.get(..16), token.get(16..32)) else {
        return Err(wrong());
    };
    let number = |digits| u64::from_str_radix(digits, 16).map_err(|_| wrong());
    if token.len() == 32 && number(of)? == scope.0 {
        number(key)
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn pages_follow_each_other_without_gap_or_overlap() {
        let items = || (1..=7_u64).map(|key| (key * 10, key));
        let scope = Scope::of("test");
        let mut all = Vec::new();
        let mut token = None;
        loop {
            let (chosen, next) = page(items(), scope, 3, token.as_deref()).unwrap();
            assert!(chosen.len() <= 3);
            all.extend(chosen);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(all, [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn a_token_of_another_question_or_a_made_up_one_is_refused() {
        let items = || (1..=7_u64).map(|key| (key, key));
        let (_, token) = page(items(), Scope::of("one"), 3, None).unwrap();
        assert!(page(items(), Scope::of("other"), 3, token.as_deref()).is_err());
        for forged in ["", "x", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "äöüäöüäöüäöüäöüä"] {
            assert!(page(items(), Scope::of("one"), 3, Some(forged)).is_err());
        }
    }
}
