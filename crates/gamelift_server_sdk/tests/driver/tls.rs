//! Encrypted connections to a service whose certificate only we know.

use std::sync::Arc;

use gamelift_server_sdk::{Error, GameLiftServer, ProcessParameters, ServerParameters};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_tungstenite::accept_async;

use super::service::{LIMIT, Line, Service};

/// A service with a certificate that it made for itself.
struct Secure {
    service: Service,
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
    pem: String,
}

impl Secure {
    async fn start() -> Self {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        Self {
            service: Service::start().await,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            certificate: cert.der().clone(),
            pem: cert.pem(),
        }
    }

    fn parameters(&self) -> ServerParameters {
        self.service
            .parameters()
            .websocket_url(self.service.url().replace("ws://", "wss://"))
    }

    async fn accept(&self) -> Result<Line<TlsStream<TcpStream>>, std::io::Error> {
        let (stream, _) = timeout(LIMIT, self.service.listener.accept()).await.unwrap()?;
        let stream = timeout(LIMIT, self.acceptor.accept(stream)).await.unwrap()?;
        let websocket = accept_async(stream).await.unwrap();
        Ok(Line {
            websocket,
            query: String::new(),
        })
    }
}

#[tokio::test]
async fn a_root_certificate_that_was_given_is_trusted_as_pem_and_as_der() {
    let secure = Secure::start().await;
    let given = [secure.pem.clone().into_bytes(), secure.certificate.to_vec()];
    for root in given {
        let parameters = secure.parameters().root_certificate(root);
        let (server, line) = tokio::join!(GameLiftServer::init(parameters), secure.accept());
        let (server, mut line) = (server.unwrap(), line.unwrap());
        let (ready, _) = tokio::join!(
            server.process_ready(ProcessParameters::new(7777)),
            line.answer("ActivateServerProcess")
        );
        ready.unwrap();
        server.destroy().await.unwrap();
    }
}

/// The environment of a process cannot be changed safely while it runs, so this test runs itself once more.
#[tokio::test]
async fn a_certificate_in_ssl_cert_file_is_trusted() {
    const CHILD: &str = "GAMELIFT_TEST_SECURE_URL";
    if let Ok(url) = std::env::var(CHILD) {
        let parameters = Service::start().await.parameters().websocket_url(url);
        GameLiftServer::init(parameters).await.unwrap();
        return;
    }
    let secure = Secure::start().await;
    let file = std::env::temp_dir().join(format!("gamelift-roots-{}.pem", std::process::id()));
    std::fs::write(&file, &secure.pem).unwrap();
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tls::a_certificate_in_ssl_cert_file_is_trusted"])
        .env(CHILD, secure.service.url().replace("ws://", "wss://"))
        .env("SSL_CERT_FILE", &file)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let line = secure.accept().await;
    let status = timeout(LIMIT, child.wait()).await.unwrap().unwrap();
    std::fs::remove_file(&file).unwrap();
    line.unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let secure = Secure::start().await;
    let (server, line) = tokio::join!(GameLiftServer::init(secure.parameters()), secure.accept());
    assert!(line.is_err());
    let error = server.unwrap_err();
    assert!(
        matches!(&error, Error::Connect { cause, .. } if cause.contains("TLS") || cause.contains("certificate")),
        "{error}"
    );
}

#[tokio::test]
async fn roots_that_are_no_certificates_are_validation_errors() {
    let service = Service::start().await;
    let bad = [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        "-----BEGIN ",
    ];
    for root in bad {
        let parameters = service.parameters().root_certificate(root);
        let error = GameLiftServer::init(parameters).await.unwrap_err();
        let field = "root_certificate";
        assert!(
            matches!(error, Error::Validation { field: named, .. } if named == field),
            "{root}: {error}"
        );
    }
}
