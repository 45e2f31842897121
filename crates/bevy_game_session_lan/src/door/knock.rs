//! The client's side of the door.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use game_session_protocol::{ServiceError, SessionKey};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frames;
use super::head::{Head, Pattern};
use super::noise::{self, Channel};
use super::words::{Answer, Ask, Refusal, to_json};

/// How long one address may take to let us in.
const CONNECT: Duration = Duration::from_secs(1);
/// How long the handshake may take, and then the question.
const TALK: Duration = Duration::from_secs(4);

/// What was told to the player and opens a door.
#[derive(Debug, Clone)]
pub(crate) enum Opener {
    /// The key of the password.
    Password(SessionKey),
    /// The key of the join code.
    Code(SessionKey),
}

impl Opener {
    pub(crate) fn pattern(&self) -> Pattern {
        match self {
            Self::Password(_) => Pattern::Password,
            Self::Code(_) => Pattern::Code,
        }
    }

    fn key(&self) -> &SessionKey {
        let (Self::Password(key) | Self::Code(key)) = self;
        key
    }
}

/// A question that was not answered as wished.
#[derive(Debug)]
pub(crate) struct Failed {
    /// Whether the one who said so knows the key, or there is none to know. Who does not may be anybody.
    pub(crate) proven: bool,
    pub(crate) error: ServiceError,
}

impl From<Failed> for ServiceError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// Asks at one door after the other until somebody answers who knows the key; without one, at the first that opens. The
/// answer comes with its door.
pub(crate) async fn knock(
    doors: &[SocketAddr],
    head: Head,
    opener: Option<&Opener>,
    ask: &Ask,
) -> Result<(Answer, SocketAddr), Failed> {
    let mut last = unproven(ServiceError::TimedOut { after: CONNECT });
    for door in doors {
        let stream = match timeout(CONNECT, TcpStream::connect(door)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                last = unproven(lost(*door, &error));
                continue;
            }
            Err(_) => continue,
        };
        match talk(stream, *door, head, opener.map(Opener::key), ask).await {
            Ok(answer) => return Ok((answer, *door)),
            Err(failed) if failed.proven || opener.is_none() => return Err(failed),
            Err(failed) => last = failed,
        }
    }
    Err(last)
}

async fn talk(
    mut stream: TcpStream,
    door: SocketAddr,
    head: Head,
    key: Option<&SessionKey>,
    ask: &Ask,
) -> Result<Answer, Failed> {
    let late = ServiceError::TimedOut { after: TALK };
    let entered = timeout(TALK, enter(&mut stream, door, head, key)).await;
    let mut channel = entered.unwrap_or_else(|_| Err(late.clone())).map_err(unproven)?;
    let answered = timeout(TALK, question(&mut stream, door, &mut channel, ask)).await;
    answered
        .unwrap_or(Err(late))
        .map_err(|error| Failed { proven: true, error })
}

/// The handshake: whoever is behind it knows the key.
async fn enter(
    stream: &mut TcpStream,
    door: SocketAddr,
    head: Head,
    key: Option<&SessionKey>,
) -> Result<Channel, ServiceError> {
    let lost = |error: io::Error| lost(door, &error);
    stream.set_nodelay(true).map_err(lost)?;
    let mut first = head.encode().to_vec();
    let (begun, noise) = noise::begin(key, &first).map_err(|_| strange("no handshake could be made"))?;
    first.extend(noise);
    frames::write(stream, &first).await.map_err(lost)?;
    let second = frames::read(stream).await.map_err(lost)?;
    match second.split_first() {
        Some((0, noise)) => begun
            .finish(noise)
            .map_err(|_| strange("who answers at the host's address does not know the code, or changed the message")),
        Some((1, refusal)) => {
            let refusal: Refusal =
                serde_json::from_slice(refusal).map_err(|_| strange("a refusal that cannot be read"))?;
            Err(refusal.into())
        }
        _ => Err(strange("no answer of a host")),
    }
}

async fn question(
    stream: &mut TcpStream,
    door: SocketAddr,
    channel: &mut Channel,
    ask: &Ask,
) -> Result<Answer, ServiceError> {
    let lost = |error: io::Error| lost(door, &error);
    let sealed = channel
        .seal(&to_json(ask))
        .map_err(|_| strange("the question is too large"))?;
    frames::write(stream, &sealed).await.map_err(lost)?;
    let sealed = frames::read(stream).await.map_err(lost)?;
    let answer = channel
        .open(&sealed)
        .map_err(|_| strange("the answer was changed on its way"))?;
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| strange("an answer that cannot be read"))?;
    let thanks = channel.seal(&[]).map_err(|_| strange("no thanks could be made"))?;
    frames::write(stream, &thanks).await.map_err(lost)?;
    match answer {
        Answer::Refused(refusal) => Err(refusal.into()),
        answer => Ok(answer),
    }
}

fn unproven(error: ServiceError) -> Failed {
    Failed { proven: false, error }
}

fn lost(door: SocketAddr, error: &io::Error) -> ServiceError {
    ServiceError::Unreachable {
        service: door.to_string(),
        reason: error.to_string(),
    }
}

fn strange(what: &str) -> ServiceError {
    ServiceError::Protocol { what: what.into() }
}
