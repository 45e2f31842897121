//! An identity provider of this process: keys, tokens, and documents that are counted and can be spoilt.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use game_session_backend::TrustedIssuer;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize};
use serde_json::{Value, json};

use crate::support::client::NOW_MS;

pub(super) const NOW: u64 = NOW_MS / 1000;
pub(super) const GAME: &str = "the-game";
/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const ED25519_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// A private key with the public one as the provider publishes it.
#[derive(Clone)]
pub(super) struct Signer {
    pub(super) private: EncodingKey,
    pub(super) algorithm: Algorithm,
    pub(super) jwk: Value,
}

impl Signer {
    pub(super) fn new(algorithm: Algorithm, id: &str) -> Self {
        let private = match algorithm {
            Algorithm::EdDSA => {
                let mut seed = [7; 32];
                seed[..id.len()].copy_from_slice(id.as_bytes());
                EncodingKey::from_ed_der(&[ED25519_HEAD.as_slice(), &seed].concat())
            }
            Algorithm::ES256 => {
                let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
                EncodingKey::from_ec_pem(pair.serialize_pem().as_bytes()).unwrap()
            }
            _ => {
                let pair = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
                EncodingKey::from_rsa_pem(pair.serialize_pem().as_bytes()).unwrap()
            }
        };
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&private, algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(id);
        jwk["use"] = json!("sig");
        Self {
            private,
            algorithm,
            jwk,
        }
    }

    pub(super) fn header(&self) -> Header {
        Header {
            kid: Some(self.jwk["kid"].as_str().unwrap().to_owned()),
            ..Header::new(self.algorithm)
        }
    }

    pub(super) fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    pub(super) fn sign_with(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.private).unwrap()
    }
}

/// What is answered to who asks for the provider's documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    AsTheyShould,
    Nothing,
    TooMuch,
    Elsewhere,
    OfAnother,
    KeysInTheClear,
    Junk,
}

struct Inside {
    keys: Vec<Value>,
    answers: Answers,
    fetched: Vec<String>,
}

/// Listens on loopback until it is dropped.
pub(super) struct Provider {
    pub(super) url: String,
    inside: Arc<Mutex<Inside>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    pub(super) async fn start(signers: &[&Signer]) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/pool", listener.local_addr().unwrap());
        let inside = Arc::new(Mutex::new(Inside {
            keys: signers.iter().map(|signer| signer.jwk.clone()).collect(),
            answers: Answers::AsTheyShould,
            fetched: Vec::new(),
        }));
        let router = Router::new()
            .fallback(document)
            .with_state((url.clone(), Arc::clone(&inside)));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inside, task }
    }

    pub(super) fn trusted(&self) -> TrustedIssuer {
        TrustedIssuer::new(&self.url, GAME).unwrap()
    }

    pub(super) fn publish(&self, keys: &[Value]) {
        self.inside.lock().unwrap().keys = keys.to_vec();
    }

    pub(super) fn answer(&self, answers: Answers) {
        self.inside.lock().unwrap().answers = answers;
    }

    /// How often its keys were asked for.
    pub(super) fn fetches(&self) -> usize {
        let inside = self.inside.lock().unwrap();
        inside.fetched.iter().filter(|path| path.ends_with("/keys")).count()
    }

    /// All paths that were asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.inside.lock().unwrap().fetched.clone()
    }

    /// The claims of a good token.
    pub(super) fn claims(&self, subject: &str) -> Value {
        json!({"iss": self.url, "sub": subject, "aud": GAME, "iat": NOW, "exp": NOW + 300})
    }
}

async fn document(State((url, inside)): State<(String, Arc<Mutex<Inside>>)>, asked: Uri) -> Response {
    let mut inside = inside.lock().unwrap();
    inside.fetched.push(asked.path().to_owned());
    let keys = json!({"keys": inside.keys});
    let discovery = |issuer: &str, keys: &str| json!({"issuer": issuer, "jwks_uri": keys}).to_string();
    let own = format!("{url}/keys");
    let is_discovery = asked.path() == "/pool/.well-known/openid-configuration";
    let text = match inside.answers {
        Answers::Nothing => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Answers::Elsewhere => {
            let elsewhere = [("location", format!("{url}/elsewhere/keys"))];
            return (StatusCode::FOUND, elsewhere).into_response();
        }
        Answers::Junk => "<html>a proxy</html>".to_owned(),
        Answers::OfAnother if is_discovery => discovery("https://another.example", &own),
        Answers::KeysInTheClear if is_discovery => discovery(&url, "http://192.0.2.1/keys"),
        Answers::TooMuch if !is_discovery => format!("{keys}{}", " ".repeat(200_000)),
        _ if is_discovery => discovery(&url, &own),
        _ => keys.to_string(),
    };
    text.into_response()
}
