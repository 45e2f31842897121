//! The smallest HTTP client that a container's metadata needs: one GET, without encryption, bounded in time and size.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::container::HttpUrl;

/// How long a GET may take.
const LIMIT: Duration = Duration::from_secs(5);
/// How much is read.
const MAX_ANSWER: usize = 256 * 1024;

/// The body of the answer.
///
/// # Errors
/// In plain words, without the URL's path, which may be secret.
pub(super) async fn get(url: &HttpUrl) -> Result<String, String> {
    match timeout(LIMIT, exchange(url)).await {
        Ok(Ok(answer)) => body(&answer),
        Ok(Err(cause)) => Err(cause),
        Err(_) => Err(format!("{}:{} did not answer within {LIMIT:?}", url.host, url.port)),
    }
}

async fn exchange(url: &HttpUrl) -> Result<Vec<u8>, String> {
    let failure = |error: std::io::Error| format!("{}:{}: {error}", url.host, url.port);
    let mut stream = TcpStream::connect((url.host.as_str(), url.port))
        .await
        .map_err(failure)?;
    // 1.0: the answer ends with the connection and comes in one piece.
    let authorization = match &url.authorization {
        Some(token) => format!("Authorization: {}\r\n", token.expose()),
        None => String::new(),
    };
    let request = format!(
        "GET {} HTTP/1.0\r\nHost: {}:{}\r\nAccept: application/json\r\n{authorization}Connection: close\r\n\r\n",
        url.target, url.host, url.port
    );
    stream.write_all(request.as_bytes()).await.map_err(failure)?;
    let mut answer = Vec::new();
    let limit = u64::try_from(MAX_ANSWER).unwrap_or(u64::MAX) + 1;
    stream.take(limit).read_to_end(&mut answer).await.map_err(failure)?;
    if answer.len() > MAX_ANSWER {
        return Err(format!("the answer is longer than {MAX_ANSWER} bytes"));
    }
    Ok(answer)
}

fn body(answer: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(answer).map_err(|_| "the answer is not text".to_owned())?;
    let (head, body) = text
        .split_once("\r\n\r\n")
        .ok_or_else(|| "the answer is not that of an HTTP server".to_owned())?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| {
        let (version, rest) = line.split_once(' ')?;
        version.starts_with("HTTP/1.").then_some(rest.get(..3)?)
    });
    match status {
        Some("200") => {}
        Some(status) => return Err(format!("the answer is HTTP {status}")),
        None => return Err("the answer is not that of an HTTP server".to_owned()),
    }
    let mut length = None;
    for line in lines {
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        if key.eq_ignore_ascii_case("transfer-encoding") {
            return Err("the answer comes in chunks, which was not asked for".to_owned());
        }
        if key.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse::<usize>().ok();
        }
    }
    match length {
        Some(length) if length > body.len() => Err("the answer was cut off".to_owned()),
        Some(length) => body
            .get(..length)
            .map(str::to_owned)
            .ok_or_else(|| "the answer is not text".to_owned()),
        None => Ok(body.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_and_everything_else_is_an_error_in_words() {
        let read = |answer: &str| body(answer.as_bytes());
        assert_eq!(
            read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
            Ok("{}".to_owned())
        );
        assert_eq!(read("HTTP/1.0 200 OK\r\n\r\n[]"), Ok("[]".to_owned()));
        for answer in [
            "",
            "nonsense",
            "HTTP/1.1 404 Not Found\r\n\r\n{}",
            "HTTP/2 200\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\u{e9}",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        ] {
            assert!(read(answer).is_err(), "{answer}");
        }
        assert!(body(b"HTTP/1.1 200 OK\r\n\r\n\xff").is_err());
    }

    proptest::proptest! {
        #[test]
        fn an_answer_of_any_content_never_panics(
            answer in proptest::collection::vec(proptest::num::u8::ANY, 0..200),
            text in "HTTP/1\\.1 200 OK\r\n(Content-Length: [0-9]{1,20}\r\n)?\r\n.{0,9}",
        ) {
            drop(body(&answer));
            drop(body(text.as_bytes()));
        }
    }
}
