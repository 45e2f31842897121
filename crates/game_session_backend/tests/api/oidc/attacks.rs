//! A row for each way to cheat with a token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use game_session_backend::{SigningAlgorithm, TokenKind};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use super::provider::{GAME, NOW, Provider, Signer};
use super::{opens, trusting};

/// A token of any header and claims; its signature is whatever is given.
fn forged(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

/// The good claims with one of them changed; `null` takes it away.
fn with(claims: &Value, name: &str, value: Value) -> Value {
    let mut claims = claims.clone();
    if value.is_null() {
        claims.as_object_mut().unwrap().remove(name);
    } else {
        claims[name] = value;
    }
    claims
}

#[tokio::test]
async fn no_forged_foreign_or_outdated_token_opens_the_door() {
    let signer = Signer::new(Algorithm::RS256, "key-1");
    let provider = Provider::start(&[&signer]).await;
    let harness = trusting(|config| config.trust(provider.trusted()));
    let nobody = harness.anonymous();
    let good = provider.claims("ann");
    assert!(opens(&nobody, &signer.sign(&good)).await, "the true one does");
    for (attack, token) in attacks(&signer, &good) {
        assert!(!opens(&nobody, &token).await, "{attack}");
    }
    assert!(
        !provider.asked().iter().any(|path| path.contains("evil")),
        "{:?}",
        provider.asked()
    );
}

fn attacks(signer: &Signer, good: &Value) -> Vec<(&'static str, String)> {
    let mallory = Signer::new(Algorithm::RS256, "key-1");
    let header = |more: Value| {
        let mut header = json!({"alg": "RS256", "kid": "key-1", "typ": "JWT"});
        header
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        header
    };
    let token = signer.sign(good);
    let [head, body, signature]: [&str; 3] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    // The public key, which everybody knows, as the secret of an HMAC.
    let modulus = signer.jwk["n"].as_str().unwrap();
    let hmac = |algorithm| {
        let header = Header {
            kid: Some("key-1".to_owned()),
            ..Header::new(algorithm)
        };
        let secret = EncodingKey::from_secret(&BASE64.decode(modulus).unwrap());
        jsonwebtoken::encode(&header, good, &secret).unwrap()
    };
    let resigned = |name, value| signer.sign(&with(good, name, value));
    let without_id = Header::new(Algorithm::RS256);
    let other_id = Header {
        kid: Some("key-2".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let own_keys = Header {
        jku: Some("https://evil.example/keys".to_owned()),
        kid: Some("evil".to_owned()),
        ..Header::new(Algorithm::RS256)
    };
    let own_key = Header {
        jwk: serde_json::from_value(mallory.jwk.clone()).ok(),
        ..mallory.header()
    };
    vec![
        ("no algorithm", forged(&header(json!({"alg": "none"})), good, "")),
        (
            "no algorithm, with a signature",
            forged(&header(json!({"alg": "none"})), good, signature),
        ),
        (
            "no algorithm, in other letters",
            forged(&header(json!({"alg": "nOnE"})), good, ""),
        ),
        ("an HMAC under the public key", hmac(Algorithm::HS256)),
        ("a longer HMAC under the public key", hmac(Algorithm::HS512)),
        ("no signature", format!("{head}.{body}.")),
        ("another's signature", mallory.sign(good)),
        ("the signature of other claims", {
            let other = BASE64.encode(with(good, "sub", json!("bob")).to_string());
            format!("{head}.{other}.{signature}")
        }),
        ("no key id", signer.sign_with(&without_id, good)),
        ("an unknown key id", signer.sign_with(&other_id, good)),
        ("a key set of its own", mallory.sign_with(&own_keys, good)),
        ("a key of its own", mallory.sign_with(&own_key, good)),
        ("an extension that must be understood", {
            let header = Header {
                crit: Some(vec!["exp".to_owned()]),
                ..signer.header()
            };
            signer.sign_with(&header, good)
        }),
        ("another issuer", resigned("iss", json!("https://evil.example"))),
        (
            "almost the issuer",
            resigned("iss", json!(format!("{}/", good["iss"].as_str().unwrap()))),
        ),
        ("the backend itself", resigned("iss", json!("game-session-backend"))),
        ("no issuer", resigned("iss", Value::Null)),
        ("another audience", resigned("aud", json!("another-game"))),
        ("other audiences", resigned("aud", json!(["another-game", "x"]))),
        ("no audience", resigned("aud", Value::Null)),
        ("an empty list of audiences", resigned("aud", json!([]))),
        ("expired", resigned("exp", json!(NOW - 60))),
        ("without end", resigned("exp", Value::Null)),
        ("ending at no time", resigned("exp", json!("never"))),
        ("good later", resigned("nbf", json!(NOW + 61))),
        ("made in the future", resigned("iat", json!(NOW + 61))),
        ("nobody", resigned("sub", json!(""))),
        ("without subject", resigned("sub", Value::Null)),
        ("too long a subject", resigned("sub", json!("x".repeat(1025)))),
        ("too long", resigned("pad", json!("x".repeat(9000)))),
        ("an ID token, by its own word", resigned("token_use", json!("id"))),
        ("a token of an unknown kind", resigned("token_use", json!("refresh"))),
        ("four parts", format!("{token}.x")),
        ("two parts", format!("{head}.{body}")),
        ("junk", "\u{1F600}".to_owned()),
    ]
}

#[tokio::test]
async fn clocks_may_differ_by_the_leeway_and_no_more() {
    let signer = Signer::new(Algorithm::EdDSA, "key-1");
    let provider = Provider::start(&[&signer]).await;
    let harness = trusting(|config| config.trust(provider.trusted()));
    let nobody = harness.anonymous();
    let good = provider.claims("ann");
    for (name, value, fits) in [
        ("exp", json!(NOW - 59), true),
        ("exp", json!(NOW - 60), false),
        ("nbf", json!(NOW + 60), true),
        ("nbf", json!(NOW + 61), false),
        // RFC 7519 allows fractions.
        ("exp", json!(1_799_999_940.5), true),
    ] {
        let token = signer.sign(&with(&good, name, value.clone()));
        assert_eq!(opens(&nobody, &token).await, fits, "{name} {value}");
    }
}

#[tokio::test]
async fn only_the_algorithms_that_were_named_may_sign_and_a_key_signs_only_in_its_own() {
    let (rsa, curve) = (
        Signer::new(Algorithm::RS256, "rsa"),
        Signer::new(Algorithm::ES256, "curve"),
    );
    let provider = Provider::start(&[&rsa, &curve]).await;
    let only = [SigningAlgorithm::Rs256, SigningAlgorithm::Rs512];
    let trusted = provider.trusted().algorithms(&only).unwrap();
    let harness = trusting(|config| config.trust(trusted));
    let nobody = harness.anonymous();
    let good = provider.claims("ann");
    assert!(opens(&nobody, &rsa.sign(&good)).await);
    assert!(!opens(&nobody, &curve.sign(&good)).await, "ES256 was not named");
    let longer = Header {
        kid: Some("rsa".to_owned()),
        ..Header::new(Algorithm::RS512)
    };
    let token = rsa.sign_with(&longer, &good);
    assert!(!opens(&nobody, &token).await, "the key is published for RS256 only");
}

#[tokio::test]
async fn keys_that_are_not_for_signatures_or_are_secrets_are_not_used() {
    let signer = Signer::new(Algorithm::RS256, "key-1");
    for spoilt in [
        json!({"use": "enc"}),
        json!({"kid": null}),
        json!({"kty": "oct", "k": signer.jwk["n"]}),
        json!({"alg": "RSA-OAEP"}),
    ] {
        let provider = Provider::start(&[]).await;
        let mut jwk = signer.jwk.clone();
        jwk.as_object_mut().unwrap().extend(spoilt.as_object().unwrap().clone());
        // One that can be used is there too, else there would be no keys at all.
        let other = Signer::new(Algorithm::ES256, "key-2");
        provider.publish(&[json!({"kty": "XYZ", "kid": "key-0"}), jwk, other.jwk.clone()]);
        let harness = trusting(|config| config.trust(provider.trusted()));
        let nobody = harness.anonymous();
        let good = provider.claims("ann");
        assert!(!opens(&nobody, &signer.sign(&good)).await, "{spoilt}");
        assert!(opens(&nobody, &other.sign(&good)).await);
    }
}

#[tokio::test]
async fn of_cognitos_tokens_the_kind_that_was_named_counts_and_only_those_of_the_games_client() {
    let signer = Signer::new(Algorithm::RS256, "key-1");
    let provider = Provider::start(&[&signer]).await;
    let base = with(&provider.claims("ann"), "aud", Value::Null);
    let access = |client: &str| {
        let claims = with(&base, "token_use", json!("access"));
        signer.sign(&with(&claims, "client_id", json!(client)))
    };
    let id = |audience: &str| {
        let claims = with(&base, "token_use", json!("id"));
        signer.sign(&with(&claims, "aud", json!(audience)))
    };
    let nameless = signer.sign(&with(&base, "token_use", json!("access")));
    for (kind, access_counts, id_counts) in [
        (TokenKind::Access, true, false),
        (TokenKind::Id, false, true),
        (TokenKind::Either, true, true),
    ] {
        let harness = trusting(|config| config.trust(provider.trusted().tokens(kind)));
        let nobody = harness.anonymous();
        assert_eq!(opens(&nobody, &access(GAME)).await, access_counts, "{kind:?}");
        assert_eq!(opens(&nobody, &id(GAME)).await, id_counts, "{kind:?}");
        for wrong in [access("another-game"), id("another-game"), nameless.clone()] {
            assert!(!opens(&nobody, &wrong).await, "{kind:?}");
        }
    }
}
