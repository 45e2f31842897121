//! The two wire formats of the API: AWS JSON 1.1 and Smithy RPC v2 CBOR.

use std::io::Cursor;

use ciborium::Value as Cbor;
use serde::Serialize;
use serde_json::{Map, Number, Value};

use crate::model::error::{ApiError, ErrorKind};

/// How deep a body may nest.
const MAX_DEPTH: usize = 32;

/// A wire format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    Json,
    Cbor,
}

impl Codec {
    /// The media type of requests and answers.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/x-amz-json-1.1",
            Self::Cbor => "application/cbor",
        }
    }

    /// Reads a body; an empty one is an empty structure.
    pub(crate) fn decode(self, body: &[u8]) -> Result<Value, ApiError> {
        if body.is_empty() {
            return Ok(Value::Object(Map::new()));
        }
        match self {
            Self::Json => serde_json::from_slice(body).map_err(|error| unreadable(&error.to_string())),
            Self::Cbor => {
                let mut reader = Cursor::new(body);
                let value = ciborium::de::from_reader_with_recursion_limit(&mut reader, MAX_DEPTH)
                    .map_err(|error| unreadable(&error.to_string()))?;
                if reader.position() < body.len() as u64 {
                    return Err(unreadable("bytes follow the value"));
                }
                from_cbor(value)
            }
        }
    }

    /// Writes an answer.
    pub(crate) fn encode(self, answer: &impl Serialize) -> Result<Vec<u8>, ApiError> {
        let wrong = |what: String| ApiError::new(ErrorKind::InternalService, what);
        match self {
            Self::Json => serde_json::to_vec(answer).map_err(|error| wrong(error.to_string())),
            Self::Cbor => {
                let mut bytes = Vec::new();
                ciborium::into_writer(answer, &mut bytes).map_err(|error| wrong(error.to_string()))?;
                Ok(bytes)
            }
        }
    }

    /// Writes an error.
    pub(crate) fn encode_error(self, error: &ApiError) -> Vec<u8> {
        #[derive(Serialize)]
        struct Body<'a> {
            #[serde(rename = "__type")]
            kind: &'static str,
            #[serde(rename = "Message")]
            message: &'a str,
        }
        let body = Body {
            kind: error.kind.name(),
            message: &error.message,
        };
        self.encode(&body).unwrap_or_default()
    }
}

fn unreadable(reason: &str) -> ApiError {
    ApiError::new(ErrorKind::Serialization, format!("the body cannot be read: {reason}"))
}

/// The JSON value that says the same. A timestamp is its number.
fn from_cbor(value: Cbor) -> Result<Value, ApiError> {
    Ok(match value {
        Cbor::Null => Value::Null,
        Cbor::Bool(flag) => Value::Bool(flag),
        Cbor::Text(text) => Value::String(text),
        Cbor::Float(number) => Number::from_f64(number).map_or(Value::Null, Value::Number),
        Cbor::Integer(number) => match (i64::try_from(number), u64::try_from(number)) {
            (Ok(number), _) => Value::Number(number.into()),
            (_, Ok(number)) => Value::Number(number.into()),
            _ => return Err(unreadable("an integer is out of range")),
        },
        Cbor::Array(values) => Value::Array(values.into_iter().map(from_cbor).collect::<Result<_, _>>()?),
        Cbor::Map(entries) => {
            let mut object = Map::with_capacity(entries.len());
            for (key, value) in entries {
                let Cbor::Text(key) = key else {
                    return Err(unreadable("a key is not a text"));
                };
                object.insert(key, from_cbor(value)?);
            }
            Value::Object(object)
        }
        Cbor::Tag(1, moment) => from_cbor(*moment)?,
        _ => return Err(unreadable("a value is of a type that this service does not use")),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn both_formats_read_the_same_request() {
        let request = json!({"FleetId": "fleet-1", "Limit": 3, "List": ["a", null], "Deep": {"x": true}});
        let mut cbor = Vec::new();
        ciborium::into_writer(&request, &mut cbor).unwrap();
        assert_eq!(Codec::Cbor.decode(&cbor).unwrap(), request);
        assert_eq!(Codec::Json.decode(request.to_string().as_bytes()).unwrap(), request);
    }

    #[test]
    fn maps_and_texts_of_indefinite_length_are_read() {
        let body = [0xbf, 0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0x9f, 0x01, 0xff, 0xff];
        assert_eq!(Codec::Cbor.decode(&body).unwrap(), json!({"ab": [1]}));
    }

    #[test]
    fn bytes_after_the_value_are_refused() {
        assert!(Codec::Cbor.decode(&[0xa0, 0x00]).is_err());
        assert!(Codec::Json.decode(b"{} x").is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_decoder_panic(body in prop::collection::vec(any::<u8>(), 0..300)) {
            drop(Codec::Cbor.decode(&body));
            drop(Codec::Json.decode(&body));
        }
    }
}
