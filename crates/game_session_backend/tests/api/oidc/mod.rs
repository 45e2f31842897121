//! Players of outside identity providers: what a token must hold, and how often their keys are asked for.

mod attacks;
mod keys;
mod provider;

use axum::http::StatusCode;
use game_session_backend::{BackendConfig, Keyring, Limits, Rate};
use game_session_protocol::{ErrorCode, PlayerId};
use jsonwebtoken::Algorithm;
use serde_json::json;

use crate::support::client::{Client, NOW_MS};
use crate::support::{Fake, Harness, log};
use provider::{Provider, Signer};

/// A backend that trusts a provider.
pub(super) fn trusting(more: impl FnOnce(BackendConfig) -> BackendConfig) -> Harness {
    let many = Rate {
        burst: 10_000,
        per_second: 10_000,
    };
    Harness::configured(
        Fake::new(NOW_MS),
        Keyring::new_key_text("k1").parse().unwrap(),
        |config| more(config.limits(Limits::default().per_player(many))),
    )
}

/// Whether a token opens the door.
pub(super) async fn opens(client: &Client, token: &str) -> bool {
    let answer = client.with_token(token).browse("").await;
    if answer.status != StatusCode::OK {
        assert_eq!(answer.code(), ErrorCode::Unauthorized);
    }
    answer.status == StatusCode::OK
}

#[tokio::test]
async fn a_player_of_an_outside_issuer_plays_beside_guests_and_stays_the_same_player() {
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        let signer = Signer::new(algorithm, "key-1");
        let provider = Provider::start(&[&signer]).await;
        let harness = trusting(|config| config.trust(provider.trusted()));
        let token = |subject| signer.sign(&provider.claims(subject));
        let ann = harness.anonymous().with_token(&token("ann"));
        let id = ann.create("click-1", "20").await.seat().game_session.id;
        let (guest, bob) = (harness.guest().await, ann.with_token(&token("bob")));
        guest.join(&id).await.seat();
        for stranger in [&guest, &bob] {
            assert_eq!(stranger.end(&id).await.code(), ErrorCode::Forbidden);
        }
        let later = json!({"iss": provider.url, "sub": "ann", "aud": ["x", "the-game"], "exp": provider::NOW + 900});
        let again = ann.with_token(&signer.sign(&later));
        assert_eq!(again.end(&id).await.status, StatusCode::NO_CONTENT, "she is its owner");
        assert!(!log::holds(&token("ann")), "a token leaked into the log");
    }
}

#[tokio::test]
async fn players_of_two_issuers_with_the_same_subject_are_two_players_and_none_is_a_guest() {
    let (one, two) = (Signer::new(Algorithm::EdDSA, "a"), Signer::new(Algorithm::EdDSA, "b"));
    let (first, second) = (Provider::start(&[&one]).await, Provider::start(&[&two]).await);
    let harness = trusting(|config| config.trust(first.trusted()).trust(second.trusted()));
    let guest = harness.guest().await;
    // Whoever chooses the name of a guest as subject does not become that guest.
    for subject in ["ann", &guest.player_id()] {
        let tokens = [one.sign(&first.claims(subject)), two.sign(&second.claims(subject))];
        for token in tokens {
            let click = format!("click-{}", harness.fake.requests().len());
            harness
                .anonymous()
                .with_token(&token)
                .create(&click, "0")
                .await
                .placing();
        }
    }
    let owners: Vec<PlayerId> = harness.fake.requests().iter().map(owner_of).collect();
    assert_eq!(owners.len(), 4);
    for (at, owner) in owners.iter().enumerate() {
        assert!(
            owner.as_str().starts_with("user-") && !owners[..at].contains(owner),
            "{owners:?}"
        );
    }
}

fn owner_of(request: &game_session_backend::gamelift::NewGameSession) -> PlayerId {
    game_session_protocol::GameSessionData::parse(request.session_data.expose())
        .unwrap()
        .owner
}

#[tokio::test]
async fn without_guests_only_players_of_the_issuer_come_in() {
    let signer = Signer::new(Algorithm::ES256, "key-1");
    let provider = Provider::start(&[&signer]).await;
    let ring: Keyring = Keyring::new_key_text("k1").parse().unwrap();
    let open = Harness::over(Fake::new(NOW_MS), ring.clone(), Limits::default());
    let closed = Harness::configured(Fake::new(NOW_MS), ring, |config| {
        config.trust(provider.trusted()).no_guests()
    });
    let guest = open.guest().await.at(&closed);
    assert_eq!(guest.browse("").await.code(), ErrorCode::Unauthorized);
    let again = json!({"refresh_token": guest.refresh_token()});
    let refresh = guest.send("POST", "/v1/guests/refresh", None, Some(again)).await;
    assert_eq!(refresh.code(), ErrorCode::Forbidden);
    let new = guest.send("POST", "/v1/guests", None, None).await;
    assert_eq!(new.code(), ErrorCode::Forbidden);
    assert!(opens(&guest, &signer.sign(&provider.claims("ann"))).await);
}
