//! The ticket: what proves a seat to the server. Nobody enters without one.
//!
//! To a client a [`Ticket`] is opaque; for the netcode transport it is a connect token whose 256 bytes of user data
//! are laid out here, with a MAC under the session key. Layout (all integers big-endian):
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version, 1 |
//! | 1..9 | issue time, milliseconds since the Unix epoch on the backend's clock |
//! | 9..25 | nonce, random for every ticket |
//! | 25, then up to 128 | length of the player session id, and it |
//! | then 1, up to 48 | length of the build id, and it |
//! | to 224 | zero |
//! | 224..256 | HMAC-SHA256(session key, "ticket v1" ‖ client id ‖ bytes 0..224) |

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::ids::{BuildId, PlayerSessionId};
use crate::keys::SessionKey;

/// How long a ticket is good for after its issue, in milliseconds.
pub const TICKET_LIFE_MS: u64 = 45_000;

/// The bytes of user data in a netcode connect token.
pub const USER_DATA_BYTES: usize = 256;

const VERSION: u8 = 1;
const MAC_AT: usize = 224;

/// What proves a seat, opaque to the client. Its `Debug` shows nothing; it travels as base64url.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
#[serde(try_from = "String", into = "String")]
pub struct Ticket(Vec<u8>);

impl Ticket {
    /// The most bytes a ticket may have.
    pub const MAX_BYTES: usize = 4096;

    /// Wraps the bytes that a transport understands.
    ///
    /// # Errors
    /// [`TicketError::Malformed`] when there are none or more than [`Ticket::MAX_BYTES`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, TicketError> {
        if bytes.is_empty() || bytes.len() > Self::MAX_BYTES {
            Err(TicketError::Malformed)
        } else {
            Ok(Self(bytes))
        }
    }

    /// The bytes for the transport. Do not print them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ticket(redacted)")
    }
}

impl From<Ticket> for String {
    fn from(ticket: Ticket) -> Self {
        URL_SAFE_NO_PAD.encode(&ticket.0)
    }
}

impl TryFrom<String> for Ticket {
    type Error = TicketError;

    fn try_from(text: String) -> Result<Self, TicketError> {
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| TicketError::Malformed)
            .and_then(Self::new)
    }
}

/// A ticket that proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// Its bytes are not of the known layout.
    #[error("the ticket is malformed")]
    Malformed,
    /// It was not made with this session's key, or was changed, or belongs to another client id.
    #[error("the ticket was not made for this game session")]
    WrongKey,
}

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketClaims {
    /// The seat.
    pub player_session_id: PlayerSessionId,
    /// The build the player runs.
    pub build: BuildId,
    /// When it was issued, milliseconds since the Unix epoch on the backend's clock.
    pub issued_at_ms: u64,
}

/// A sealed ticket's two parts: what netcode carries for us.
#[derive(Clone, PartialEq, Eq)]
pub struct TicketStamp {
    /// The netcode client id, new for every ticket.
    pub client_id: u64,
    /// The netcode user data.
    pub user_data: [u8; USER_DATA_BYTES],
}

impl fmt::Debug for TicketStamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketStamp(redacted)")
    }
}

impl TicketClaims {
    /// Seals the claims under the session key; `nonce` must be random.
    pub fn seal(&self, key: &SessionKey, nonce: [u8; 16]) -> TicketStamp {
        let mut data = [0; USER_DATA_BYTES];
        data[0] = VERSION;
        data[1..9].copy_from_slice(&self.issued_at_ms.to_be_bytes());
        data[9..25].copy_from_slice(&nonce);
        let next = put_text(&mut data, 25, self.player_session_id.as_str());
        put_text(&mut data, next, self.build.as_str());
        let client_id = client_id(key, &self.player_session_id, &nonce);
        let mac = mac(key, client_id, &data[..MAC_AT]);
        data[MAC_AT..].copy_from_slice(&mac);
        TicketStamp {
            client_id,
            user_data: data,
        }
    }

    /// Opens and verifies what a transport received.
    ///
    /// # Errors
    /// [`TicketError`]: the ticket proves nothing.
    #[expect(clippy::missing_panics_doc, reason = "it never does")]
    pub fn open(key: &SessionKey, stamp: &TicketStamp) -> Result<Self, TicketError> {
        let data = &stamp.user_data;
        let mac = mac(key, stamp.client_id, &data[..MAC_AT]);
        if !bool::from(mac.ct_eq(&data[MAC_AT..])) {
            return Err(TicketError::WrongKey);
        }
        if data[0] != VERSION {
            return Err(TicketError::Malformed);
        }
        let issued_at_ms = u64::from_be_bytes(data[1..9].try_into().expect("eight bytes were taken"));
        let (player_session_id, next) = take_text(data, 25)?;
        let (build, _) = take_text(data, next)?;
        let claims = Self {
            player_session_id: player_session_id.parse().map_err(|_| TicketError::Malformed)?,
            build: build.parse().map_err(|_| TicketError::Malformed)?,
            issued_at_ms,
        };
        let expected = client_id(key, &claims.player_session_id, &data[9..25]);
        if expected == stamp.client_id {
            Ok(claims)
        } else {
            Err(TicketError::WrongKey)
        }
    }
}

/// Writes a length byte and the text; ids are short enough to fit by their types.
fn put_text(data: &mut [u8; USER_DATA_BYTES], at: usize, text: &str) -> usize {
    data[at] = u8::try_from(text.len()).expect("ids are at most 128 bytes");
    let end = at + 1 + text.len();
    data[at + 1..end].copy_from_slice(text.as_bytes());
    end
}

fn take_text(data: &[u8; USER_DATA_BYTES], at: usize) -> Result<(&str, usize), TicketError> {
    let length = usize::from(*data.get(at).ok_or(TicketError::Malformed)?);
    let end = at + 1 + length;
    let bytes = data[..MAC_AT].get(at + 1..end).ok_or(TicketError::Malformed)?;
    std::str::from_utf8(bytes)
        .map(|text| (text, end))
        .map_err(|_| TicketError::Malformed)
}

fn keyed(key: &SessionKey) -> Hmac<Sha256> {
    Hmac::new_from_slice(key.expose()).expect("HMAC takes keys of any length")
}

fn mac(key: &SessionKey, client_id: u64, data: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(b"ticket v1");
    mac.update(&client_id.to_be_bytes());
    mac.update(data);
    mac.finalize().into_bytes().into()
}

fn client_id(key: &SessionKey, id: &PlayerSessionId, nonce: &[u8]) -> u64 {
    let mut mac = keyed(key);
    mac.update(b"client id v1");
    mac.update(id.as_str().as_bytes());
    mac.update(nonce);
    let bytes: [u8; 32] = mac.finalize().into_bytes().into();
    u64::from_be_bytes(bytes[..8].try_into().expect("eight bytes were taken"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;

    fn claims() -> TicketClaims {
        TicketClaims {
            player_session_id: "psess-1".parse().unwrap(),
            build: "dev".parse().unwrap(),
            issued_at_ms: 1_700_000_000_123,
        }
    }

    #[test]
    fn a_ticket_opens_with_its_key_only() {
        let key = SessionKey::new([7; 32]).unwrap();
        let stamp = claims().seal(&key, [1; 16]);
        assert_eq!(TicketClaims::open(&key, &stamp), Ok(claims()));
        let other = SessionKey::new([8; 32]).unwrap();
        assert_eq!(TicketClaims::open(&other, &stamp), Err(TicketError::WrongKey));
    }

    #[test]
    fn a_ticket_belongs_to_its_client_id() {
        let key = SessionKey::new([7; 32]).unwrap();
        let mut stamp = claims().seal(&key, [1; 16]);
        stamp.client_id ^= 1;
        assert_eq!(TicketClaims::open(&key, &stamp), Err(TicketError::WrongKey));
    }

    #[test]
    fn two_tickets_of_one_seat_have_different_client_ids() {
        let key = SessionKey::new([7; 32]).unwrap();
        assert_ne!(
            claims().seal(&key, [1; 16]).client_id,
            claims().seal(&key, [2; 16]).client_id
        );
    }

    #[test]
    fn the_longest_ids_fit() {
        let key = SessionKey::new([7; 32]).unwrap();
        let claims = TicketClaims {
            player_session_id: "p".repeat(128).parse().unwrap(),
            build: "b".repeat(48).parse().unwrap(),
            issued_at_ms: u64::MAX,
        };
        assert_eq!(TicketClaims::open(&key, &claims.seal(&key, [255; 16])), Ok(claims));
    }

    #[test]
    fn a_ticket_is_not_shown() {
        assert_eq!(format!("{:?}", Ticket::new(vec![1, 2, 3]).unwrap()), "Ticket(redacted)");
    }

    proptest! {
        #[test]
        fn opening_never_panics_and_no_changed_ticket_opens(at in 0usize..256, change in 1u8..=255) {
            let key = SessionKey::new([7; 32]).unwrap();
            let mut stamp = claims().seal(&key, [1; 16]);
            stamp.user_data[at] ^= change;
            prop_assert_eq!(TicketClaims::open(&key, &stamp), Err(TicketError::WrongKey));
        }
    }
}
