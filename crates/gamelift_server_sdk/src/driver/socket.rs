//! One open websocket: reads, writes and closes without ever waiting.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use tokio::{net::TcpStream, time::Instant};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream,
    tungstenite::{
        self, Message, Utf8Bytes,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use crate::proto::SocketId;

/// How long a socket may take to say goodbye.
pub(super) const GOODBYE: Duration = Duration::from_secs(1);

pub(super) type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What a socket brings.
pub(super) enum Input {
    Text(Utf8Bytes),
    Activity,
    Closed(Option<u16>),
}

/// One open websocket. Nothing in it waits: what cannot be written yet stays in its outbox, which holds at most the
/// calls that wait for their replies.
pub(super) struct Socket {
    pub(super) id: SocketId,
    websocket: Box<WebSocket>,
    outbox: VecDeque<Message>,
    /// Set once we said goodbye: nothing more is heard of it, and it is dropped at this time.
    pub(super) closing: Option<Instant>,
}

impl Socket {
    pub(super) fn new(id: SocketId, websocket: Box<WebSocket>) -> Self {
        Self {
            id,
            websocket,
            outbox: VecDeque::new(),
            closing: None,
        }
    }

    /// Queues a text frame.
    pub(super) fn send(&mut self, text: String) {
        self.outbox.push_back(Message::text(text));
    }

    /// Says goodbye.
    pub(super) fn close(&mut self) {
        if self.closing.is_none() {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            };
            self.outbox.push_back(Message::Close(Some(frame)));
            self.closing = Some(Instant::now() + GOODBYE);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        if self.poll_write(cx).is_err() {
            return Poll::Ready(Input::Closed(None));
        }
        loop {
            let input = match ready!(self.websocket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => Input::Text(text),
                Some(Ok(Message::Close(frame))) => {
                    // Our half of the goodbye was queued by the library; this lets it out.
                    let _ = self.websocket.poll_flush_unpin(cx);
                    Input::Closed(frame.map(|frame| frame.code.into()))
                }
                Some(Ok(_)) => Input::Activity,
                Some(Err(_)) | None => Input::Closed(None),
            };
            if self.closing.is_none() || matches!(input, Input::Closed(_)) {
                return Poll::Ready(input);
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        while !self.outbox.is_empty() && self.websocket.poll_ready_unpin(cx)?.is_ready() {
            if let Some(message) = self.outbox.pop_front() {
                self.websocket.start_send_unpin(message)?;
            }
        }
        let _ = self.websocket.poll_flush_unpin(cx)?;
        Ok(())
    }
}

/// What the next socket brings that brings something.
pub(super) async fn next_input(sockets: &mut [Socket]) -> (SocketId, Input) {
    poll_fn(|cx| {
        for socket in sockets.iter_mut() {
            if let Poll::Ready(input) = socket.poll(cx) {
                return Poll::Ready((socket.id, input));
            }
        }
        Poll::Pending
    })
    .await
}
