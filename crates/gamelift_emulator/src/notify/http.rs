//! The one file that sends HTTP requests: one POST on one connection, of which the status alone is read.

use std::{io, time::Duration};

use axum::http::{StatusCode, Uri};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A subscriber must have answered by then; SNS waits as long.
const TIMEOUT: Duration = Duration::from_secs(15);
/// What a subscriber writes after its status is read for so long.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// `HTTP/1.1 200`.
const STATUS_LENGTH: usize = 12;

/// Why a delivery did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error("no answer within {TIMEOUT:?}")]
    TimedOut,
    #[error("the endpoint is no URL of a host")]
    Endpoint,
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("what was answered is no HTTP")]
    Answer,
    #[error("answered with {0}")]
    Status(StatusCode),
}

/// Posts a body; a status from 200 to 299 is success. Neither names nor values of headers have line breaks.
pub(super) async fn post(endpoint: &str, headers: &[(&'static str, String)], body: &[u8]) -> Result<(), PostError> {
    let uri: Uri = endpoint.parse().map_err(|_| PostError::Endpoint)?;
    let authority = uri.authority().ok_or(PostError::Endpoint)?;
    let host = authority.host().trim_matches(['[', ']']);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut head = format!("POST {path} HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value.as_str(), "\r\n"]);
    }
    head.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n"]);
    exchange(
        TcpStream::connect((host, authority.port_u16().unwrap_or(80))),
        head.as_bytes(),
        body,
    )
    .await
}

/// The status decides; how the connection ends does not.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    connect: impl Future<Output = io::Result<S>>,
    head: &[u8],
    body: &[u8],
) -> Result<(), PostError> {
    let asked = async {
        let mut stream = connect.await?;
        stream.write_all(head).await?;
        stream.write_all(body).await?;
        stream.flush().await?;
        let mut answer = [0; STATUS_LENGTH];
        stream.read_exact(&mut answer).await?;
        let status = status(&answer).ok_or(PostError::Answer)?;
        Ok::<_, PostError>((stream, status))
    };
    let (mut stream, status) = timeout(TIMEOUT, asked).await.map_err(|_| PostError::TimedOut)??;
    // a subscriber that still writes should not find its connection broken
    let mut rest = [0; 1024];
    let drain = async { while stream.read(&mut rest).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(DRAIN_TIMEOUT, drain).await;
    if status.is_success() {
        Ok(())
    } else {
        Err(PostError::Status(status))
    }
}

fn status(answer: &[u8; STATUS_LENGTH]) -> Option<StatusCode> {
    let code = answer.strip_prefix(b"HTTP/1.")?.get(2..)?;
    StatusCode::from_bytes(code).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_answer_counts_by_its_status_however_long_the_connection_stays() {
        for (answer, delivered) in [("HTTP/1.1 200 OK\r\n", true), ("HTTP/1.1 500 No\r\n", false)] {
            let (ours, mut theirs) = tokio::io::duplex(1_024);
            theirs.write_all(answer.as_bytes()).await.unwrap();
            let told = exchange(async { Ok(ours) }, b"POST / HTTP/1.1\r\n\r\n", b"").await;
            assert_eq!(told.is_ok(), delivered);
            drop(theirs);
        }
        let (ours, theirs) = tokio::io::duplex(1_024);
        let silent = exchange(async { Ok(ours) }, b"POST / HTTP/1.1\r\n\r\n", b"").await;
        assert!(matches!(silent, Err(PostError::TimedOut)), "{silent:?}");
        drop(theirs);
    }

    #[test]
    fn a_status_is_read_from_an_answer_of_http_alone() {
        assert_eq!(status(b"HTTP/1.1 204"), Some(StatusCode::NO_CONTENT));
        assert_eq!(status(b"HTTP/1.0 503"), Some(StatusCode::SERVICE_UNAVAILABLE));
        for answer in [b"SSH-2.0-Open", b"HTTP/2.0 200", b"HTTP/1.1 xyz"] {
            assert_eq!(status(answer), None);
        }
    }
}
