//! Server processes of the load generator: connected, ready, healthy.

use futures_util::{SinkExt, StreamExt, stream};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::served::TOKEN;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Handshakes at the same time.
const AT_ONCE: usize = 32;

/// One server process.
pub(crate) struct Process(Socket);

/// Many of them.
pub(crate) struct Processes(pub(crate) Vec<Process>);

impl Processes {
    pub(crate) async fn start(host: &str, name: &str, count: usize) -> Self {
        let opening = (0..count).map(|number| Process::start(host, format!("{name}-{number}")));
        Self(stream::iter(opening).buffer_unordered(AT_ONCE).collect().await)
    }
}

impl Process {
    async fn start(host: &str, id: String) -> Self {
        let url = format!("ws://{host}/?Authorization={TOKEN}&ComputeId=local&FleetId=fleet-local&pID={id}");
        let (socket, _) = connect_async(url).await.unwrap();
        let mut process = Self(socket);
        process
            .ask(r#"{"Action":"ActivateServerProcess","RequestId":"1","Port":7001}"#.into())
            .await;
        process
            .ask(r#"{"Action":"HeartbeatServerProcess","RequestId":"2","HealthStatus":true}"#.into())
            .await;
        process
    }

    /// Waits for a game session and activates it; its id.
    pub(crate) async fn play(&mut self) -> String {
        let push: Value = serde_json::from_str(&self.frame().await).unwrap();
        let id = push["GameSessionId"].as_str().unwrap().to_owned();
        self.ask(format!(
            r#"{{"Action":"ActivateGameSession","RequestId":"3","GameSessionId":"{id}"}}"#
        ))
        .await;
        id
    }

    pub(crate) async fn end(&mut self) {
        self.ask(r#"{"Action":"TerminateServerProcess","RequestId":"4"}"#.into())
            .await;
    }

    async fn ask(&mut self, request: String) {
        self.0.send(Message::text(request)).await.unwrap();
        let reply = self.frame().await;
        assert!(reply.contains(r#""StatusCode":200"#), "{reply}");
    }

    async fn frame(&mut self) -> String {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return text.to_string();
            }
        }
    }
}
