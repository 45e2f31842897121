//! A server on a loopback socket that answers byte for byte as a test says.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// One request as it came in.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Method and path with query, as in `GET /v1/game-sessions?limit=2`.
    pub(crate) line: String,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: String,
}

/// What the server does with it.
pub(crate) enum Reply {
    Json(u16, String),
    /// These bytes, then the end.
    Raw(Vec<u8>),
    /// Nothing, until the client gives up.
    Never,
}

/// The server; its thread ends with the test process.
pub(crate) struct Server {
    pub(crate) url: String,
    requests: Receiver<Request>,
}

impl Server {
    /// Answers every request by the function, which is called for one request at a time unless it waits itself.
    pub(crate) fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (tell, requests) = channel();
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, tell) = (answer.clone(), tell.clone());
                std::thread::spawn(move || serve(stream, &*answer, &tell));
            }
        });
        Self { url, requests }
    }

    /// The next request that is not for an identity.
    #[track_caller]
    pub(crate) fn next(&self) -> Request {
        loop {
            let request = self
                .requests
                .recv_timeout(Duration::from_secs(20))
                .expect("a request comes in time");
            if request.line != "POST /v1/guests" {
                return request;
            }
        }
    }

    /// All requests until now.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.requests.try_iter().map(|request| request.line).collect()
    }
}

/// A server that hands out the replies one after another, after an identity.
pub(crate) fn script(replies: Vec<Reply>) -> Server {
    let replies = Mutex::new(replies.into_iter());
    Server::start(move |request| match request.line.as_str() {
        "POST /v1/guests" => guest("token-1"),
        _ => replies.lock().unwrap().next().unwrap_or(Reply::Json(500, "{}".into())),
    })
}

pub(crate) fn guest(token: &str) -> Reply {
    Reply::Json(
        201,
        format!(r#"{{"player_id":"guest-1","access_token":"{token}","expires_at":32503680000}}"#),
    )
}

pub(crate) fn response(status: u16, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}").into_bytes()
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Request) -> Reply, tell: &Sender<Request>) {
    let Some(request) = read(&stream) else { return };
    let _ = tell.send(request.clone());
    let bytes = match answer(&request) {
        Reply::Json(status, body) => response(status, "content-type: application/json\r\n", &body),
        Reply::Raw(bytes) => bytes,
        Reply::Never => {
            let _ = (&stream).read(&mut [0]);
            return;
        }
    };
    let _ = (&stream).write_all(&bytes);
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let line = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(": ") else {
            break;
        };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers
        .get("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        line,
        headers,
        body: String::from_utf8(body).ok()?,
    })
}

pub(crate) fn guest_with_secret(token: &str) -> Reply {
    Reply::Json(
        201,
        format!(
            r#"{{"player_id":"guest-1","access_token":"{token}","expires_at":32503680000,"refresh_token":"secret"}}"#
        ),
    )
}
