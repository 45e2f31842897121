//! Refresh tokens: a guest's secret, sealed under the keyring, so that it needs no table.

use game_session_protocol::PlayerId;
use game_session_protocol::requests::RefreshToken;
use serde::{Deserialize, Serialize};

use crate::keyring::{Keyring, Purpose};
use crate::sealing::{open, seal};

const LONGEST_TOKEN: usize = 1024;

#[derive(Serialize, Deserialize)]
struct Secret {
    sub: PlayerId,
    exp: u64,
    /// Makes every token its own.
    jti: String,
}

/// A token for a player that is good until then; `None` without randomness.
pub(super) fn issue(ring: &Keyring, player: &PlayerId, until: u64) -> Option<RefreshToken> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    let secret = Secret {
        sub: player.clone(),
        exp: until,
        jti: data_encoding::HEXLOWER.encode(&bytes),
    };
    let text = serde_json::to_string(&secret).expect("a struct of strings always serialises");
    Some(RefreshToken::new(seal(ring.active(), Purpose::RefreshTokens, &text)))
}

/// The player whose token this is; `None` when this ring did not seal it or it has expired.
pub(super) fn player_of(ring: &Keyring, now: u64, token: &str) -> Option<PlayerId> {
    if token.len() > LONGEST_TOKEN {
        return None;
    }
    let secret: Secret = serde_json::from_str(&open(ring, Purpose::RefreshTokens, token)?).ok()?;
    (now < secret.exp).then_some(secret.sub)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_refresh_token_is_good_until_its_end_under_any_key_of_its_ring() {
        let (old, new) = (Keyring::new_key_text("k1"), Keyring::new_key_text("k2"));
        let before: Keyring = old.parse().unwrap();
        let rotated: Keyring = format!("{new},{old}").parse().unwrap();
        let gone: Keyring = new.parse().unwrap();
        let ann: PlayerId = "guest-ann".parse().unwrap();
        let token = issue(&before, &ann, 1000).unwrap();
        assert_ne!(token, issue(&before, &ann, 1000).unwrap(), "every token is its own");
        assert_eq!(player_of(&rotated, 999, token.expose()), Some(ann));
        assert_eq!(player_of(&rotated, 1000, token.expose()), None);
        assert_eq!(player_of(&gone, 999, token.expose()), None);
        for junk in ["", ".", "k1.", "k1.AAAA", &"x".repeat(5000)] {
            assert_eq!(player_of(&before, 0, junk), None);
        }
    }
}
