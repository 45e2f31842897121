//! What a connection may show as its ticket, and what a server may be handed as session data: no panic.
//!
//! Half of the inputs get a good MAC, made from the documented layout, so that what lies behind it is read too.
#![no_main]

use game_session_protocol::ticket::USER_DATA_BYTES;
use game_session_protocol::{GameSessionData, SessionKey, Ticket, TicketClaims, TicketStamp};
use hmac::{Hmac, KeyInit, Mac};
use libfuzzer_sys::fuzz_target;
use sha2::Sha256;

const KEY: [u8; 32] = [7; 32];
const MAC_AT: usize = 224;

fn hmac(parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(&KEY).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// The client id that belongs to the seat and the nonce in the data, if there is a seat in it.
fn client_id(data: &[u8]) -> u64 {
    let length = usize::from(data[25]);
    let Some(seat) = data.get(26..26 + length) else { return 0 };
    let bytes = hmac(&[b"client id v1", seat, &data[9..25]]);
    u64::from_be_bytes(bytes[..8].try_into().expect("eight bytes were taken"))
}

fuzz_target!(|data: &[u8]| {
    let [kind, data @ ..] = data else { return };
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Ticket::try_from(text.to_owned());
        let _ = GameSessionData::parse(text);
    }
    let mut user_data = [0; USER_DATA_BYTES];
    let length = data.len().min(USER_DATA_BYTES);
    user_data[..length].copy_from_slice(&data[..length]);
    let mut stamp = TicketStamp { client_id: u64::from(*kind), user_data };
    if kind % 2 == 0 {
        stamp.user_data[0] = 1;
        stamp.client_id = client_id(&stamp.user_data);
        let mac = hmac(&[b"ticket v1", &stamp.client_id.to_be_bytes(), &stamp.user_data[..MAC_AT]]);
        stamp.user_data[MAC_AT..].copy_from_slice(&mac);
    }
    let key = SessionKey::new(KEY).expect("it is not zero");
    if let Ok(claims) = TicketClaims::open(&key, &stamp) {
        let nonce = stamp.user_data[9..25].try_into().expect("sixteen bytes were taken");
        let again = claims.seal(&key, nonce);
        assert_eq!(again.client_id, stamp.client_id);
        assert_eq!(TicketClaims::open(&key, &again), Ok(claims));
    }
});
