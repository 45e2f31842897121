//! Shapes: the constraints of the service model as values, and the one check that applies them.

use serde_json::{Map, Value};

use super::error::{ApiError, ErrorKind};

/// The constraint on one value.
pub(crate) enum Shape {
    Text {
        min: usize,
        max: usize,
        pattern: Pattern,
    },
    Word(&'static [&'static str]),
    Whole {
        min: i64,
        max: i64,
    },
    /// A number, whole or not; a timestamp is one.
    Number,
    List {
        min: usize,
        max: usize,
        item: &'static Self,
    },
    Map {
        key: &'static Self,
        value: &'static Self,
    },
    Record(&'static [Member]),
}

/// The pattern of a text, written as the model writes it and as the check does it.
#[derive(Clone, Copy)]
pub(crate) struct Pattern {
    pub(crate) text: &'static str,
    pub(crate) holds: fn(&str) -> bool,
}

/// A member of a record.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) shape: &'static Shape,
    pub(crate) required: bool,
}

impl Member {
    pub(crate) const fn required(name: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            shape,
            required: true,
        }
    }

    pub(crate) const fn optional(name: &'static str, shape: &'static Shape) -> Self {
        Self {
            name,
            shape,
            required: false,
        }
    }
}

/// Checks the body of a request against the members of its operation. Members that the model does not know are ignored.
pub(crate) fn check(members: &[Member], body: &Value) -> Result<(), ApiError> {
    let Value::Object(object) = body else {
        return Err(unreadable("the request is not a structure".into()));
    };
    check_members(members, object, "")
}

fn check_members(members: &[Member], object: &Map<String, Value>, path: &str) -> Result<(), ApiError> {
    for member in members {
        let path = join(path, member.name);
        match object.get(member.name) {
            None | Some(Value::Null) if member.required => {
                return Err(broken(&path, "Member must not be null"));
            }
            None | Some(Value::Null) => {}
            Some(value) => check_value(member.shape, value, &path)?,
        }
    }
    Ok(())
}

fn check_value(shape: &Shape, value: &Value, path: &str) -> Result<(), ApiError> {
    match (shape, value) {
        (Shape::Text { min, max, pattern }, Value::String(text)) => {
            check_length(text.chars().count(), *min, *max, path)?;
            if (pattern.holds)(text) {
                Ok(())
            } else {
                Err(broken(
                    path,
                    &format!("Member must satisfy regular expression pattern: {}", pattern.text),
                ))
            }
        }
        (Shape::Word(words), Value::String(text)) => {
            if words.contains(&text.as_str()) {
                Ok(())
            } else {
                Err(broken(path, &format!("Member must satisfy enum value set: {words:?}")))
            }
        }
        (Shape::Whole { min, max }, Value::Number(number)) => {
            let Some(number) = number.as_i64() else {
                return Err(unreadable(format!("'{path}' is not a whole number")));
            };
            check_range(number, *min, *max, path)
        }
        (Shape::Number, Value::Number(_)) => Ok(()),
        (Shape::List { min, max, item }, Value::Array(values)) => {
            check_length(values.len(), *min, *max, path)?;
            values
                .iter()
                .enumerate()
                .try_for_each(|(index, value)| check_value(item, value, &format!("{path}.{}.member", index + 1)))
        }
        (Shape::Map { key, value }, Value::Object(entries)) => entries.iter().try_for_each(|(name, entry)| {
            check_value(key, &Value::String(name.clone()), path)?;
            check_value(value, entry, path)
        }),
        (Shape::Record(members), Value::Object(object)) => check_members(members, object, path),
        _ => Err(unreadable(format!("'{path}' has the wrong type"))),
    }
}

fn check_length(length: usize, min: usize, max: usize, path: &str) -> Result<(), ApiError> {
    if length < min {
        Err(broken(
            path,
            &format!("Member must have length greater than or equal to {min}"),
        ))
    } else if length > max {
        Err(broken(
            path,
            &format!("Member must have length less than or equal to {max}"),
        ))
    } else {
        Ok(())
    }
}

fn check_range(number: i64, min: i64, max: i64, path: &str) -> Result<(), ApiError> {
    if number < min {
        Err(broken(
            path,
            &format!("Member must have value greater than or equal to {min}"),
        ))
    } else if number > max {
        Err(broken(
            path,
            &format!("Member must have value less than or equal to {max}"),
        ))
    } else {
        Ok(())
    }
}

/// The message names the member and the rule, never the value: some are sensitive.
fn broken(path: &str, rule: &str) -> ApiError {
    ApiError::invalid(format!(
        "1 validation error detected: the value at '{path}' failed to satisfy constraint: {rule}"
    ))
}

fn unreadable(message: String) -> ApiError {
    ApiError::new(ErrorKind::Serialization, message)
}

fn join(path: &str, name: &str) -> String {
    let mut joined = String::with_capacity(path.len() + name.len() + 1);
    joined.push_str(path);
    if !path.is_empty() {
        joined.push('.');
    }
    let mut letters = name.chars();
    joined.extend(letters.next().map(|first| first.to_ascii_lowercase()));
    joined.extend(letters);
    joined
}
