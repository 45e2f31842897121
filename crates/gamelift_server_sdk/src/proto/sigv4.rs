//! The `SigV4` variant of the handshake. Not the standard canonical request: only the three sorted ids are hashed.

use std::{
    fmt::Write,
    time::{Duration, SystemTime},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Secret, handshake::query};

/// AWS credentials for a process without an auth token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    /// The region of the fleet.
    pub region: String,
    /// The access key's id.
    pub access_key_id: String,
    /// The access key.
    pub secret_access_key: Secret,
    /// The session token, with temporary credentials.
    pub session_token: Option<Secret>,
}

/// The query pairs that carry the signature.
pub(super) fn sign(
    credentials: &AwsCredentials,
    host_id: &str,
    fleet_id: &str,
    process_id: &str,
    now: SystemTime,
) -> Vec<(&'static str, String)> {
    let stamp = stamp(now);
    let date = &stamp[..8];
    let scope = format!("{date}/{}/gamelift/aws4_request", credentials.region);
    let signed = query(&[
        ("ComputeId", host_id.to_owned()),
        ("FleetId", fleet_id.to_owned()),
        ("pID", process_id.to_owned()),
    ]);
    let text = format!(
        "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
        hex(&Sha256::digest(signed.as_bytes()))
    );
    let secret = format!("AWS4{}", credentials.secret_access_key.expose());
    let key = [date, &credentials.region, "gamelift", "aws4_request"]
        .iter()
        .fold(secret.into_bytes(), |key, part| mac(&key, part.as_bytes()));
    let mut pairs = vec![
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256".to_owned()),
        ("X-Amz-Credential", format!("{}/{scope}", credentials.access_key_id)),
        ("X-Amz-Date", stamp.clone()),
        ("X-Amz-Signature", hex(&mac(&key, text.as_bytes()))),
    ];
    if let Some(token) = &credentials.session_token {
        pairs.push(("X-Amz-Security-Token", token.expose().to_owned()));
    }
    pairs
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `yyyymmddThhmmssZ`, UTC.
fn stamp(now: SystemTime) -> String {
    let seconds = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or(Duration::ZERO)
        .as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, in eras of 400 years that start on the first of March.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!(
        "{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(region: &str, host: &str, process: &str, seconds: u64) -> (String, String) {
        let credentials = AwsCredentials {
            region: region.into(),
            access_key_id: "AKID".into(),
            secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session_token: None,
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let pairs = sign(&credentials, host, "fleet-1234", process, now);
        (pairs[2].1.clone(), pairs[3].1.clone())
    }

    #[test]
    fn sigv4_vectors() {
        let cases = [
            (
                "us-west-2",
                "host-1",
                "proc-1",
                1_795_342_556,
                "20261122T101556Z",
                "fe973bc14b79f0fbdf777d0dcfd96aee112d539b47914788119917629eac9d5c",
            ),
            (
                "us-west-2",
                "host-1",
                "proc-cpp-1",
                1_795_345_566,
                "20261122T110606Z",
                "173a52438ae2ebb81a5fe2a6e2560864d6b6d9f753bb26ba60a35ba3f6f0ac8f",
            ),
            (
                "us-west-2",
                "host-1",
                "proc-1",
                1_735_787_045,
                "20250102T030405Z",
                "0e3075cb42149d7f36fdd4a0592c95b41edfbfff3c6cad229afbcadfee57342e",
            ),
            (
                "eu-central-1",
                "task-a/b1",
                "proc-1",
                1_735_787_045,
                "20250102T030405Z",
                "76d7403d3f2b56dba5f4655031b06b8c882d86f2a2eb454e5569e8633961177d",
            ),
        ];
        for (region, host, process, seconds, stamp, expected) in cases {
            assert_eq!(
                signature(region, host, process, seconds),
                (stamp.to_owned(), expected.to_owned())
            );
        }
    }

    #[test]
    fn leap_days_are_dates() {
        let at = |seconds| stamp(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(951_782_399), "20000228T235959Z");
        assert_eq!(at(951_782_400), "20000229T000000Z");
        assert_eq!(at(951_868_800), "20000301T000000Z");
        assert_eq!(at(1_735_689_599), "20241231T235959Z");
    }
}
