//! Endpoints and ids of any content: the query carries exactly what was put in, in unreserved characters only.
#![no_main]

use std::time::{Duration, SystemTime};

use gamelift_server_sdk::proto::{Authorization, AwsCredentials, Endpoint, Handshake, Secret};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|fields: (&str, &str, &str, &str, &str, u32, bool)| {
    let (url, process_id, host_id, fleet_id, secret, seconds, signed) = fields;
    let endpoint = match url.parse::<Endpoint>() {
        Ok(endpoint) => endpoint,
        Err(_) => "wss://service:1/base".parse().expect("it is an endpoint"),
    };
    assert_eq!(endpoint.to_string().parse::<Endpoint>().as_ref(), Ok(&endpoint));
    let authorization = if signed {
        Authorization::SigV4(AwsCredentials {
            region: fleet_id.to_owned(),
            access_key_id: host_id.to_owned(),
            secret_access_key: Secret::new(secret),
            session_token: (seconds % 2 == 0).then(|| Secret::new(secret)),
        })
    } else {
        Authorization::Token(Secret::new(secret))
    };
    let handshake = Handshake {
        endpoint: endpoint.clone(),
        process_id: process_id.to_owned(),
        host_id: host_id.to_owned(),
        fleet_id: fleet_id.to_owned(),
        authorization,
    };
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(seconds));
    let url = handshake.url("idem", now);
    let (base, query) = url.expose().split_once('?').expect("there is a query");
    assert_eq!(base, endpoint.to_string());
    let pairs: Vec<(&str, Vec<u8>)> = query.split('&').map(pair).collect();
    assert!(pairs.is_sorted_by(|a, b| a.0 < b.0), "{query}");
    let value = |key: &str| &pairs.iter().find(|(found, _)| *found == key).expect("the key is there").1;
    assert_eq!(value("pID"), process_id.as_bytes());
    assert_eq!(value("ComputeId"), host_id.as_bytes());
    assert_eq!(value("FleetId"), fleet_id.as_bytes());
    assert_eq!(value("IdempotencyToken"), b"idem");
    if signed {
        assert_eq!(value("Authorization"), b"SigV4");
        assert_eq!(value("X-Amz-Signature").len(), 64);
    } else {
        assert_eq!(value("Authorization"), secret.as_bytes());
    }
});

fn pair(text: &str) -> (&str, Vec<u8>) {
    let (key, value) = text.split_once('=').expect("every pair has a value");
    let mut bytes = value.bytes();
    let mut result = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let mut digit = || {
                    let byte = bytes.next().expect("two digits follow");
                    u8::try_from(char::from(byte).to_digit(16).expect("a hexadecimal digit")).expect("below 16")
                };
                let (high, low) = (digit(), digit());
                result.push(high << 4 | low);
            }
            byte => {
                assert!(byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), "{text}");
                result.push(byte);
            }
        }
    }
    (key, result)
}
