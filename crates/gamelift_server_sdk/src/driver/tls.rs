//! Whom to trust: the system's root certificates and the user's.

use std::sync::Arc;

use crate::parameters::RootCertificates;

/// Root certificates, loaded once, when the first encrypted connection is opened.
pub(super) struct Tls {
    roots: RootCertificates,
    config: Option<Arc<rustls::ClientConfig>>,
}

impl Tls {
    pub(super) fn new(roots: RootCertificates) -> Self {
        Self { roots, config: None }
    }

    /// `None` when the TLS library has no usable configuration.
    pub(super) fn config(&mut self) -> Option<Arc<rustls::ClientConfig>> {
        if self.config.is_none() {
            let mut roots = rustls::RootCertStore::empty();
            // This reads `SSL_CERT_FILE` and `SSL_CERT_DIR` too.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let (_, unusable) = roots.add_parsable_certificates(self.roots.certificates());
            if unusable > 0 {
                tracing::warn!(unusable, "root certificates given to the GameLift SDK cannot be used");
            }
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            self.config = config
                .ok()
                .map(|config| Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
        }
        self.config.clone()
    }
}
