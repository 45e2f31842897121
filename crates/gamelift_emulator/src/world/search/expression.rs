//! Filter expressions: comparisons joined by NOT, AND, OR and parentheses, in this order of strength.
//!
//! A comparison with something that a game session does not have (a name, a property) does not hold.

use super::{
    facts::{Kind, Operand},
    lexer::{Comparator, Token, tokens},
};
use crate::model::error::ApiError;

/// How deep parentheses and NOTs may nest.
const MAX_DEPTH: usize = 64;

#[derive(Debug)]
pub(super) enum Filter {
    Or(Vec<Self>),
    And(Vec<Self>),
    Not(Box<Self>),
    Comparison(Operand, Comparator, Literal),
}

#[derive(Debug)]
pub(super) enum Literal {
    Text(String),
    Number(i64),
    Flag(bool),
}

impl Filter {
    pub(super) fn parse(expression: &str) -> Result<Self, ApiError> {
        let mut parser = Parser {
            tokens: tokens(expression)?.into_iter().peekable(),
            depth: 0,
        };
        let filter = parser.any_of()?;
        match parser.tokens.next() {
            None => Ok(filter),
            Some(token) => Err(unexpected(Some(token), "AND, OR or the end")),
        }
    }
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    depth: usize,
}

impl Parser {
    fn any_of(&mut self) -> Result<Filter, ApiError> {
        let mut filters = vec![self.all_of()?];
        while self.tokens.next_if(|token| token.is_keyword("OR")).is_some() {
            filters.push(self.all_of()?);
        }
        Ok(alone_or(filters, Filter::Or))
    }

    fn all_of(&mut self) -> Result<Filter, ApiError> {
        let mut filters = vec![self.one()?];
        while self.tokens.next_if(|token| token.is_keyword("AND")).is_some() {
            filters.push(self.one()?);
        }
        Ok(alone_or(filters, Filter::And))
    }

    fn one(&mut self) -> Result<Filter, ApiError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(ApiError::invalid("the filter expression is nested too deep"));
        }
        let filter = if self.tokens.next_if(|token| token.is_keyword("NOT")).is_some() {
            Filter::Not(Box::new(self.one()?))
        } else if self.tokens.next_if_eq(&Token::Open).is_some() {
            let inner = self.any_of()?;
            match self.tokens.next() {
                Some(Token::Close) => inner,
                other => return Err(unexpected(other, "a closing parenthesis")),
            }
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(filter)
    }

    fn comparison(&mut self) -> Result<Filter, ApiError> {
        let operand = match self.tokens.next() {
            Some(Token::Word(word)) => Operand::parse(&word)?,
            other => return Err(unexpected(other, "an operand")),
        };
        let comparator = match self.tokens.next() {
            Some(Token::Comparator(comparator)) => comparator,
            other => return Err(unexpected(other, "a comparator")),
        };
        let equality = matches!(comparator, Comparator::Equal | Comparator::NotEqual);
        if operand.kind() != Kind::Number && !equality {
            return Err(ApiError::invalid(
                "texts and booleans can be compared with = and <> only",
            ));
        }
        let literal = match (operand.kind(), self.tokens.next()) {
            (Kind::Text, Some(Token::Text(text))) => Literal::Text(text),
            (Kind::Number, Some(Token::Word(word))) => match word.parse() {
                Ok(number) => Literal::Number(number),
                Err(_) => return Err(ApiError::invalid(format!("{word} is not a whole number"))),
            },
            (Kind::Flag, Some(Token::Word(word))) if word.eq_ignore_ascii_case("true") => Literal::Flag(true),
            (Kind::Flag, Some(Token::Word(word))) if word.eq_ignore_ascii_case("false") => Literal::Flag(false),
            (Kind::Text, other) => return Err(unexpected(other, "a text in quotes")),
            (Kind::Number, other) => return Err(unexpected(other, "a whole number")),
            (Kind::Flag, other) => return Err(unexpected(other, "true or false")),
        };
        Ok(Filter::Comparison(operand, comparator, literal))
    }
}

fn alone_or(mut filters: Vec<Filter>, many: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        Some(last) => {
            filters.push(last);
            many(filters)
        }
        None => many(filters),
    }
}

fn unexpected(token: Option<Token>, wanted: &str) -> ApiError {
    let found = match token {
        None => "the end".to_owned(),
        Some(Token::Open) => "(".to_owned(),
        Some(Token::Close) => ")".to_owned(),
        Some(Token::Comparator(_)) => "a comparator".to_owned(),
        Some(Token::Text(_)) => "a text".to_owned(),
        Some(Token::Word(word)) => word,
    };
    ApiError::invalid(format!("the expression has {found} where {wanted} is expected"))
}
