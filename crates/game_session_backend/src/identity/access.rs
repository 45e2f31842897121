//! Access tokens: Ed25519-signed JSON web tokens, in the only file that knows them.
//!
//! A signing key is derived from a master secret and the week, so keys change every week by themselves and all
//! instances agree on them. The keys of the weeks before and after are good and published too: a token outlives its
//! week, and clocks differ. What another service needs to check a token is at `/.well-known/jwks.json`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use game_session_protocol::PlayerId;
use game_session_protocol::requests::AccessToken;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::keyring::{Keyring, Master, Purpose};
use crate::locks::locked;

/// Who issues the tokens.
pub(super) const ISSUER: &str = "game-session-backend";
/// Whom they are for.
const AUDIENCE: &str = "game-session-backend/v1";
const LONGEST_TOKEN: usize = 1024;
const WEEK: u64 = 7 * 24 * 60 * 60;
/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// Keys that are kept; more than a full keyring has at a time.
const MOST_KEYS: usize = 64;

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: PlayerId,
    iat: u64,
    exp: u64,
}

/// Signs and checks access tokens, and keeps the keys it derived.
pub(crate) struct Issuer {
    ring: Keyring,
    pairs: Mutex<HashMap<String, Arc<Pair>>>,
}

struct Pair {
    private: EncodingKey,
    public: DecodingKey,
    jwk: Jwk,
}

impl Issuer {
    pub(crate) fn new(ring: Keyring) -> Self {
        Self {
            ring,
            pairs: Mutex::default(),
        }
    }

    /// A token for a player, and when it ends; no token is good for more than a week.
    pub(crate) fn issue(&self, player: &PlayerId, now: u64, life: u64) -> Option<(AccessToken, u64)> {
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: player.clone(),
            iat: now,
            exp: now.saturating_add(life.min(WEEK)),
        };
        let (id, pair) = self.pair(self.ring.active(), now / WEEK)?;
        let header = Header {
            kid: Some(id),
            ..Header::new(Algorithm::EdDSA)
        };
        let token = encode(&header, &claims, &pair.private).ok()?;
        Some((AccessToken::new(token), claims.exp))
    }

    /// The player whose token this is; `None` when it proves nothing or has expired.
    pub(crate) fn player_of(&self, now: u64, token: &str) -> Option<PlayerId> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let key_id = decode_header(token).ok()?.kid?;
        let (id, week) = key_id.split_once('-')?;
        let week = published(now).find(|known| week == known.to_string())?;
        let (_, pair) = self.pair(self.ring.by_id(id)?, week)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        // Judged below, by the clock that all of the backend uses.
        rules.validate_exp = false;
        let claims = decode::<Claims>(token, &pair.public, &rules).ok()?.claims;
        (now < claims.exp).then_some(claims.sub)
    }

    /// The public keys of all tokens that may be good now or soon.
    pub(crate) fn public_keys(&self, now: u64) -> JwkSet {
        let keys = self
            .ring
            .keys()
            .flat_map(|master| published(now).filter_map(move |week| Some(self.pair(master, week)?.1.jwk.clone())))
            .collect();
        JwkSet { keys }
    }

    /// The pair of a master secret and a week, with its id.
    fn pair(&self, master: &Master, week: u64) -> Option<(String, Arc<Pair>)> {
        let id = format!("{}-{week}", master.id());
        if let Some(pair) = locked(&self.pairs).get(&id) {
            return Some((id, Arc::clone(pair)));
        }
        let pair = Arc::new(Pair::derive(master, week, &id)?);
        let mut kept = locked(&self.pairs);
        if kept.len() >= MOST_KEYS {
            kept.clear();
        }
        kept.insert(id.clone(), Arc::clone(&pair));
        Some((id, pair))
    }
}

impl Pair {
    fn derive(master: &Master, week: u64, id: &str) -> Option<Self> {
        let seed = master.derive::<32>(Purpose::AccessTokens, &week.to_be_bytes());
        let der = Zeroizing::new([PKCS8_HEAD.as_slice(), seed.as_slice()].concat());
        let private = EncodingKey::from_ed_der(&der);
        let mut jwk = Jwk::from_encoding_key(&private, Algorithm::EdDSA).ok()?;
        jwk.common.key_id = Some(id.to_owned());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        let AlgorithmParameters::OctetKeyPair(parameters) = &jwk.algorithm else {
            return None;
        };
        let public = URL_SAFE_NO_PAD.decode(&parameters.x).ok()?;
        Some(Self {
            private,
            public: DecodingKey::from_ed_der(&public),
            jwk,
        })
    }
}

/// The weeks whose keys are good at a time.
fn published(now: u64) -> impl Iterator<Item = u64> {
    let week = now / WEEK;
    week.saturating_sub(1)..=week + 1
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn ann() -> PlayerId {
        "guest-ann".parse().unwrap()
    }

    #[test]
    fn a_token_proves_its_player_until_it_expires() {
        let issuer = Issuer::new(Keyring::random());
        let (token, end) = issuer.issue(&ann(), NOW, 60).unwrap();
        assert_eq!(end, NOW + 60);
        assert_eq!(issuer.player_of(NOW + 59, token.expose()), Some(ann()));
        assert_eq!(issuer.player_of(NOW + 60, token.expose()), None);
    }

    #[test]
    fn a_changed_unsigned_or_foreign_token_proves_nothing() {
        let issuer = Issuer::new(Keyring::random());
        let (token, _) = issuer.issue(&ann(), NOW, 60).unwrap();
        let [head, claims, signature]: [&str; 3] = token.expose().split('.').collect::<Vec<_>>().try_into().unwrap();
        let key_id = decode_header(token.expose()).unwrap().kid.unwrap();
        let none = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"none","kid":"{key_id}"}}"#));
        let other = URL_SAFE_NO_PAD.encode(r#"{"sub":"guest-bob"}"#);
        // An HMAC under the public key, which everybody knows.
        let public = issuer.public_keys(NOW).keys[1].clone();
        let AlgorithmParameters::OctetKeyPair(parameters) = public.algorithm else {
            unreachable!("all keys are Ed25519")
        };
        let header = Header {
            kid: Some(key_id),
            ..Header::new(Algorithm::HS256)
        };
        let body: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        let secret = EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(parameters.x).unwrap());
        let confused = encode(&header, &body, &secret).unwrap();
        for wrong in [
            format!("{none}.{claims}."),
            format!("{head}.{claims}.AAAA"),
            format!("{head}.{other}.{signature}"),
            confused,
            String::new(),
            "a.b.c".to_owned(),
            "\u{1F600}".to_owned(),
            "x".repeat(5000),
        ] {
            assert_eq!(issuer.player_of(NOW, &wrong), None, "{wrong}");
        }
        let foreign = Issuer::new(Keyring::random());
        assert_eq!(foreign.player_of(NOW, token.expose()), None);
        assert_eq!(issuer.player_of(NOW, token.expose()), Some(ann()), "the true one does");
    }

    #[test]
    fn keys_change_every_week_and_the_last_weeks_tokens_live_on() {
        let issuer = Issuer::new(Keyring::random());
        let end_of_week = (NOW / WEEK + 1) * WEEK;
        let id = |token: &AccessToken| decode_header(token.expose()).unwrap().kid.unwrap();
        let (old, _) = issuer.issue(&ann(), end_of_week - 1, 900).unwrap();
        let (new, _) = issuer.issue(&ann(), end_of_week, 900).unwrap();
        assert_ne!(id(&old), id(&new));
        assert_eq!(issuer.player_of(end_of_week + 60, old.expose()), Some(ann()));
        let (long, _) = issuer.issue(&ann(), end_of_week - 1, u64::MAX).unwrap();
        assert_eq!(issuer.player_of(end_of_week + WEEK, long.expose()), None);
    }

    #[test]
    fn what_is_published_checks_tokens_and_holds_nothing_private() {
        let ring: Keyring = format!("{},{}", Keyring::new_key_text("k2"), Keyring::new_key_text("k1"))
            .parse()
            .unwrap();
        let issuer = Issuer::new(ring);
        let published = issuer.public_keys(NOW);
        assert_eq!(published.keys.len(), 6, "three weeks of two keys");
        let (token, _) = issuer.issue(&ann(), NOW, 60).unwrap();
        let jwk = published
            .find(&decode_header(token.expose()).unwrap().kid.unwrap())
            .unwrap();
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.set_audience(&[AUDIENCE]);
        rules.validate_exp = false;
        let claims = decode::<Claims>(token.expose(), &DecodingKey::from_jwk(jwk).unwrap(), &rules);
        assert_eq!(claims.unwrap().claims.sub, ann());
        let json = serde_json::to_value(&published).unwrap();
        for key in json["keys"].as_array().unwrap() {
            assert_eq!((key["kty"].as_str(), key["use"].as_str()), (Some("OKP"), Some("sig")));
            assert!(key.get("d").is_none(), "{key}");
        }
    }
}
