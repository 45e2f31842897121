//! The websocket of a server process.
//!
//! It is never closed with 1000 or 1001: SDKs take these for a farewell and stay away for good. 1012 says come back.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{
        FromRequestParts, Request,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{Response, StatusCode},
    response::IntoResponse,
};
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, timeout},
};

use super::{
    driver::Signal,
    query,
    router::{Alive, App, Secure, text},
};
use crate::world::{Refused, SocketId};

/// What one socket keeps for reading and for writing, in bytes; longer messages grow it for their time.
const SMALL_BUFFER: usize = 4 * 1024;

/// The largest message: matchmaker data reaches 390,000 characters.
const MAX_MESSAGE: usize = 1024 * 1024;
/// A frame must have been taken by then.
const SEND_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a silent socket is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// A socket that has been silent for so long, pings unanswered, is gone.
const SILENT_FOR: Duration = Duration::from_secs(70);
/// Service restart.
const COME_BACK: u16 = 1012;

pub(super) async fn open(app: Arc<App>, alive: Alive, request: Request) -> Response<Body> {
    let mut handshake = query::handshake(request.uri().query().unwrap_or_default());
    handshake.secure = request.extensions().get::<Secure>().is_some_and(|secure| secure.0);
    let (mut parts, _) = request.into_parts();
    let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
        Ok(upgrade) => upgrade,
        Err(rejection) => return rejection.into_response(),
    };
    let process_id = handshake.process_id.clone();
    match app.driver.connect(handshake) {
        Ok((socket, frames)) => {
            tracing::debug!(process_id, "socket opened");
            let attached = Attached {
                app,
                socket,
                _alive: alive,
            };
            upgrade
                // of a thousand connected processes hardly one speaks at a time: big buffers each would be wasted
                .read_buffer_size(SMALL_BUFFER)
                .write_buffer_size(SMALL_BUFFER)
                .max_message_size(MAX_MESSAGE)
                .max_frame_size(MAX_MESSAGE)
                .on_upgrade(move |websocket| async move {
                    serve(&attached, websocket, frames).await;
                    tracing::debug!(process_id, "socket closed");
                })
                .into_response()
        }
        Err(refused) => {
            tracing::info!(process_id, %refused, "socket refused");
            let status = match refused {
                Refused::NoProcessId => StatusCode::BAD_REQUEST,
                Refused::BadToken => StatusCode::FORBIDDEN,
                Refused::TooMany => StatusCode::TOO_MANY_REQUESTS,
                Refused::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            };
            text(status, &refused.to_string())
        }
    }
}

/// A socket that the world knows; dropping it tells the world.
struct Attached {
    app: Arc<App>,
    socket: SocketId,
    /// Let go last.
    _alive: Alive,
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.app.driver.disconnect(self.socket);
    }
}

async fn serve(attached: &Attached, mut websocket: WebSocket, mut frames: mpsc::Receiver<Signal>) {
    let mut stop = attached.app.stop.clone();
    let mut heard = Instant::now();
    let mut ping = tokio::time::interval_at(heard + PING_EVERY, PING_EVERY);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let deaf = loop {
        let message = tokio::select! {
            frame = frames.recv() => match frame {
                Some(Signal::Frame(frame)) => Message::Text(frame.into()),
                Some(Signal::Cut) => return,
                Some(Signal::HalfOpen) => break true,
                None => break false,
            },
            received = websocket.recv() => match received {
                Some(Ok(Message::Text(frame))) => {
                    heard = Instant::now();
                    attached.app.driver.act(|world, now| world.handle_frame(attached.socket, &frame, now));
                    continue;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(Message::Binary(frame))) => {
                    heard = Instant::now();
                    let why = "a binary frame, requests are text";
                    attached.app.driver.act(|world, now| world.ignored_frame(attached.socket, why, frame.len(), now));
                    continue;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                    heard = Instant::now();
                    continue;
                }
            },
            _ = ping.tick() => {
                if heard.elapsed() > SILENT_FOR {
                    return;
                }
                Message::Ping(Vec::new().into())
            }
            _ = stop.wait_for(|stop| *stop) => break false,
        };
        if !matches!(timeout(SEND_TIMEOUT, websocket.send(message)).await, Ok(Ok(()))) {
            return;
        }
    };
    if deaf {
        // The connection stays; nobody reads it, nobody writes. At last it counts as gone.
        let _ = timeout(SILENT_FOR, stop.wait_for(|stop| *stop)).await;
        return;
    }
    let farewell = CloseFrame {
        code: COME_BACK,
        reason: "the emulator stops".into(),
    };
    let _ = timeout(SEND_TIMEOUT, websocket.send(Message::Close(Some(farewell)))).await;
}
