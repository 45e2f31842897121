//! TLS on the same port as plain HTTP: the first byte of a connection tells which it is.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpStream;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, ServerConfig,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

/// The first byte of a TLS connection: a handshake record.
const HANDSHAKE: u8 = 0x16;

/// A certificate of our own, made for one run when it is first asked for: a key takes long to make, and most runs need
/// none.
#[derive(Default)]
pub(crate) struct Tls(OnceLock<Option<Made>>);

struct Made {
    acceptor: TlsAcceptor,
    certificate: String,
}

impl Tls {
    /// What takes TLS connections; nothing when no certificate can be made. The first call takes its time.
    pub(super) fn acceptor(&self) -> Option<TlsAcceptor> {
        self.made().map(|made| made.acceptor.clone())
    }

    /// The certificate as PEM, for clients that want to trust it; empty when none can be made.
    pub(crate) fn certificate(&self) -> String {
        self.made().map(|made| made.certificate.clone()).unwrap_or_default()
    }

    fn made(&self) -> Option<&Made> {
        let make = || match make() {
            Ok(made) => Some(made),
            Err(error) => {
                tracing::error!(%error, "no certificate can be made: there is no TLS");
                None
            }
        };
        self.0.get_or_init(make).as_ref()
    }
}

/// Makes a key and a certificate for the names of this machine.
fn make() -> io::Result<Made> {
    let names = ["localhost", "127.0.0.1", "::1"].map(String::from);
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).map_err(io::Error::other)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(Made {
        acceptor: TlsAcceptor::from(Arc::new(config)),
        certificate: cert.pem(),
    })
}

/// Waits for the first byte, and leaves it where it is.
pub(super) async fn is_tls(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(first[0] == HANDSHAKE),
    }
}
