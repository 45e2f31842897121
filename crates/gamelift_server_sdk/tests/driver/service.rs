//! A service that the test plays itself.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gamelift_server_sdk::{
    Event, GameLiftServer, ProcessParameters, ServerParameters,
    proto::message::{CreateGameSession, Push, Reply, Request, RequestFrame},
};
use serde::Serialize;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request as Upgrade, Response},
        http::StatusCode,
    },
};

pub(super) const LIMIT: Duration = Duration::from_secs(20);
pub(super) const GAME: &str = "arn:aws:gamelift:us-west-2::gamesession/fleet-1/custom-loc/gsess-1";

/// The service, before anyone has come.
pub(super) struct Service {
    pub(super) listener: TcpListener,
}

/// One accepted websocket.
pub(super) struct Line<S = TcpStream> {
    pub(super) websocket: WebSocketStream<S>,
    pub(super) query: String,
}

impl Service {
    pub(super) async fn start() -> Self {
        Self {
            listener: TcpListener::bind(("127.0.0.1", 0)).await.unwrap(),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("ws://{}", self.listener.local_addr().unwrap())
    }

    pub(super) fn parameters(&self) -> ServerParameters {
        ServerParameters::from_env()
            .websocket_url(self.url())
            .process_id("proc-1")
            .host_id("host-1")
            .fleet_id("fleet-1")
            .auth_token("hush/+=")
            .connect_attempts(1)
    }

    #[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
    pub(super) async fn accept(&self) -> Line {
        let (stream, _) = timeout(LIMIT, self.listener.accept()).await.unwrap().unwrap();
        let mut query = String::new();
        let look = |request: &Upgrade, response: Response| {
            query = request.uri().to_string();
            Ok(response)
        };
        let websocket = accept_hdr_async(stream, look).await.unwrap();
        Line { websocket, query }
    }

    #[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
    pub(super) async fn refuse(&self, status: StatusCode) {
        let (stream, _) = timeout(LIMIT, self.listener.accept()).await.unwrap().unwrap();
        let refuse = |_: &Upgrade, _: Response| {
            let mut response = ErrorResponse::new(None);
            *response.status_mut() = status;
            Err(response)
        };
        assert!(accept_hdr_async(stream, refuse).await.is_err());
    }

    /// A server that is connected, and the service's end of it.
    pub(super) async fn connected(&self) -> (GameLiftServer, Line) {
        let (server, line) = tokio::join!(GameLiftServer::init(self.parameters()), self.accept());
        (server.unwrap(), line)
    }

    /// The same, and it is ready.
    pub(super) async fn ready(&self) -> (GameLiftServer, Line) {
        let (server, mut line) = self.connected().await;
        let (ready, ()) = tokio::join!(server.process_ready(ProcessParameters::new(7777)), async {
            line.answer("ActivateServerProcess").await;
            line.answer("HeartbeatServerProcess").await;
        });
        ready.unwrap();
        (server, line)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    pub(super) async fn message(&mut self) -> Option<Message> {
        timeout(LIMIT, self.websocket.next())
            .await
            .unwrap()
            .and_then(Result::ok)
    }

    pub(super) async fn request(&mut self) -> RequestFrame {
        let message = self.message().await.unwrap();
        RequestFrame::decode(message.to_text().unwrap()).unwrap()
    }

    pub(super) async fn send(&mut self, text: String) {
        self.websocket.send(Message::text(text)).await.unwrap();
    }

    pub(super) async fn push(&mut self, push: Push) {
        self.send(push.encode()).await;
    }

    /// Takes the next request, which must have this action, and answers it with this result.
    pub(super) async fn answer_with<T: Serialize>(&mut self, action: &str, result: &T) -> Request {
        let frame = self.request().await;
        assert_eq!(frame.request.action(), action);
        self.send(Reply::with_result(action, &frame.request_id, result).encode())
            .await;
        frame.request
    }

    /// Takes the next request, which must have this action, and answers it.
    pub(super) async fn answer(&mut self, action: &str) -> Request {
        let frame = self.request().await;
        assert_eq!(frame.request.action(), action);
        self.send(Reply::success(action, &frame.request_id).encode()).await;
        frame.request
    }
}

pub(super) fn game_session() -> Push {
    Push::CreateGameSession(CreateGameSession {
        game_session_id: GAME.into(),
        game_session_name: "room".into(),
        maximum_player_session_count: 4,
        game_session_data: "hush".into(),
        ..CreateGameSession::default()
    })
}

pub(super) async fn event(server: &GameLiftServer) -> Event {
    timeout(LIMIT, server.next_event()).await.unwrap().unwrap()
}
