//! Makes tickets for the netcode transport: connect tokens with our stamp in their user data.

use std::net::SocketAddr;

use crate::keys::{SessionKey, random_bytes};
use crate::ticket::{Ticket, TicketClaims};

/// netcode's protocol id for the transport of this project, version 1. Builds are told apart by the ticket.
pub const PROTOCOL_ID: u64 = 0x4247_5353_0000_0001;

/// netcode's own expiry, in seconds. It is judged by system clocks that may differ, so it is coarse; the real one is
/// [`TICKET_LIFE_MS`](crate::ticket::TICKET_LIFE_MS).
pub const TOKEN_EXPIRE_SECONDS: i32 = 15 * 60;

/// How long either end waits for a packet of the other before it gives up, in seconds.
pub const TIMEOUT_SECONDS: i32 = 5;

/// Makes the ticket of a seat.
///
/// `public` is where the client sends; `internal` is what the server holds for its own address, different only where
/// a container or a router maps ports.
///
/// # Errors
/// A sentence when netcode cannot make a token, which no valid input causes.
pub fn mint(
    claims: &TicketClaims,
    key: &SessionKey,
    public: SocketAddr,
    internal: SocketAddr,
) -> Result<Ticket, MintError> {
    let stamp = claims.seal(key, random_bytes());
    let token = netcode::generate_connect_token(
        &[public],
        &[internal],
        TOKEN_EXPIRE_SECONDS,
        TIMEOUT_SECONDS,
        stamp.client_id,
        PROTOCOL_ID,
        key.expose(),
        &stamp.user_data,
    )
    .map_err(|error| MintError(error.to_string()))?;
    Ticket::new(token.to_vec()).map_err(|error| MintError(error.to_string()))
}

/// A ticket that could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the ticket could not be made: {0}")]
pub struct MintError(String);
