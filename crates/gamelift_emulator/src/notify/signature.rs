//! Signing as SNS does with signature version 2: RSA with SHA-256, under a certificate that subscribers can fetch.

use std::io;

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SigningKey};

/// A key and its certificate, made for one run.
pub(crate) struct Signer {
    key: KeyPair,
    certificate: String,
}

impl Signer {
    pub(super) fn new() -> io::Result<Self> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(io::Error::other)?;
        let names = vec!["sns.amazonaws.com".to_owned()];
        let certificate = CertificateParams::new(names).and_then(|parameters| parameters.self_signed(&key));
        let certificate = certificate.map_err(io::Error::other)?.pem();
        Ok(Self { key, certificate })
    }

    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(super) fn sign(&self, text: &str) -> io::Result<Vec<u8>> {
        self.key.sign(text.as_bytes()).map_err(io::Error::other)
    }
}
