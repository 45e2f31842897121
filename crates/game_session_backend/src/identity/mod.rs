//! Who asks: guests, made by this backend, who prove themselves with a short access token and stay the same player by
//! a secret, the refresh token; and players of outside identity providers, by the tokens they got there.
//!
//! Nothing is stored: a guest's tokens are made and checked with keys derived from the keyring, on any instance, and an
//! outside player is checked with the public keys of the provider.

mod access;
mod callers;
mod oidc;
mod refresh;

use data_encoding::BASE32_NOPAD;
use game_session_protocol::requests::{GuestIdentity, RefreshToken};
use game_session_protocol::{ErrorCode, PlayerId};

pub(crate) use access::Issuer;
pub(crate) use callers::{Callers, GuestDoor};
pub use oidc::{IssuerError, SigningAlgorithm, TokenKind, TrustedIssuer};

use crate::clock::Clock;
use crate::config::Limits;
use crate::keyring::Keyring;
use crate::problem::Problem;

/// What guests are made with.
pub(crate) struct Guests<'a> {
    pub(crate) ring: &'a Keyring,
    pub(crate) clock: &'a Clock,
    pub(crate) issuer: &'a Issuer,
    pub(crate) limits: &'a Limits,
}

impl Guests<'_> {
    /// A new player.
    pub(crate) fn make(&self) -> Result<GuestIdentity, Problem> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Problem::internal("no randomness is available"))?;
        let text = format!("guest-{}", BASE32_NOPAD.encode(&bytes).to_ascii_lowercase());
        self.identify(text.parse().expect("letters, digits and a dash are a valid player id"))
    }

    /// The same player with new tokens.
    pub(crate) fn refresh(&self, token: &RefreshToken) -> Result<GuestIdentity, Problem> {
        let player = refresh::player_of(self.ring, self.clock.now_seconds(), token.expose());
        self.identify(player.ok_or_else(refused)?)
    }

    fn identify(&self, player_id: PlayerId) -> Result<GuestIdentity, Problem> {
        let now = self.clock.now_seconds();
        let (access_token, expires_at) = self
            .issuer
            .issue(&player_id, now, self.limits.access_token_life.as_secs())
            .ok_or(Problem::internal("the access token could not be made"))?;
        let until = now.saturating_add(self.limits.refresh_token_life.as_secs());
        let refresh_token = refresh::issue(self.ring, &player_id, until);
        Ok(GuestIdentity {
            refresh_token: Some(refresh_token.ok_or(Problem::internal("no randomness is available"))?),
            player_id,
            access_token,
            expires_at,
        })
    }
}

fn refused() -> Problem {
    Problem::new(
        ErrorCode::Unauthorized,
        "the refresh token is wrong or has expired: get a new identity from /v1/guests",
    )
}
