//! The smallest HTTP client that keeps its connection: the load generator shares the cores with what it measures.

use std::fmt::Write;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// One connection to the AWS side, in JSON 1.1.
pub(crate) struct Caller {
    stream: TcpStream,
    host: String,
    request: String,
    answer: Vec<u8>,
}

impl Caller {
    /// Connects to `HOST:PORT`.
    pub(crate) async fn connect(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            host: host.to_owned(),
            request: String::new(),
            answer: Vec::new(),
        }
    }

    /// Calls an operation; the body of a 200.
    pub(crate) async fn call(&mut self, operation: &str, body: &str) -> &[u8] {
        self.request.clear();
        write!(
            self.request,
            "POST / HTTP/1.1\r\nHost: {}\r\nX-Amz-Target: GameLift.{operation}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        )
        .unwrap();
        self.stream.write_all(self.request.as_bytes()).await.unwrap();
        self.answer.clear();
        let (start, length) = loop {
            self.read().await;
            if let Some(end) = self.answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.answer[..end]).to_ascii_lowercase();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                break (end + 4, length.unwrap().parse::<usize>().unwrap());
            }
        };
        while self.answer.len() < start + length {
            self.read().await;
        }
        let body = &self.answer[start..start + length];
        assert!(
            self.answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(body)
        );
        body
    }

    async fn read(&mut self) {
        let count = self.stream.read_buf(&mut self.answer).await.unwrap();
        assert!(count > 0, "the connection closed");
    }
}
