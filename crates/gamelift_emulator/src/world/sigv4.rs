//! The `SigV4` handshake of processes without an auth token: its shape, its age, and its signature when the emulator was
//! given credentials. Only the three sorted ids are hashed, not a whole request.

use std::{fmt::Write, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Handshake, settings::Credentials};
use crate::model::timestamp::Timestamp;

/// One SDK stamps local time as UTC, so that half the world must be forgiven; and a little for the clock.
const TOLERANCE: Duration = Duration::from_mins(14 * 60 + 15);

/// The signature's query pairs.
#[derive(Clone, Default)]
pub(crate) struct SigV4 {
    pub(crate) algorithm: String,
    pub(crate) credential: String,
    pub(crate) date: String,
    pub(crate) signature: String,
}

/// Whether a handshake is signed well: without credentials, whether it looks so and is of this day.
pub(super) fn is_good(handshake: &Handshake, sigv4: &SigV4, credentials: Option<&Credentials>, now: Timestamp) -> bool {
    let parts: Vec<&str> = sigv4.credential.split('/').collect();
    let [key_id, day, region, "gamelift", "aws4_request"] = parts[..] else {
        return false;
    };
    let well_formed = sigv4.algorithm == "AWS4-HMAC-SHA256"
        && !key_id.is_empty()
        && !region.is_empty()
        && sigv4.date.get(..8) == Some(day)
        && sigv4.signature.len() == 64
        && sigv4.signature.bytes().all(|byte| byte.is_ascii_hexdigit());
    let recent = moment(&sigv4.date).is_some_and(|then| then.since(now).max(now.since(then)) <= TOLERANCE);
    if !well_formed || !recent {
        return false;
    }
    let Some(credentials) = credentials else {
        return true;
    };
    let expected = signature(handshake, credentials, &sigv4.date, day, region);
    let same: bool = expected
        .as_bytes()
        .ct_eq(sigv4.signature.to_ascii_lowercase().as_bytes())
        .into();
    same && key_id == credentials.access_key_id
}

fn signature(handshake: &Handshake, credentials: &Credentials, date: &str, day: &str, region: &str) -> String {
    let signed = format!(
        "ComputeId={}&FleetId={}&pID={}",
        encoded(&handshake.compute_name),
        encoded(&handshake.fleet_id),
        encoded(&handshake.process_id)
    );
    let text = format!(
        "AWS4-HMAC-SHA256\n{date}\n{day}/{region}/gamelift/aws4_request\n{}",
        hex(&Sha256::digest(signed.as_bytes()))
    );
    let secret = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    let key = [day, region, "gamelift", "aws4_request"]
        .iter()
        .fold(secret, |key, part| mac(&key, part.as_bytes()));
    hex(&mac(&key, text.as_bytes()))
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

/// RFC 3986: all but letters, digits and `-_.~` is escaped.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// `yyyymmddThhmmssZ`.
fn moment(stamp: &str) -> Option<Timestamp> {
    let digits = stamp.strip_suffix('Z')?;
    let (day, time) = digits.split_once('T')?;
    if day.len() != 8 || time.len() != 6 || !(day.bytes().chain(time.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |text: &str| text.parse::<u64>().ok();
    let (year, month, date) = (number(&day[..4])?, number(&day[4..6])?, number(&day[6..])?);
    let seconds = number(&time[..2])? * 3600 + number(&time[2..4])? * 60 + number(&time[4..])?;
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&date) {
        return None;
    }
    Some(Timestamp::default() + Duration::from_secs(days(year, month, date) * 86_400 + seconds))
}

/// Days since 1970-01-01, counted in years that begin in March.
const fn days(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn handshake(compute: &str, process: &str) -> Handshake {
        Handshake {
            process_id: process.into(),
            fleet_id: "fleet-1234".into(),
            compute_name: compute.into(),
            ..Handshake::default()
        }
    }

    fn credentials() -> Credentials {
        Credentials {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret_access_key: SECRET.into(),
        }
    }

    #[test]
    fn the_signatures_of_official_sdks_are_good() {
        for (compute, process, date, region, signature) in [
            (
                "host-1",
                "proc-1",
                "20261122T101556Z",
                "us-west-2",
                "fe973bc14b79f0fbdf777d0dcfd96aee112d539b47914788119917629eac9d5c",
            ),
            (
                "host-1",
                "proc-cpp-1",
                "20261122T110606Z",
                "us-west-2",
                "173a52438ae2ebb81a5fe2a6e2560864d6b6d9f753bb26ba60a35ba3f6f0ac8f",
            ),
            (
                "task-a/b1",
                "proc-1",
                "20250102T030405Z",
                "eu-central-1",
                "76d7403d3f2b56dba5f4655031b06b8c882d86f2a2eb454e5569e8633961177d",
            ),
        ] {
            let sigv4 = SigV4 {
                algorithm: "AWS4-HMAC-SHA256".into(),
                credential: format!("AKIAIOSFODNN7EXAMPLE/{}/{region}/gamelift/aws4_request", &date[..8]),
                date: date.into(),
                signature: signature.into(),
            };
            let handshake = handshake(compute, process);
            let then = moment(date).unwrap();
            let good = |sigv4: &SigV4, now| is_good(&handshake, sigv4, Some(&credentials()), now);
            assert!(good(&sigv4, then), "{process}");
            let half_a_day = Duration::from_hours(14);
            assert!(good(&sigv4, then + half_a_day), "local time stamped as UTC");
            assert!(!good(&sigv4, then + Duration::from_hours(15)));
            let other = SigV4 {
                signature: signature.replace('f', "e"),
                ..sigv4.clone()
            };
            assert!(!good(&other, then));
            assert!(
                is_good(&handshake, &other, None, then),
                "only the shape counts without credentials"
            );
        }
    }

    #[test]
    fn dates_are_read_as_they_are_written() {
        assert_eq!(moment("20261122T101556Z").unwrap().as_iso(), "2026-11-22T10:15:56.000Z");
        assert_eq!(moment("20240229T000000Z").unwrap().as_iso(), "2024-02-29T00:00:00.000Z");
        for odd in [
            "",
            "Z",
            "T",
            "20261122T101556",
            "2026112T1101556Z",
            "20261322T101556Z",
            "äöüäT101556Z",
        ] {
            assert_eq!(moment(odd), None, "{odd}");
        }
    }
}
