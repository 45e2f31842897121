//! Whom to trust: the system's root certificates and the user's. The only file that knows the TLS library's settings.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::Error;

/// Root certificates; the system's are loaded when the first encrypted connection is opened.
pub(super) struct Tls {
    given: RootCertStore,
    config: Option<Arc<ClientConfig>>,
}

impl Tls {
    /// Takes certificates in PEM or DER.
    pub(super) fn new(certificates: Vec<Vec<u8>>) -> Result<Self, Error> {
        let mut given = RootCertStore::empty();
        for certificate in certificates {
            for der in parse(certificate)? {
                let reason = "it is not a certificate that can be trusted as a root";
                given.add(der).map_err(|_| bad(reason))?;
            }
        }
        Ok(Self { given, config: None })
    }

    /// `None` when the TLS library has no usable configuration.
    pub(super) fn config(&mut self) -> Option<Arc<ClientConfig>> {
        if self.config.is_none() {
            let mut roots = self.given.clone();
            // This reads `SSL_CERT_FILE` and `SSL_CERT_DIR` too.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            self.config = config
                .ok()
                .map(|config| Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
        }
        self.config.clone()
    }
}

fn bad(reason: &str) -> Error {
    Error::Validation {
        field: "root_certificate",
        reason: reason.to_owned(),
    }
}

/// One certificate in DER, or all those in a PEM file.
fn parse(certificate: Vec<u8>) -> Result<Vec<CertificateDer<'static>>, Error> {
    if !certificate.windows(11).any(|window| window == b"-----BEGIN ") {
        return Ok(vec![CertificateDer::from(certificate)]);
    }
    let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&certificate).collect();
    match parsed {
        Ok(all) if all.is_empty() => Err(bad("there is no certificate in it")),
        Ok(all) => Ok(all),
        Err(error) => Err(bad(&format!("it is not PEM: {error}"))),
    }
}
