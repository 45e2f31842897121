//! Opens one websocket, and says in plain words why it could not.

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::Arc,
    task::{Poll, ready},
};

use tokio::net::TcpStream;
use tokio_tungstenite::{
    Connector, client_async_tls_with_config,
    tungstenite::{self, protocol::WebSocketConfig},
};

use super::socket::WebSocket;
use crate::proto::{ConnectFailure, Endpoint, Secret, SocketId};

/// The longest message that is read.
const MAX_MESSAGE: usize = 512 * 1024;
/// The most that waits in a socket's write buffer.
const MAX_WRITE_BUFFER: usize = 1024 * 1024;

/// One attempt on its way.
pub(super) struct Connecting {
    pub(super) socket: SocketId,
    pub(super) result: Pin<Box<dyn Future<Output = Result<Box<WebSocket>, ConnectFailure>> + Send>>,
}

/// The end of the attempt that is on its way; waits for ever when there is none.
pub(super) async fn connected(
    connecting: &mut Option<Connecting>,
) -> (SocketId, Result<Box<WebSocket>, ConnectFailure>) {
    poll_fn(|cx| {
        let Some(attempt) = connecting else {
            return Poll::Pending;
        };
        let result = ready!(attempt.result.as_mut().poll(cx));
        let socket = attempt.socket;
        *connecting = None;
        Poll::Ready((socket, result))
    })
    .await
}

/// Opens a websocket. How long it may take is the core's business.
pub(super) async fn connect(
    endpoint: Endpoint,
    url: Secret,
    tls: Option<Arc<rustls::ClientConfig>>,
) -> Result<Box<WebSocket>, ConnectFailure> {
    let failure = |cause: String| ConnectFailure {
        http_status: None,
        cause,
    };
    let stream = TcpStream::connect((endpoint.host(), endpoint.port()))
        .await
        .map_err(|error| {
            let likely = match error.kind() {
                io::ErrorKind::ConnectionRefused => "; is the service running, and is the port right?",
                _ => "; is the address right, and the network there?",
            };
            failure(format!("{error}{likely}"))
        })?;
    stream.set_nodelay(true).map_err(|error| failure(error.to_string()))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let connector = match tls {
        Some(tls) => Connector::Rustls(tls),
        None if endpoint.is_secure() => return Err(failure("the TLS library has no usable configuration".to_owned())),
        None => Connector::Plain,
    };
    match client_async_tls_with_config(url.expose(), stream, Some(config), Some(connector)).await {
        Ok((websocket, _)) => Ok(Box::new(websocket)),
        Err(error) => Err(refusal(&error)),
    }
}

/// Names the error without the URL, which is secret.
fn refusal(error: &tungstenite::Error) -> ConnectFailure {
    let (http_status, cause) = match error {
        tungstenite::Error::Http(response) => {
            let status = response.status().as_u16();
            let likely = match status {
                401 | 403 => "the auth token is wrong or expired, or belongs to another fleet or compute",
                404 => "there is no GameLift service at this path",
                _ => "is this a GameLift endpoint?",
            };
            (
                Some(status),
                format!("the service refused with HTTP {status}: {likely}"),
            )
        }
        tungstenite::Error::Io(error) => (
            None,
            format!("{error}; the other side may not speak this protocol (ws or wss?)"),
        ),
        tungstenite::Error::Tls(error) => (None, format!("TLS failed: {error}")),
        tungstenite::Error::Protocol(error) => (None, format!("the answer is not that of a websocket: {error}")),
        tungstenite::Error::Url(_) | tungstenite::Error::HttpFormat(_) => (None, "the URL cannot be used".to_owned()),
        _ => (None, "the websocket handshake failed".to_owned()),
    };
    ConnectFailure { http_status, cause }
}
