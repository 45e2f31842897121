//! One token: what it must hold, and whose it is (RFC 7519, RFC 8725; Cognito's `token_use` and `client_id`).

use data_encoding::BASE32_NOPAD;
use game_session_protocol::PlayerId;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::issuer::{TokenKind, TrustedIssuer};

/// Cognito's with many groups reach some 4 KiB.
pub(in crate::identity) const LONGEST_TOKEN: usize = 8 * 1024;
const LONGEST_KEY_ID: usize = 256;
const LONGEST_SUBJECT: usize = 1024;
/// What stands before the ids of players that outside issuers know.
const PREFIX: &str = "user-";
const ID_BYTES: usize = 25;

/// Why a token proves nothing, for the log.
pub(super) type Refused = &'static str;

/// What a token says of how it is signed.
pub(super) struct TokenHeader {
    pub(super) key_id: String,
    pub(super) algorithm: Algorithm,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    aud: Option<Audience>,
    client_id: Option<String>,
    token_use: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Reads what can be judged without a key.
pub(super) fn header_of(issuer: &TrustedIssuer, token: &str) -> Result<TokenHeader, Refused> {
    if token.len() > LONGEST_TOKEN {
        return Err("it is too long");
    }
    let header = decode_header(token).map_err(|_| "its header cannot be read")?;
    if !issuer.takes(header.alg) {
        return Err("it is signed in a way that is not allowed");
    }
    if header.crit.is_some() {
        return Err("it has extensions that must be understood");
    }
    let key_id = header.kid.filter(|id| (1..=LONGEST_KEY_ID).contains(&id.len()));
    Ok(TokenHeader {
        key_id: key_id.ok_or("it names no key")?,
        algorithm: header.alg,
    })
}

/// The player whose token this is, `now` being seconds since the epoch.
pub(super) fn player_of(
    issuer: &TrustedIssuer,
    now: u64,
    header: &TokenHeader,
    key: &DecodingKey,
    token: &str,
) -> Result<PlayerId, Refused> {
    let mut rules = Validation::new(header.algorithm);
    // All judged below: by the clock that all of the backend uses, and with Cognito's ways.
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    let claims = decode::<Claims>(token, key, &rules)
        .map_err(|_| "its signature or its claims are wrong")?
        .claims;
    if claims.iss != issuer.url() {
        return Err("another issuer made it");
    }
    in_time(issuer, now, &claims)?;
    for_us(issuer, &claims)?;
    if claims.sub.is_empty() || claims.sub.len() > LONGEST_SUBJECT {
        return Err("its subject is empty or too long");
    }
    Ok(player_id(issuer.url(), &claims.sub))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "seconds since the epoch are exact in a double for long"
)]
fn in_time(issuer: &TrustedIssuer, now: u64, claims: &Claims) -> Result<(), Refused> {
    let (now, leeway) = (now as f64, issuer.leeway_seconds() as f64);
    // Written so that what is not a number is refused.
    let after = |time: f64| now + leeway >= time;
    if !(now < claims.exp + leeway && claims.exp.is_finite()) {
        return Err("it has expired");
    }
    if !claims.nbf.is_none_or(after) {
        return Err("it is not good yet");
    }
    if !claims.iat.is_none_or(after) {
        return Err("it was made in the future");
    }
    Ok(())
}

/// Whether it is of a kind that counts, and made for this game.
fn for_us(issuer: &TrustedIssuer, claims: &Claims) -> Result<(), Refused> {
    let audience = match &claims.aud {
        None => None,
        Some(Audience::One(one)) => Some(issuer.is_for(one)),
        Some(Audience::Many(many)) => Some(many.iter().any(|one| issuer.is_for(one))),
    };
    let counts = |kind| issuer.kind() == TokenKind::Either || issuer.kind() == kind;
    let fits = match claims.token_use.as_deref() {
        None => audience == Some(true),
        Some("id") if counts(TokenKind::Id) => audience == Some(true),
        // Cognito's access tokens have the client in `client_id`, and no audience unless a resource was asked for.
        Some("access") if counts(TokenKind::Access) => {
            let client = claims.client_id.as_deref().is_some_and(|client| issuer.is_for(client));
            audience.unwrap_or(client) && (client || claims.client_id.is_none())
        }
        Some(_) => return Err("it is not of the kind of token that counts"),
    };
    if fits {
        Ok(())
    } else {
        Err("it was made for somebody else")
    }
}

/// The same for the same issuer and subject on any instance, and for nobody else.
fn player_id(issuer: &str, subject: &str) -> PlayerId {
    let mut hash = Sha256::new();
    hash.update(b"game-session outside player v1");
    for part in [issuer, subject] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let text = BASE32_NOPAD.encode(&hash.finalize()[..ID_BYTES]).to_ascii_lowercase();
    format!("{PREFIX}{text}")
        .parse()
        .expect("45 letters, digits and a dash are a valid player id")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_player_is_the_same_for_the_same_issuer_and_subject_and_nobody_else() {
        let one = player_id("https://a.example", "1");
        assert_eq!(one, player_id("https://a.example", "1"));
        for other in [
            player_id("https://a.example", "2"),
            player_id("https://b.example", "1"),
            player_id("https://a.example1", ""),
        ] {
            assert_ne!(one, other);
        }
        assert!(one.as_str().starts_with("user-") && one.as_str().len() == 45, "{one}");
    }
}
