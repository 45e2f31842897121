//! The tokens of filter and sort expressions.

use crate::model::error::ApiError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    Comparator(Comparator),
    /// In quotes.
    Text(String),
    /// Anything else: operands, numbers, AND, OR, NOT, true, false.
    Word(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparator {
    Equal,
    NotEqual,
    Less,
    Greater,
    AtMost,
    AtLeast,
}

impl Token {
    pub(super) fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// All tokens of an expression.
pub(super) fn tokens(expression: &str) -> Result<Vec<Token>, ApiError> {
    let mut letters = expression.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(letter) = letters.next() {
        let followed_by =
            |next: char, letters: &mut std::iter::Peekable<std::str::Chars<'_>>| letters.next_if_eq(&next).is_some();
        tokens.push(match letter {
            _ if letter.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '=' => Token::Comparator(Comparator::Equal),
            '<' if followed_by('>', &mut letters) => Token::Comparator(Comparator::NotEqual),
            '<' if followed_by('=', &mut letters) => Token::Comparator(Comparator::AtMost),
            '<' => Token::Comparator(Comparator::Less),
            '>' if followed_by('=', &mut letters) => Token::Comparator(Comparator::AtLeast),
            '>' => Token::Comparator(Comparator::Greater),
            '\'' | '"' => Token::Text(quoted(letter, &mut letters)?),
            _ => {
                let mut word = String::from(letter);
                while let Some(letter) = letters.next_if(|next| !next.is_whitespace() && !"()=<>'\"".contains(*next)) {
                    word.push(letter);
                }
                Token::Word(word)
            }
        });
    }
    Ok(tokens)
}

fn quoted(quote: char, letters: &mut impl Iterator<Item = char>) -> Result<String, ApiError> {
    let mut text = String::new();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => text.extend(letters.next()),
            _ if letter == quote => return Ok(text),
            _ => text.push(letter),
        }
    }
    Err(ApiError::invalid("a quote in the expression is not closed"))
}
