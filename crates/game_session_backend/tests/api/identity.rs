//! Guests: short access tokens, and a secret by which a guest stays the same player.

use std::time::Duration;

use axum::http::StatusCode;
use game_session_backend::{Keyring, Limits};
use game_session_protocol::ErrorCode;
use serde_json::{Value, json};

use crate::support::client::NOW_MS;
use crate::support::{Fake, Harness};

#[tokio::test]
async fn an_access_token_ends_after_a_quarter_of_an_hour_and_a_refresh_keeps_the_player() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let id = ann.create("click-1", "0").await.placing().id;
    harness.clock.advance(Duration::from_mins(15));
    assert_eq!(ann.end(&id).await.code(), ErrorCode::Unauthorized);
    let refreshed = ann.refreshed().await;
    assert_eq!(refreshed.player_id(), ann.player_id());
    assert_ne!(refreshed.refresh_token(), ann.refresh_token());
    assert_eq!(
        refreshed.end(&id).await.status,
        StatusCode::NO_CONTENT,
        "she is still its owner"
    );
}

#[tokio::test]
async fn a_guest_who_keeps_coming_back_stays_the_same_player_and_one_who_stays_away_too_long_does_not() {
    let harness = Harness::new();
    let mut ann = harness.guest().await;
    let player = ann.player_id();
    for _ in 0..4 {
        harness.clock.advance(Duration::from_hours(29 * 24));
        ann = ann.refreshed().await;
        assert_eq!(ann.player_id(), player);
    }
    harness.clock.advance(Duration::from_hours(30 * 24));
    let body = json!({"refresh_token": ann.refresh_token()});
    let late = ann.send("POST", "/v1/guests/refresh", None, Some(body)).await;
    assert_eq!(late.code(), ErrorCode::Unauthorized);
}

#[tokio::test]
async fn a_wrong_refresh_token_is_refused_and_never_read_from_a_url() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let access = {
        let foreign = Harness::over(Fake::new(NOW_MS), Keyring::random(), Limits::default())
            .guest()
            .await;
        foreign.refresh_token()
    };
    for wrong in [
        json!({"refresh_token": access}),
        json!({"refresh_token": "junk"}),
        json!({"refresh_token": ""}),
    ] {
        let answer = ann.send("POST", "/v1/guests/refresh", None, Some(wrong)).await;
        assert_eq!(answer.code(), ErrorCode::Unauthorized);
    }
    let good = json!({"refresh_token": ann.refresh_token(), "player_id": "guest-bob"});
    let answer = ann.send("POST", "/v1/guests/refresh", None, Some(good)).await;
    assert_eq!(answer.code(), ErrorCode::InvalidRequest);
    let path = format!("/v1/guests/refresh?refresh_token={}", ann.refresh_token());
    assert_eq!(
        ann.send("POST", &path, None, Some(json!({}))).await.code(),
        ErrorCode::InvalidRequest
    );
    assert_eq!(
        ann.send("GET", &path, None, None).await.code(),
        ErrorCode::MethodNotAllowed
    );
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let answer = ann.with_token(&ann.refresh_token()).browse("").await;
    assert_eq!(answer.code(), ErrorCode::Unauthorized);
}

#[tokio::test]
async fn tokens_survive_a_rotation_of_the_keyring_and_end_with_their_key() {
    let (old, new) = (Keyring::new_key_text("k1"), Keyring::new_key_text("k2"));
    let over = |ring: &str| Harness::over(Fake::new(NOW_MS), ring.parse().unwrap(), Limits::default());
    let (before, rotated, gone) = (over(&old), over(&format!("{new},{old}")), over(&new));
    let ann = before.guest().await;
    assert_eq!(ann.at(&rotated).browse("").await.status, StatusCode::OK);
    assert_eq!(ann.at(&gone).browse("").await.code(), ErrorCode::Unauthorized);
    let renewed = ann.at(&rotated).refreshed().await;
    assert_eq!(renewed.player_id(), ann.player_id());
    assert_eq!(
        renewed.at(&gone).browse("").await.status,
        StatusCode::OK,
        "the new key signs"
    );
}

#[tokio::test]
async fn the_public_keys_are_published_and_may_be_kept_for_a_while() {
    let harness = Harness::new();
    let answer = harness
        .anonymous()
        .send("GET", "/.well-known/jwks.json", None, None)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let keys = answer.json::<Value>()["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 3, "of the last week, this one and the next");
    for key in keys {
        assert_eq!(
            (key["crv"].as_str(), key["alg"].as_str()),
            (Some("Ed25519"), Some("EdDSA"))
        );
        assert!(key.get("d").is_none());
    }
}
