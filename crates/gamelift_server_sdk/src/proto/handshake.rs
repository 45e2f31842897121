//! The query string with which a process introduces itself.

use std::time::SystemTime;

use super::{AwsCredentials, Endpoint, Secret, sigv4};

/// Where a process connects to, and as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handshake {
    /// Where to.
    pub endpoint: Endpoint,
    /// The process.
    pub process_id: String,
    /// The compute it runs on.
    pub host_id: String,
    /// The fleet it belongs to.
    pub fleet_id: String,
    /// What proves it.
    pub authorization: Authorization,
}

/// What proves who a process is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authorization {
    /// A token from `GetComputeAuthToken` or the host's agent.
    Token(Secret),
    /// A signature made with AWS credentials.
    SigV4(AwsCredentials),
}

impl Handshake {
    /// The whole URL, secrets included. `now` dates the signature, if there is one.
    pub fn url(&self, idempotency_token: &str, now: SystemTime) -> Secret {
        let mut pairs = vec![
            ("ComputeId", self.host_id.clone()),
            ("FleetId", self.fleet_id.clone()),
            ("IdempotencyToken", idempotency_token.to_owned()),
            ("pID", self.process_id.clone()),
            ("sdkLanguage", crate::SDK_LANGUAGE.to_owned()),
            ("sdkVersion", crate::SDK_VERSION.to_owned()),
        ];
        match &self.authorization {
            Authorization::Token(token) => pairs.push(("Authorization", token.expose().to_owned())),
            Authorization::SigV4(credentials) => {
                pairs.push(("Authorization", "SigV4".to_owned()));
                pairs.extend(sigv4::sign(
                    credentials,
                    &self.host_id,
                    &self.fleet_id,
                    &self.process_id,
                    now,
                ));
            }
        }
        pairs.sort();
        Secret::new(format!("{}?{}", self.endpoint, query(&pairs)))
    }
}

pub(super) fn query(pairs: &[(&str, String)]) -> String {
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(key, value)| format!("{key}={}", encode(value)))
        .collect();
    pairs.join("&")
}

/// RFC 3986, unreserved characters only: the one spelling that every parser reads alike.
fn encode(value: &str) -> String {
    let mut result = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            result.push(char::from(byte));
        } else {
            result.push('%');
            for digit in [byte >> 4, byte & 15] {
                result.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    result
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn handshake(authorization: Authorization) -> Handshake {
        Handshake {
            endpoint: "ws://h:1/base?old=query".parse().unwrap(),
            process_id: "proc 1".into(),
            host_id: "task/a".into(),
            fleet_id: "fleet-1234".into(),
            authorization,
        }
    }

    #[test]
    fn query_values_are_percent_encoded() {
        let url = handshake(Authorization::Token("to/ken+=&x".into())).url("idem", SystemTime::UNIX_EPOCH);
        assert_eq!(
            url.expose(),
            "ws://h:1/base?Authorization=to%2Fken%2B%3D%26x&ComputeId=task%2Fa&FleetId=fleet-1234&IdempotencyToken=idem&pID=proc%201&sdkLanguage=Rust&sdkVersion=5.6.0"
        );
    }

    #[test]
    fn a_signed_handshake_carries_the_signature_and_never_the_secret_key() {
        let credentials = AwsCredentials {
            region: "us-west-2".into(),
            access_key_id: "AKID".into(),
            secret_access_key: "hush".into(),
            session_token: Some("st+".into()),
        };
        let handshake = handshake(Authorization::SigV4(credentials));
        let url = handshake.url("idem", SystemTime::UNIX_EPOCH);
        let url = url.expose();
        assert!(url.contains("Authorization=SigV4&ComputeId="));
        assert!(url.contains("X-Amz-Credential=AKID%2F19700101%2Fus-west-2%2Fgamelift%2Faws4_request&"));
        assert!(url.contains("X-Amz-Date=19700101T000000Z&X-Amz-Security-Token=st%2B&X-Amz-Signature="));
        assert!(!url.contains("hush"));
        assert!(!format!("{handshake:?}").contains("hush"));
    }

    /// Reads a query as a service does.
    fn decoded(query: &str) -> Vec<(String, String)> {
        let text = |value: &str| {
            let mut bytes = Vec::new();
            let mut rest = value.as_bytes();
            while let [first, tail @ ..] = rest {
                rest = tail;
                if *first == b'%' {
                    let digits = std::str::from_utf8(&rest[..2]).unwrap();
                    bytes.push(u8::from_str_radix(digits, 16).unwrap());
                    rest = &rest[2..];
                } else {
                    assert!(first.is_ascii_alphanumeric() || b"-._~".contains(first), "{value}");
                    bytes.push(*first);
                }
            }
            String::from_utf8(bytes).unwrap()
        };
        let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(key, value)| (key.to_owned(), text(value))).collect()
    }

    proptest::proptest! {
        #[test]
        fn any_ids_and_tokens_arrive_as_they_were(
            process_id in ".{0,40}",
            host_id in ".{0,40}",
            fleet_id in ".{0,40}",
            token in ".{0,80}",
        ) {
            let handshake = Handshake {
                endpoint: "wss://h/base".parse().unwrap(),
                process_id: process_id.clone(),
                host_id: host_id.clone(),
                fleet_id: fleet_id.clone(),
                authorization: Authorization::Token(Secret::new(token.clone())),
            };
            let url = handshake.url("idem", SystemTime::UNIX_EPOCH);
            let query = url.expose().strip_prefix("wss://h:443/base?").unwrap();
            let expected = [
                ("Authorization", token.as_str()),
                ("ComputeId", &host_id),
                ("FleetId", &fleet_id),
                ("IdempotencyToken", "idem"),
                ("pID", &process_id),
                ("sdkLanguage", "Rust"),
                ("sdkVersion", crate::SDK_VERSION),
            ];
            let expected = expected.map(|(key, value)| (key.to_owned(), value.to_owned()));
            proptest::prop_assert_eq!(decoded(query), expected);
        }

        #[test]
        fn an_endpoint_of_any_text_never_panics_and_prints_as_itself(url in "(wss?://)?.{0,40}") {
            if let Ok(endpoint) = url.parse::<Endpoint>() {
                proptest::prop_assert_eq!(endpoint.to_string().parse::<Endpoint>(), Ok(endpoint));
            }
        }
    }
}
