//! The plain ticket of the in-memory orchestrator: the stamp, and nothing around it.

use crate::keys::{SessionKey, random_bytes};
use crate::ticket::{Ticket, TicketClaims, TicketError, TicketStamp, USER_DATA_BYTES};

const MARK: &[u8; 8] = b"inmemory";
const DATA_AT: usize = 16;

/// Makes a ticket that any test can open, without a transport's library.
///
/// # Panics
/// When the operating system has no randomness to give.
pub fn make_ticket(claims: &TicketClaims, key: &SessionKey) -> Ticket {
    let stamp = claims.seal(key, random_bytes());
    let mut bytes = MARK.to_vec();
    bytes.extend(stamp.client_id.to_be_bytes());
    bytes.extend(stamp.user_data);
    Ticket::new(bytes).expect("272 bytes are fewer than a ticket may have")
}

/// Reads what [`make_ticket`] wrote: what a transport would carry to the server.
///
/// # Errors
/// [`TicketError::Malformed`] when the ticket was made otherwise.
pub fn read_ticket(ticket: &Ticket) -> Result<TicketStamp, TicketError> {
    let bytes = ticket.expose();
    if bytes.len() != DATA_AT + USER_DATA_BYTES || !bytes.starts_with(MARK) {
        return Err(TicketError::Malformed);
    }
    let client_id = bytes[MARK.len()..DATA_AT]
        .try_into()
        .map_err(|_| TicketError::Malformed)?;
    let user_data = bytes[DATA_AT..].try_into().map_err(|_| TicketError::Malformed)?;
    Ok(TicketStamp {
        client_id: u64::from_be_bytes(client_id),
        user_data,
    })
}
