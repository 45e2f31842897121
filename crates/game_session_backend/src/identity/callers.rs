//! Whose access token it is: a guest's, or that of a player whom an outside issuer knows.

use game_session_protocol::{ErrorCode, PlayerId};
use serde::Deserialize;

use crate::clock::Clock;
use crate::problem::Problem;

use super::access::{ISSUER, Issuer};
use super::oidc::{LONGEST_TOKEN, Outside, TrustedIssuer};

/// Whether guests may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum GuestDoor {
    #[default]
    Open,
    Closed,
}

/// Everybody whose word on who a player is counts.
pub(crate) struct Callers {
    pub(crate) issuer: Issuer,
    outside: Vec<Outside>,
    guests: GuestDoor,
}

/// What a token says of who made it: decides whose keys it is checked with, and nothing else.
#[derive(Deserialize)]
struct Claimed {
    iss: String,
}

impl Callers {
    pub(crate) fn new(issuer: Issuer, outside: &[TrustedIssuer], guests: GuestDoor) -> Self {
        Self {
            issuer,
            outside: outside.iter().cloned().map(Outside::new).collect(),
            guests,
        }
    }

    /// The player whose access token this is.
    pub(crate) async fn player_of(&self, clock: &Clock, token: &str) -> Result<PlayerId, Problem> {
        let player = match self.maker_of(token) {
            Some(Maker::Guests) => self.issuer.player_of(clock.now_seconds(), token),
            Some(Maker::Outside(outside)) => outside.player_of(clock, token).await?,
            None => None,
        };
        player.ok_or_else(|| self.refusal())
    }

    /// What is said to who has no token, or a wrong one.
    pub(crate) fn refusal(&self) -> Problem {
        Problem::new(
            ErrorCode::Unauthorized,
            match (self.guests, self.outside.is_empty()) {
                (GuestDoor::Open, true) => {
                    "the access token is missing, wrong or expired: refresh it, or get one from /v1/guests"
                }
                (GuestDoor::Open, false) => {
                    "the access token is missing, wrong or expired: refresh it, sign in again, or get one from /v1/guests"
                }
                (GuestDoor::Closed, _) => "the access token is missing, wrong or expired: sign in again",
            },
        )
    }

    /// Refuses where there are no guests.
    pub(crate) fn admit_guests(&self) -> Result<(), Problem> {
        match self.guests {
            GuestDoor::Open => Ok(()),
            GuestDoor::Closed => Err(Problem::new(
                ErrorCode::Forbidden,
                "there are no guests here: sign in at the game's identity provider",
            )),
        }
    }

    fn maker_of(&self, token: &str) -> Option<Maker<'_>> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let claimed: Claimed = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
        if claimed.iss == ISSUER {
            return (self.guests == GuestDoor::Open).then_some(Maker::Guests);
        }
        let outside = self.outside.iter().find(|outside| outside.name() == claimed.iss)?;
        Some(Maker::Outside(outside))
    }
}

enum Maker<'a> {
    Guests,
    Outside(&'a Outside),
}
