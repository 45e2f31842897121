//! A scripted server process, and what the tests share.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use gamelift_emulator::{Emulator, EmulatorConfig};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async, connect_async_tls_with_config,
    tungstenite::{self, Message, protocol::CloseFrame},
};

/// Long enough for a busy machine, short enough to fail.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// A server process that says exactly what the test says.
pub(crate) struct Process {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pushes: Vec<Value>,
}

/// The query of a handshake, as the Go SDK writes it.
pub(crate) fn query(environment: &[(String, String)], idempotency_token: &str) -> String {
    let value: HashMap<&str, &str> = environment
        .iter()
        .map(|(name, value)| (name.trim_start_matches("GAMELIFT_SDK_"), value.as_str()))
        .collect();
    format!(
        "Authorization={}&ComputeId={}&FleetId={}&IdempotencyToken={idempotency_token}&pID={}&sdkLanguage=Go&sdkVersion=5.6.0",
        value["AUTH_TOKEN"], value["HOST_ID"], value["FLEET_ID"], value["PROCESS_ID"]
    )
}

impl Process {
    pub(crate) async fn connect(emulator: &Emulator, process_id: &str) -> Self {
        let query = query(&emulator.server_environment(process_id), process_id);
        Self::connect_with(emulator, &query).await.unwrap()
    }

    pub(crate) async fn connect_with(emulator: &Emulator, query: &str) -> Result<Self, tungstenite::Error> {
        Self::connect_at(emulator, "/", query).await
    }

    /// At this path in place of the usual one.
    pub(crate) async fn connect_at(emulator: &Emulator, path: &str, query: &str) -> Result<Self, tungstenite::Error> {
        let (socket, _) = connect_async(format!("{}{path}?{query}", emulator.websocket_url())).await?;
        Ok(Self {
            socket,
            pushes: Vec::new(),
        })
    }

    /// Through TLS, trusting the emulator's certificate and no other.
    pub(crate) async fn connect_tls(
        emulator: &Emulator,
        query: &str,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Self, tungstenite::Error> {
        let mut roots = RootCertStore::empty();
        let certificate = emulator.certificate();
        roots
            .add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let url = format!("{}/?{query}", emulator.secure_websocket_url());
        let connector = Connector::Rustls(Arc::new(config));
        let (socket, _) = connect_async_tls_with_config(url, None, false, Some(connector)).await?;
        Ok(Self {
            socket,
            pushes: Vec::new(),
        })
    }

    pub(crate) async fn ping(&mut self) {
        self.socket.send(Message::Ping(vec![7].into())).await.unwrap();
        loop {
            match timeout(LIMIT, self.socket.next()).await.expect("no pong in time") {
                Some(Ok(Message::Pong(payload))) => return assert_eq!(payload.as_ref(), [7]),
                Some(Ok(Message::Text(text))) => self.pushes.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(_)) => {}
                gone => panic!("closed before the pong: {gone:?}"),
            }
        }
    }

    pub(crate) async fn send_binary(&mut self, frame: &str) {
        self.socket
            .send(Message::binary(frame.as_bytes().to_vec()))
            .await
            .unwrap();
    }

    /// What came before it was asked for.
    pub(crate) fn unasked(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.pushes)
    }

    /// Closes with this code.
    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame {
            code: code.into(),
            reason: "".into(),
        };
        self.socket.close(Some(frame)).await.unwrap();
        self.closed().await;
    }

    /// Connected, ready and healthy: a game session can be placed on it.
    pub(crate) async fn healthy(emulator: &Emulator, process_id: &str, port: u16) -> Self {
        let mut process = Self::connect(emulator, process_id).await;
        process.ready(port).await;
        process
            .request(json!({"Action": "HeartbeatServerProcess", "HealthStatus": true}))
            .await;
        process
    }

    pub(crate) async fn ready(&mut self, port: u16) {
        let ready = json!({"Action": "ActivateServerProcess", "SdkVersion": "5.6.0", "SdkLanguage": "Go", "Port": port, "LogPaths": null});
        let reply = self.request(ready).await;
        assert_eq!(reply["StatusCode"], 200, "{reply}");
    }

    /// Sends a request under a new id and waits for its reply.
    pub(crate) async fn request(&mut self, mut request: Value) -> Value {
        static REQUESTS: AtomicU32 = AtomicU32::new(0);
        let id = format!("request-{}", REQUESTS.fetch_add(1, Ordering::Relaxed));
        request["RequestId"] = json!(id);
        self.send(&request.to_string()).await;
        self.reply(&id).await
    }

    pub(crate) async fn send(&mut self, frame: &str) {
        self.socket.send(Message::text(frame)).await.unwrap();
    }

    pub(crate) async fn reply(&mut self, id: &str) -> Value {
        loop {
            let frame = self.frame().await.expect("the socket closed before the reply");
            if frame["RequestId"] == id {
                return frame;
            }
            assert!(frame.get("RequestId").is_none(), "a reply to nobody: {frame}");
            self.pushes.push(frame);
        }
    }

    pub(crate) async fn push(&mut self) -> Value {
        if !self.pushes.is_empty() {
            return self.pushes.remove(0);
        }
        let frame = self.frame().await.expect("the socket closed before the push");
        assert!(frame.get("RequestId").is_none(), "a reply to nobody: {frame}");
        frame
    }

    /// The close code, once the emulator closes the socket.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            match timeout(LIMIT, self.socket.next()).await.unwrap() {
                Some(Ok(Message::Close(Some(CloseFrame { code, .. })))) => return Some(code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn frame(&mut self) -> Option<Value> {
        loop {
            match timeout(LIMIT, self.socket.next()).await.expect("no frame came in time") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }
}

pub(crate) async fn emulator() -> Emulator {
    Emulator::start(EmulatorConfig::default()).await.unwrap()
}

/// What a refused handshake answered.
pub(crate) fn status(refused: tungstenite::Error) -> u16 {
    match refused {
        tungstenite::Error::Http(response) => response.status().as_u16(),
        other => panic!("not refused by HTTP: {other}"),
    }
}
