//! Messages on a stream: two bytes of length, then as many bytes.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The most bytes of one message. A seat with the largest game session has less than ten thousand.
pub(crate) const MOST_BYTES: usize = 16 * 1024;

/// Reads one message. The caller sets the deadline.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let length = usize::from(stream.read_u16().await?);
    if length > MOST_BYTES {
        return Err(io::ErrorKind::InvalidData.into());
    }
    // Grows as bytes come, not as a stranger says.
    let mut bytes = Vec::with_capacity(length.min(1024));
    let mut left = stream.take(length as u64);
    left.read_to_end(&mut bytes).await?;
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// Writes one message.
pub(crate) async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    let length = u16::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    let mut framed = Vec::with_capacity(bytes.len() + 2);
    framed.extend(length.to_be_bytes());
    framed.extend(bytes);
    stream.write_all(&framed).await
}
