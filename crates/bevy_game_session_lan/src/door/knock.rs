//! The client's side of the door.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use game_session_protocol::{ServiceError, SessionKey};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::frames;
use super::head::Head;
use super::noise;
use super::words::{Answer, Ask, Refusal, to_json};

/// How long one address may take to let us in.
const CONNECT: Duration = Duration::from_secs(1);
/// How long the rest may take.
const TALK: Duration = Duration::from_secs(4);

/// Asks at the first of the doors that opens.
pub(crate) async fn knock(
    doors: &[SocketAddr],
    head: Head,
    key: Option<&SessionKey>,
    ask: &Ask,
) -> Result<Answer, ServiceError> {
    let mut unreachable = ServiceError::TimedOut { after: CONNECT };
    for door in doors {
        let stream = match timeout(CONNECT, TcpStream::connect(door)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => {
                unreachable = lost(*door, &error);
                continue;
            }
            Err(_) => continue,
        };
        return timeout(TALK, talk(stream, *door, head, key, ask))
            .await
            .unwrap_or(Err(ServiceError::TimedOut { after: TALK }));
    }
    Err(unreachable)
}

async fn talk(
    mut stream: TcpStream,
    door: SocketAddr,
    head: Head,
    key: Option<&SessionKey>,
    ask: &Ask,
) -> Result<Answer, ServiceError> {
    let lost = |error: io::Error| lost(door, &error);
    stream.set_nodelay(true).map_err(lost)?;
    let mut first = head.encode().to_vec();
    let (begun, noise) = noise::begin(key, &first).map_err(|_| strange("no handshake could be made"))?;
    first.extend(noise);
    frames::write(&mut stream, &first).await.map_err(lost)?;
    let second = frames::read(&mut stream).await.map_err(lost)?;
    let mut channel = match second.split_first() {
        Some((0, noise)) => begun
            .finish(noise)
            .map_err(|_| strange("who answers at the host's address does not know the code, or changed the message"))?,
        Some((1, refusal)) => {
            let refusal: Refusal =
                serde_json::from_slice(refusal).map_err(|_| strange("a refusal that cannot be read"))?;
            return Err(refusal.into());
        }
        _ => return Err(strange("no answer of a host")),
    };
    let sealed = channel
        .seal(&to_json(ask))
        .map_err(|_| strange("the question is too large"))?;
    frames::write(&mut stream, &sealed).await.map_err(lost)?;
    let sealed = frames::read(&mut stream).await.map_err(lost)?;
    let answer = channel
        .open(&sealed)
        .map_err(|_| strange("the answer was changed on its way"))?;
    let answer: Answer = serde_json::from_slice(&answer).map_err(|_| strange("an answer that cannot be read"))?;
    let thanks = channel.seal(&[]).map_err(|_| strange("no thanks could be made"))?;
    frames::write(&mut stream, &thanks).await.map_err(lost)?;
    match answer {
        Answer::Refused(refusal) => Err(refusal.into()),
        answer => Ok(answer),
    }
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
