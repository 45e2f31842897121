//! Sealed texts: what clients see in place of ARNs and GameLift's page tokens.
//!
//! AES-SIV without a nonce: the same ARN always has the same sealed id, and a forged one does not open, so it is
//! refused before GameLift is asked. A game session's id is sealed under the key that its session token names, so it
//! stays the same when keys are rotated.

use aes_siv::KeyInit;
use aes_siv::siv::Aes256Siv;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use game_session_protocol::{GameSessionId, PlayerId};

use crate::gamelift::GameSessionArn;
use crate::keyring::{Keyring, Master, Purpose, SessionToken};

/// The sealed id of a game session; `None` when the ARN is too long for one, which GameLift's are not.
pub(crate) fn seal_id(ring: &Keyring, arn: &GameSessionArn) -> Option<GameSessionId> {
    let master = SessionToken::parse(arn.last_part())
        .and_then(|token| ring.by_id(token.key_id()))
        .unwrap_or(ring.active());
    seal(master, Purpose::SealedIds, arn.as_str()).parse().ok()
}

/// The game session behind a sealed id; `None` when this ring did not seal it, or sealed a placement.
pub(crate) fn open_id(ring: &Keyring, id: &str) -> Option<GameSessionArn> {
    match SessionName::open(ring, id)? {
        SessionName::Arn(arn) => Some(arn),
        SessionName::Placement(_) => None,
    }
}

/// What a game session's id names: the game session itself, or the placement that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SessionName {
    Arn(GameSessionArn),
    Placement(PlacementName),
}

/// A placement, whose id is good from the first answer on, before there is a game session. It is the same for the
/// whole life of the game session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlacementName {
    token: SessionToken,
    owner: String,
}

const PLACEMENT: &str = "placement";

impl PlacementName {
    pub(crate) fn new(ring: &Keyring, token: &SessionToken, owner: &PlayerId) -> Self {
        Self {
            token: token.clone(),
            owner: ring.owner_tag(token, owner),
        }
    }

    pub(crate) fn token(&self) -> &SessionToken {
        &self.token
    }

    /// Whether the player made it.
    pub(crate) fn is_of(&self, ring: &Keyring, player: &PlayerId) -> bool {
        self.owner == ring.owner_tag(&self.token, player)
    }

    /// The sealed id.
    pub(crate) fn sealed(&self, ring: &Keyring) -> Option<GameSessionId> {
        let master = ring.by_id(self.token.key_id()).unwrap_or(ring.active());
        let text = format!("{PLACEMENT}/{}/{}", self.token.as_str(), self.owner);
        seal(master, Purpose::SealedIds, &text).parse().ok()
    }
}

impl SessionName {
    /// What a sealed id names; `None` when this ring did not seal it.
    pub(crate) fn open(ring: &Keyring, id: &str) -> Option<Self> {
        let text = open(ring, Purpose::SealedIds, id)?;
        let mut parts = text.split('/');
        if parts.next() != Some(PLACEMENT) {
            return text.parse().ok().map(Self::Arn);
        }
        let (token, owner) = (SessionToken::parse(parts.next()?)?, parts.next()?.to_owned());
        Some(Self::Placement(PlacementName { token, owner }))
    }
}

/// A page token of GameLift, sealed.
pub(crate) fn seal_page(ring: &Keyring, token: &str) -> String {
    seal(ring.active(), Purpose::Pages, token)
}

/// The page token of GameLift behind a sealed one.
pub(crate) fn open_page(ring: &Keyring, page: &str) -> Option<String> {
    open(ring, Purpose::Pages, page)
}

fn cipher(master: &Master, purpose: Purpose) -> Aes256Siv {
    let key = master.derive::<64>(purpose, b"");
    Aes256Siv::new(&(*key).into())
}

/// A text, sealed for a purpose: the same text always comes out the same.
pub(crate) fn seal(master: &Master, purpose: Purpose, text: &str) -> String {
    let sealed = cipher(master, purpose)
        .encrypt([master.id().as_bytes()], text.as_bytes())
        .expect("AES-SIV seals any text with one header");
    format!("{}.{}", master.id(), URL_SAFE_NO_PAD.encode(sealed))
}

/// The text behind a sealed one; `None` when this ring did not seal it for this purpose.
pub(crate) fn open(ring: &Keyring, purpose: Purpose, text: &str) -> Option<String> {
    let (id, sealed) = text.split_once('.')?;
    let master = ring.by_id(id)?;
    let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let opened = cipher(master, purpose).decrypt([id.as_bytes()], &sealed).ok()?;
    String::from_utf8(opened).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    const ARN: &str = "arn:aws:gamelift:eu-west-1::gamesession/fleet-1/custom-home/k1-abcdefgh";

    fn ring(text: &str) -> Keyring {
        let key = |id: &str| {
            format!(
                "{id}:{}",
                base64::engine::general_purpose::STANDARD.encode([id.as_bytes()[1]; 32])
            )
        };
        text.split(' ').map(key).collect::<Vec<_>>().join(",").parse().unwrap()
    }

    #[test]
    fn the_same_game_session_always_has_the_same_id_also_after_a_rotation() {
        let arn = ARN.parse().unwrap();
        let before = seal_id(&ring("k1"), &arn).unwrap();
        let after = seal_id(&ring("k2 k1"), &arn).unwrap();
        assert_eq!(before, after);
        assert_eq!(open_id(&ring("k2 k1"), before.as_str()), Some(arn));
    }

    #[test]
    fn a_sealed_id_shows_nothing_and_fits_in_a_path() {
        let id = seal_id(&ring("k1"), &ARN.parse().unwrap()).unwrap();
        assert!(!id.as_str().contains("gamelift") && !id.as_str().contains("fleet"));
        assert!(
            id.as_str()
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b)),
            "{id}"
        );
    }

    #[test]
    fn the_id_of_a_placement_is_its_owners_and_the_same_after_a_rotation() {
        let (ann, bob) = ("ann".parse().unwrap(), "bob".parse().unwrap());
        let token = SessionToken::parse("k1-ABC").unwrap();
        let name = PlacementName::new(&ring("k1"), &token, &ann);
        let id = name.sealed(&ring("k1")).unwrap();
        assert_eq!(
            PlacementName::new(&ring("k2 k1"), &token, &ann).sealed(&ring("k2 k1")),
            Some(id.clone())
        );
        let Some(SessionName::Placement(opened)) = SessionName::open(&ring("k2 k1"), id.as_str()) else {
            panic!("{id}");
        };
        assert_eq!(opened, name);
        assert!(opened.is_of(&ring("k2 k1"), &ann) && !opened.is_of(&ring("k2 k1"), &bob));
        let arn = ARN.parse().unwrap();
        let of_arn = seal_id(&ring("k1"), &arn).unwrap();
        assert_eq!(
            SessionName::open(&ring("k1"), of_arn.as_str()),
            Some(SessionName::Arn(arn))
        );
        assert_eq!(open_id(&ring("k1"), of_arn.as_str()), Some(ARN.parse().unwrap()));
    }

    #[test]
    fn an_id_of_another_ring_or_purpose_does_not_open() {
        let id = seal_id(&ring("k1"), &ARN.parse().unwrap()).unwrap();
        assert_eq!(open_id(&Keyring::random(), id.as_str()), None);
        assert_eq!(open_page(&ring("k1"), id.as_str()), None);
        assert_eq!(
            open_page(&ring("k1"), &seal_page(&ring("k1"), "next")),
            Some("next".to_owned())
        );
    }

    proptest! {
        #[test]
        fn no_text_opens_but_a_sealed_one(text in "(k1\\.)?[A-Za-z0-9_.-]{0,200}") {
            prop_assert_eq!(open_id(&ring("k1"), &text), None);
        }
    }
}
