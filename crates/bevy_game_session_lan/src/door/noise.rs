//! Noise: the one file that knows `snow`.

use game_session_protocol::SessionKey;
use snow::{Builder, HandshakeState, TransportState};

use super::frames::MOST_BYTES;

const OPEN: &str = "Noise_NN_25519_ChaChaPoly_BLAKE2s";
const KEYED: &str = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s";
/// What encryption adds to a message.
const SEAL_BYTES: usize = 16;

/// A handshake that did not work out: another key, or changed on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failed;

impl From<snow::Error> for Failed {
    fn from(_: snow::Error) -> Self {
        Self
    }
}

/// A client's half-done handshake.
pub(super) struct Begun(HandshakeState);

/// An encrypted channel.
pub(super) struct Channel(TransportState);

fn builder<'a>(key: Option<&'a SessionKey>, prologue: &'a [u8]) -> Result<Builder<'a>, Failed> {
    let pattern = if key.is_some() { KEYED } else { OPEN };
    let builder = Builder::new(pattern.parse()?).prologue(prologue)?;
    Ok(match key {
        Some(key) => builder.psk(0, key.expose())?,
        None => builder,
    })
}

/// The client's first message.
pub(super) fn begin(key: Option<&SessionKey>, prologue: &[u8]) -> Result<(Begun, Vec<u8>), Failed> {
    let mut state = builder(key, prologue)?.build_initiator()?;
    let mut message = vec![0; 128];
    let length = state.write_message(&[], &mut message)?;
    message.truncate(length);
    Ok((Begun(state), message))
}

impl Begun {
    /// Takes the host's message.
    pub(super) fn finish(mut self, message: &[u8]) -> Result<Channel, Failed> {
        let mut payload = vec![0; message.len()];
        self.0.read_message(message, &mut payload)?;
        Ok(Channel(self.0.into_transport_mode()?))
    }
}

/// The host's side: the channel, and its message for the client.
pub(super) fn answer(key: Option<&SessionKey>, prologue: &[u8], message: &[u8]) -> Result<(Channel, Vec<u8>), Failed> {
    let mut state = builder(key, prologue)?.build_responder()?;
    let mut payload = vec![0; message.len()];
    state.read_message(message, &mut payload)?;
    let mut reply = vec![0; 128];
    let length = state.write_message(&[], &mut reply)?;
    reply.truncate(length);
    Ok((Channel(state.into_transport_mode()?), reply))
}

impl Channel {
    pub(super) fn seal(&mut self, text: &[u8]) -> Result<Vec<u8>, Failed> {
        if text.len() + SEAL_BYTES > MOST_BYTES {
            return Err(Failed);
        }
        let mut sealed = vec![0; text.len() + SEAL_BYTES];
        let length = self.0.write_message(text, &mut sealed)?;
        sealed.truncate(length);
        Ok(sealed)
    }

    pub(super) fn open(&mut self, sealed: &[u8]) -> Result<Vec<u8>, Failed> {
        let mut text = vec![0; sealed.len()];
        let length = self.0.read_message(sealed, &mut text)?;
        text.truncate(length);
        Ok(text)
    }
}
