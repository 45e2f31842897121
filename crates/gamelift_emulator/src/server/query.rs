//! The handshake's query string, as leniently as the official SDKs need: some encode, some do not, and they do not agree
//! on `+`.

use crate::world::{Handshake, SigV4};

/// Reads the query of a websocket request.
pub(super) fn handshake(query: &str) -> Handshake {
    let mut handshake = Handshake::default();
    let mut sigv4 = SigV4::default();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "pID" => handshake.process_id = decoded(value),
            "FleetId" => handshake.fleet_id = decoded(value),
            "ComputeId" => handshake.compute_name = decoded(value),
            "IdempotencyToken" => handshake.idempotency_token = decoded(value),
            "sdkLanguage" => handshake.sdk_language = decoded(value),
            "Authorization" => {
                handshake.tokens = vec![decoded(value), decoded(&value.replace('+', " ")), value.to_owned()];
                handshake.tokens.dedup();
            }
            "X-Amz-Algorithm" => sigv4.algorithm = decoded(value),
            "X-Amz-Credential" => sigv4.credential = decoded(value),
            "X-Amz-Date" => sigv4.date = decoded(value),
            "X-Amz-Signature" => sigv4.signature = decoded(value),
            _ => {}
        }
    }
    if handshake.tokens.iter().any(|token| token == "SigV4") {
        handshake.sigv4 = Some(sigv4);
    }
    handshake
}

/// Percent-decoded, `+` kept; what is no escape stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut rest = 0;
    while let Some(&byte) = bytes.get(rest) {
        let escape = (byte == b'%')
            .then(|| text.get(rest + 1..rest + 3))
            .flatten()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(escaped) = escape {
            decoded.push(escaped);
            rest += 3;
        } else {
            decoded.push(byte);
            rest += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_with_plus_slash_and_equals_is_read_encoded_and_raw() {
        for query in [
            "Authorization=to%2Fken%2B%3D%26x&pID=proc-1",
            "pID=proc-1&Authorization=a+b/c==",
        ] {
            let handshake = handshake(query);
            assert_eq!(handshake.process_id, "proc-1");
            let expected = if query.contains("%2F") { "to/ken+=&x" } else { "a+b/c==" };
            assert!(handshake.tokens.iter().any(|token| token == expected), "{query}");
        }
        let form = handshake("Authorization=a+b");
        assert!(form.tokens.iter().any(|token| token == "a b"));
    }

    #[test]
    fn an_odd_query_is_read_as_far_as_it_goes() {
        let handshake = handshake("&&pID&FleetId=%zz%4&ComputeId=task%2Fb1&x=y=z&%");
        assert_eq!(handshake.process_id, "");
        assert_eq!(handshake.fleet_id, "%zz%4");
        assert_eq!(handshake.compute_name, "task/b1");
    }

    proptest! {
        #[test]
        fn no_query_makes_the_reader_panic(query in ".{0,200}") {
            drop(handshake(&query));
        }
    }
}
