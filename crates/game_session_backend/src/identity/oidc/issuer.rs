//! Which issuer is trusted, and for what. A value that exists is safe to ask.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jsonwebtoken::Algorithm;

use crate::fetch::is_safe_url;

/// More than this between two clocks is no inaccuracy any more.
const LONGEST_LEEWAY: Duration = Duration::from_mins(5);

/// An issuer of tokens (OIDC, or OAuth 2 with JSON web tokens) whose players may play.
///
/// Its keys come from its discovery document, unless [`jwks_url`](Self::jwks_url) names them: then one fetch less is
/// made. A player's id is derived from the issuer and the token's `sub`, so it is opaque, and neither a guest's nor that
/// of another issuer's player.
///
/// ```
/// use game_session_backend::{TokenKind, TrustedIssuer};
///
/// # fn main() -> Result<(), game_session_backend::IssuerError> {
/// let pool = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Example";
/// let cognito = TrustedIssuer::new(pool, "the-app-client-id")?.tokens(TokenKind::Access);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedIssuer {
    url: String,
    audiences: Vec<String>,
    jwks_url: Option<String>,
    kind: TokenKind,
    algorithms: Vec<SigningAlgorithm>,
    leeway: Duration,
}

/// An issuer that is not safe to trust as it is described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssuerError {
    /// An address is not safe to ask.
    #[error(
        "`{0}` must be an https URL (http on this machine only) without user and fragment, and an issuer without query"
    )]
    UnsafeUrl(String),
    /// Tokens for anybody would be accepted.
    #[error(
        "an issuer needs an audience: the id of your game's client there, without which tokens for others count too"
    )]
    NoAudience,
    /// No token could be accepted.
    #[error("an issuer needs at least one signing algorithm")]
    NoAlgorithm,
    /// The clocks may not differ that much.
    #[error("the leeway between the clocks of an issuer and this backend is at most {} s", LONGEST_LEEWAY.as_secs())]
    LongLeeway,
    /// There is no such algorithm, or it is one that a public key could be abused for.
    #[error("`{0}` is not one of the signing algorithms RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA")]
    UnknownAlgorithm(String),
    /// There is no such kind.
    #[error("`{0}` is not one of the kinds of tokens: access, id, either")]
    UnknownKind(String),
}

/// Which of an issuer's tokens prove who somebody is. Issuers that say so in a `token_use` claim (Cognito) are taken at
/// their word; others tell their tokens apart by the audience alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TokenKind {
    /// Access tokens, which are made for an API.
    #[default]
    Access,
    /// ID tokens, which are made for the client.
    Id,
    /// Both.
    Either,
}

/// How a token may be signed: with a private key only. There is no `none` here, and nothing with a shared secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1.5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1.5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1.5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// Ed25519.
    EdDsa,
}

const ALGORITHMS: [(&str, SigningAlgorithm, Algorithm); 9] = [
    ("RS256", SigningAlgorithm::Rs256, Algorithm::RS256),
    ("RS384", SigningAlgorithm::Rs384, Algorithm::RS384),
    ("RS512", SigningAlgorithm::Rs512, Algorithm::RS512),
    ("PS256", SigningAlgorithm::Ps256, Algorithm::PS256),
    ("PS384", SigningAlgorithm::Ps384, Algorithm::PS384),
    ("PS512", SigningAlgorithm::Ps512, Algorithm::PS512),
    ("ES256", SigningAlgorithm::Es256, Algorithm::ES256),
    ("ES384", SigningAlgorithm::Es384, Algorithm::ES384),
    ("EdDSA", SigningAlgorithm::EdDsa, Algorithm::EdDSA),
];

impl TrustedIssuer {
    /// An issuer by its URL, exactly as its tokens' `iss` has it, and the audience of the tokens that count: the id of
    /// the game's client at the issuer, or of its API. RS256, ES256 and Ed25519 may sign, and clocks may differ by 60 s,
    /// unless told.
    ///
    /// # Errors
    /// [`IssuerError`] when the URL is not safe to ask, or the audience is empty.
    pub fn new(url: impl Into<String>, audience: impl Into<String>) -> Result<Self, IssuerError> {
        let issuer = Self {
            url: checked(url.into()).and_then(without_query)?,
            audiences: Vec::new(),
            jwks_url: None,
            kind: TokenKind::default(),
            algorithms: vec![
                SigningAlgorithm::Rs256,
                SigningAlgorithm::Es256,
                SigningAlgorithm::EdDsa,
            ],
            leeway: Duration::from_mins(1),
        };
        issuer.audience(audience)
    }

    /// Another audience whose tokens count, for instance a second client of the game.
    ///
    /// # Errors
    /// [`IssuerError::NoAudience`] when it is empty.
    pub fn audience(mut self, audience: impl Into<String>) -> Result<Self, IssuerError> {
        let audience = audience.into().trim().to_owned();
        if audience.is_empty() {
            return Err(IssuerError::NoAudience);
        }
        self.audiences.push(audience);
        Ok(self)
    }

    /// Where its public keys are (RFC 7517); unless told, its discovery document says so.
    ///
    /// # Errors
    /// [`IssuerError::UnsafeUrl`] when that is not safe to ask.
    pub fn jwks_url(mut self, url: impl Into<String>) -> Result<Self, IssuerError> {
        self.jwks_url = Some(checked(url.into())?);
        Ok(self)
    }

    /// Which of its tokens count; access tokens unless told.
    #[must_use]
    pub fn tokens(mut self, kind: TokenKind) -> Self {
        self.kind = kind;
        self
    }

    /// How its tokens may be signed.
    ///
    /// # Errors
    /// [`IssuerError::NoAlgorithm`] when there is none.
    pub fn algorithms(mut self, algorithms: &[SigningAlgorithm]) -> Result<Self, IssuerError> {
        if algorithms.is_empty() {
            return Err(IssuerError::NoAlgorithm);
        }
        self.algorithms = algorithms.to_vec();
        Ok(self)
    }

    /// How far its clock and this machine's may differ; 5 minutes at most.
    ///
    /// # Errors
    /// [`IssuerError::LongLeeway`] when it is longer.
    pub fn leeway(mut self, leeway: Duration) -> Result<Self, IssuerError> {
        if leeway > LONGEST_LEEWAY {
            return Err(IssuerError::LongLeeway);
        }
        self.leeway = leeway;
        Ok(self)
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn jwks(&self) -> Option<&str> {
        self.jwks_url.as_deref()
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.kind
    }

    pub(super) fn is_for(&self, audience: &str) -> bool {
        self.audiences.iter().any(|known| known == audience)
    }

    pub(super) fn takes(&self, algorithm: Algorithm) -> bool {
        ALGORITHMS
            .iter()
            .any(|(_, known, same)| *same == algorithm && self.algorithms.contains(known))
    }

    pub(super) fn leeway_seconds(&self) -> u64 {
        self.leeway.as_secs()
    }
}

fn without_query(url: String) -> Result<String, IssuerError> {
    if url.contains('?') {
        Err(IssuerError::UnsafeUrl(url))
    } else {
        Ok(url)
    }
}

fn checked(url: String) -> Result<String, IssuerError> {
    if is_safe_url(&url) {
        Ok(url)
    } else {
        Err(IssuerError::UnsafeUrl(url))
    }
}

impl FromStr for SigningAlgorithm {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, IssuerError> {
        let known = ALGORITHMS.iter().find(|(name, ..)| *name == text);
        known
            .map(|(_, algorithm, _)| *algorithm)
            .ok_or_else(|| IssuerError::UnknownAlgorithm(text.to_owned()))
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = ALGORITHMS.iter().find(|(_, algorithm, _)| algorithm == self);
        f.write_str(known.map_or("", |(name, ..)| *name))
    }
}

impl FromStr for TokenKind {
    type Err = IssuerError;

    fn from_str(text: &str) -> Result<Self, IssuerError> {
        match text {
            "access" => Ok(Self::Access),
            "id" => Ok(Self::Id),
            "either" => Ok(Self::Either),
            _ => Err(IssuerError::UnknownKind(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn what_is_not_safe_to_trust_is_refused_with_a_sentence() {
        for url in [
            "http://issuer.example",
            "https://",
            "https://user:word@issuer.example",
            "https://issuer.example\n",
            "https://issuer.example#x",
            "https://issuer example",
            "ftp://issuer.example",
            "issuer.example",
            "",
        ] {
            let refused = TrustedIssuer::new(url, "game");
            assert_eq!(refused, Err(IssuerError::UnsafeUrl(url.to_owned())));
            let keys = TrustedIssuer::new("https://issuer.example", "game")
                .unwrap()
                .jwks_url(url);
            assert_eq!(keys, Err(IssuerError::UnsafeUrl(url.to_owned())));
        }
        let issuer = || TrustedIssuer::new("https://issuer.example/", "game").unwrap();
        assert!(TrustedIssuer::new("https://issuer.example?x", "game").is_err());
        assert!(issuer().jwks_url("https://issuer.example/keys?p=x").is_ok());
        assert_eq!(
            TrustedIssuer::new("https://issuer.example", " "),
            Err(IssuerError::NoAudience)
        );
        assert_eq!(issuer().algorithms(&[]), Err(IssuerError::NoAlgorithm));
        assert_eq!(issuer().leeway(Duration::from_secs(301)), Err(IssuerError::LongLeeway));
        assert!(TrustedIssuer::new("http://127.0.0.1:8080/realms/x", "game").is_ok());
    }

    #[test]
    fn only_algorithms_with_a_private_key_can_be_named() {
        for name in ["none", "HS256", "HS384", "HS512", "rs256", ""] {
            assert_eq!(
                name.parse::<SigningAlgorithm>(),
                Err(IssuerError::UnknownAlgorithm(name.to_owned()))
            );
        }
        for (name, algorithm, _) in ALGORITHMS {
            assert_eq!(name.parse(), Ok(algorithm));
            assert_eq!(algorithm.to_string(), name);
        }
    }
}
