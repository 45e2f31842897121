//! Sort expressions: one operand, up or down. A game session that lacks it comes last either way.

use std::cmp::Ordering;

use super::{
    facts::{Fact, Operand},
    lexer::{Token, tokens},
};
use crate::model::error::ApiError;

#[derive(Debug)]
pub(super) struct Sort {
    pub(super) operand: Operand,
    pub(super) down: bool,
}

impl Sort {
    pub(super) fn parse(expression: &str) -> Result<Self, ApiError> {
        let words = tokens(expression)?;
        let (word, down) = match words.as_slice() {
            [Token::Word(word), direction] if direction.is_keyword("ASC") => (word, false),
            [Token::Word(word), direction] if direction.is_keyword("DESC") => (word, true),
            _ => {
                return Err(ApiError::invalid(
                    "a sort expression is <operand> ASC or <operand> DESC",
                ));
            }
        };
        Ok(Self {
            operand: Operand::parse(word)?,
            down,
        })
    }

    pub(super) fn compare(&self, one: Option<Fact<'_>>, other: Option<Fact<'_>>) -> Ordering {
        match (one, other) {
            (Some(one), Some(other)) if self.down => other.cmp(&one),
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        }
    }
}
