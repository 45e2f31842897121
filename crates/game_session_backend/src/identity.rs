//! Who asks: guests and their access tokens, in the only file that knows JSON web tokens.
//!
//! A token is an HS256 JWT under a key derived from the keyring. Who holds one is its subject; player ids in bodies do
//! not exist.

use data_encoding::BASE32_NOPAD;
use game_session_protocol::PlayerId;
use game_session_protocol::requests::{AccessToken, GuestIdentity};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::keyring::{Keyring, Master, Purpose};
use crate::problem::Problem;

const ISSUER: &str = "game-session-backend";
const AUDIENCE: &str = "game-session-backend/v1";
const LONGEST_TOKEN: usize = 1024;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: PlayerId,
    iat: u64,
    exp: u64,
}

/// Makes a new guest, good for so many seconds.
pub(crate) fn new_guest(ring: &Keyring, clock: &Clock, life_seconds: u64) -> Result<GuestIdentity, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Problem::internal("no randomness is available"))?;
    let text = format!("guest-{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase());
    let player_id: PlayerId = text.parse().expect("letters, digits and a dash are a valid player id");
    let now = clock.now_seconds();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: AUDIENCE.to_owned(),
        sub: player_id.clone(),
        iat: now,
        exp: now.saturating_add(life_seconds),
    };
    let master = ring.active();
    let header = Header {
        kid: Some(master.id().to_owned()),
        ..Header::new(Algorithm::HS256)
    };
    let key = EncodingKey::from_secret(secret(master).as_slice());
    let token = encode(&header, &claims, &key).map_err(|_| Problem::internal("the access token could not be made"))?;
    Ok(GuestIdentity {
        player_id,
        access_token: AccessToken::new(token),
        expires_at: claims.exp,
    })
}

/// The player whose token this is; `None` when it proves nothing or has expired.
pub(crate) fn player_of(ring: &Keyring, clock: &Clock, token: &str) -> Option<PlayerId> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let header = decode_header(token).ok()?;
    let master = ring.by_id(header.kid.as_deref()?)?;
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    // Judged below, by the clock that all of the backend uses.
    rules.validate_exp = false;
    let key = DecodingKey::from_secret(secret(master).as_slice());
    let claims = decode::<Claims>(token, &key, &rules).ok()?.claims;
    (clock.now_seconds() < claims.exp).then_some(claims.sub)
}

fn secret(master: &Master) -> zeroize::Zeroizing<[u8; 32]> {
    master.derive(Purpose::AccessTokens, b"")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::time::Duration;

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_token_proves_its_player_until_it_expires() {
        let (ring, clock) = (Keyring::random(), Clock::fixed(1_000_000));
        let guest = new_guest(&ring, &clock, 60).unwrap();
        assert_eq!(guest.expires_at, 1060);
        assert_eq!(
            player_of(&ring, &clock, guest.access_token.expose()),
            Some(guest.player_id.clone())
        );
        clock.advance(Duration::from_mins(1));
        assert_eq!(player_of(&ring, &clock, guest.access_token.expose()), None);
    }

    #[test]
    fn a_changed_unsigned_or_foreign_token_proves_nothing() {
        let (ring, clock) = (Keyring::random(), Clock::fixed(1_000_000));
        let guest = new_guest(&ring, &clock, 60).unwrap();
        let token = guest.access_token.expose();
        let [header, claims, _]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"run"}"#);
        assert_eq!(player_of(&ring, &clock, &format!("{none}.{claims}.")), None);
        assert_eq!(player_of(&ring, &clock, &format!("{header}.{claims}.AAAA")), None);
        assert_eq!(player_of(&Keyring::random(), &clock, token), None);
        for junk in ["", ".", "a.b.c", "\u{1F600}", &"x".repeat(5000)] {
            assert_eq!(player_of(&ring, &clock, junk), None);
        }
    }
}
