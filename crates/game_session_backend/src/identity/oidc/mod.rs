//! Players of outside identity providers: OIDC issuers such as Cognito, Auth0 or a studio's own.
//!
//! | file | what |
//! |---|---|
//! | `issuer` | which issuer is trusted, and for what |
//! | `keys` | its public keys: fetched, kept, and never fetched on a stranger's demand |
//! | `token` | one token: what it must hold, and whose it is |
//!
//! A token proves who somebody is, nothing else: what its holder may do is decided as for a guest.

mod issuer;
mod keys;
mod token;

pub use issuer::{IssuerError, SigningAlgorithm, TokenKind, TrustedIssuer};

use game_session_protocol::{ErrorCode, PlayerId};

use crate::clock::Clock;
use crate::problem::Problem;

use keys::{KeySource, NoKey};
pub(super) use token::LONGEST_TOKEN;

/// A trusted issuer with its keys.
pub(super) struct Outside {
    issuer: TrustedIssuer,
    keys: KeySource,
}

impl Outside {
    pub(super) fn new(issuer: TrustedIssuer) -> Self {
        let keys = KeySource::new(&issuer);
        Self { issuer, keys }
    }

    /// What its tokens say who made them.
    pub(super) fn name(&self) -> &str {
        self.issuer.url()
    }

    /// The player whose token this is; `None` when it proves nothing.
    ///
    /// # Errors
    /// When the keys cannot be fetched: the token may be good.
    pub(super) async fn player_of(&self, clock: &Clock, token: &str) -> Result<Option<PlayerId>, Problem> {
        let Ok(header) = token::header_of(&self.issuer, token) else {
            return Ok(None);
        };
        let key = match self.keys.find(clock, &header).await {
            Ok(key) => key,
            Err(NoKey::Unknown) => return Ok(None),
            Err(NoKey::Unavailable) => return Err(no_keys()),
        };
        let player = token::player_of(&self.issuer, clock.now_seconds(), &header, &key, token);
        Ok(player
            .inspect_err(|reason| tracing::debug!(issuer = self.name(), reason, "a token was refused"))
            .ok())
    }
}

fn no_keys() -> Problem {
    Problem::new(
        ErrorCode::Unavailable,
        "the identity provider cannot be asked for its keys at the moment",
    )
    .retry_after(keys::PAUSE_WITHOUT_KEYS)
}
