//! How often a provider is asked for its keys, and what happens while it does not answer.

use std::time::Duration;

use game_session_protocol::ErrorCode;
use jsonwebtoken::Algorithm;
use jsonwebtoken::Header;

use super::provider::{Answers, NOW, Provider, Signer};
use super::{opens, trusting};
use crate::support::Harness;

const HOUR: Duration = Duration::from_hours(1);

struct Stage {
    signer: Signer,
    provider: Provider,
    harness: Harness,
}

impl Stage {
    async fn new() -> Self {
        let signer = Signer::new(Algorithm::EdDSA, "key-1");
        let provider = Provider::start(&[&signer]).await;
        let harness = trusting(|config| config.trust(provider.trusted()));
        Self {
            signer,
            provider,
            harness,
        }
    }

    /// A token that is good for a week.
    fn token(&self, signer: &Signer) -> String {
        let mut claims = self.provider.claims("ann");
        claims["exp"] = (NOW + 7 * 24 * 3600).into();
        signer.sign(&claims)
    }

    /// Whether the player comes in.
    async fn opens(&self) -> bool {
        opens(&self.harness.anonymous(), &self.token(&self.signer)).await
    }

    /// What the player hears while it is not known whether the token is good.
    async fn hears(&self) -> ErrorCode {
        let client = self.harness.anonymous().with_token(&self.token(&self.signer));
        let answer = client.browse("").await;
        assert_eq!(answer.header("retry-after"), Some("5"));
        answer.code()
    }
}

#[tokio::test]
async fn the_keys_are_fetched_once_an_hour_for_all_who_come() {
    let stage = Stage::new().await;
    assert_eq!(stage.provider.fetches(), 0, "nobody came yet");
    let token = stage.token(&stage.signer);
    let arrivals: Vec<_> = (0..50)
        .map(|_| {
            let (client, token) = (stage.harness.anonymous(), token.clone());
            tokio::spawn(async move { opens(&client, &token).await })
        })
        .collect();
    for arrival in arrivals {
        assert!(arrival.await.unwrap());
    }
    assert_eq!(stage.provider.asked().len(), 2, "discovery and keys");
    stage.harness.clock.advance(HOUR);
    assert!(stage.opens().await && stage.opens().await);
    assert_eq!(stage.provider.fetches(), 2);
}

#[tokio::test]
async fn a_storm_of_unknown_key_ids_leads_to_one_fetch_in_half_a_minute() {
    let stage = Stage::new().await;
    assert!(stage.opens().await);
    stage.harness.clock.advance(Duration::from_secs(30));
    for round in 0..2 {
        let storm: Vec<_> = (0..200)
            .map(|number| {
                let header = Header {
                    kid: Some(format!("storm-{round}-{number}")),
                    ..Header::new(Algorithm::EdDSA)
                };
                let token = stage.signer.sign_with(&header, &stage.provider.claims("ann"));
                let client = stage.harness.anonymous();
                tokio::spawn(async move { opens(&client, &token).await })
            })
            .collect();
        for gust in storm {
            assert!(!gust.await.unwrap());
        }
        assert_eq!(stage.provider.fetches(), 2, "the first, and one for the storm");
        assert!(stage.opens().await, "who has a known key comes in all the same");
    }
}

#[tokio::test]
async fn a_new_key_is_found_and_one_that_was_taken_back_counts_no_more_after_an_hour() {
    let stage = Stage::new().await;
    assert!(stage.opens().await);
    let new = Signer::new(Algorithm::EdDSA, "key-2");
    stage.provider.publish(std::slice::from_ref(&new.jwk));
    let nobody = stage.harness.anonymous();
    assert!(
        !opens(&nobody, &stage.token(&new)).await,
        "the keys were fetched a moment ago"
    );
    stage.harness.clock.advance(Duration::from_secs(30));
    assert!(opens(&nobody, &stage.token(&new)).await);
    assert!(!stage.opens().await, "the old key is not published any more");
    stage.provider.publish(std::slice::from_ref(&stage.signer.jwk));
    stage.harness.clock.advance(HOUR);
    assert!(!opens(&nobody, &stage.token(&new)).await);
    assert!(stage.opens().await);
}

#[tokio::test]
async fn while_the_provider_is_down_its_known_players_come_in_for_a_day() {
    let stage = Stage::new().await;
    assert!(stage.opens().await);
    for answers in [Answers::Nothing, Answers::TooMuch, Answers::Junk, Answers::Elsewhere] {
        stage.provider.answer(answers);
        stage.harness.clock.advance(5 * HOUR);
        assert!(stage.opens().await, "{answers:?}");
    }
    let asked = stage.provider.asked().len();
    assert!(stage.opens().await);
    assert_eq!(
        stage.provider.asked().len(),
        asked,
        "it is asked again only after a while"
    );
    stage.harness.clock.advance(4 * HOUR);
    assert_eq!(stage.hears().await, ErrorCode::Unavailable, "a day is over");
    stage.provider.answer(Answers::AsTheyShould);
    stage.harness.clock.advance(Duration::from_secs(5));
    assert!(stage.opens().await);
}

#[tokio::test]
async fn a_provider_that_gives_no_keys_is_no_wrong_token_and_is_asked_every_five_seconds_at_most() {
    for answers in [
        Answers::Nothing,
        Answers::TooMuch,
        Answers::Junk,
        Answers::Elsewhere,
        Answers::OfAnother,
        Answers::KeysInTheClear,
    ] {
        let stage = Stage::new().await;
        stage.provider.answer(answers);
        assert_eq!(stage.hears().await, ErrorCode::Unavailable, "{answers:?}");
        let asked = stage.provider.asked();
        assert!(!asked.iter().any(|path| path.contains("elsewhere")), "{asked:?}");
        assert_eq!(stage.hears().await, ErrorCode::Unavailable);
        assert_eq!(stage.provider.asked(), asked);
        stage.provider.answer(Answers::AsTheyShould);
        stage.harness.clock.advance(Duration::from_secs(5));
        assert!(stage.opens().await, "{answers:?}");
    }
}

#[tokio::test]
async fn keys_whose_address_was_named_need_no_discovery() {
    let signer = Signer::new(Algorithm::ES256, "key-1");
    let provider = Provider::start(&[&signer]).await;
    let named = provider.trusted().jwks_url(format!("{}/keys", provider.url)).unwrap();
    let harness = trusting(|config| config.trust(named));
    assert!(opens(&harness.anonymous(), &signer.sign(&provider.claims("ann"))).await);
    assert_eq!(provider.asked(), ["/pool/keys"]);
}
