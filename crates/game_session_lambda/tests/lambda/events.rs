//! Raw events: claims that an authorizer added, bodies in Base64, events of another kind, and where requests come from.

use axum::Router;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::function::{Instance, refusal};
use crate::gateway::{self, with_claims};
use crate::list::{Ask, Scene};
use crate::runtime::RuntimeApi;
use crate::stage::Stage;

const ISSUER: &str = "https://issuer.example/pool";
/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const ED25519_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// One instance.
struct Lambda {
    stage: Stage,
    runtime: RuntimeApi,
    instance: Instance,
}

impl Lambda {
    async fn start(more: &[(&str, &str)]) -> Option<Self> {
        let stage = Stage::new().await?;
        let runtime = RuntimeApi::start().await;
        let instance = Instance::start(runtime.address(), &stage.environment(more));
        Some(Self {
            stage,
            runtime,
            instance,
        })
    }

    async fn tell(&self, event: &Value) -> (u16, Value) {
        let answer = self.runtime.invoke(event).await.expect("the function answers");
        let (status, text) = gateway::answer(&answer);
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

fn ask<'a>(method: &'a str, path: &'a str, token: Option<&'a str>, body: &'a Value) -> Ask<'a> {
    Ask {
        method,
        path,
        token,
        click: if method == "POST" { "click-1" } else { "" },
        body,
    }
}

/// An identity provider's key, and where it is published on loopback.
struct Provider {
    private: EncodingKey,
    keys_url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Provider {
    async fn start() -> Self {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).unwrap();
        let private = EncodingKey::from_ed_der(&[ED25519_HEAD.as_slice(), &seed].concat());
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&private, Algorithm::EdDSA).unwrap()).unwrap();
        jwk["kid"] = json!("key-1");
        let set = json!({"keys": [jwk]}).to_string();
        let router = Router::new().route("/keys", get(move || async move { set }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let keys_url = format!("http://{}/keys", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            private,
            keys_url,
            task,
        }
    }

    fn token(&self, claims: &Value) -> String {
        let header = Header {
            kid: Some("key-1".to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        encode(&header, claims, &self.private).unwrap()
    }
}

fn claims(subject: &str) -> Value {
    json!({"iss": ISSUER, "sub": subject, "client_id": "the-game", "token_use": "access", "exp": 4_000_000_000_u64})
}

#[tokio::test]
async fn the_function_believes_the_token_and_never_the_claims_that_an_event_carries() {
    let provider = Provider::start().await;
    let settings = [
        ("GAME_SESSION_OIDC_ISSUER", ISSUER),
        ("GAME_SESSION_OIDC_AUDIENCES", "the-game"),
        ("GAME_SESSION_OIDC_JWKS_URL", &provider.keys_url),
        ("GAME_SESSION_GUESTS", "no"),
    ];
    let Some(mut lambda) = Lambda::start(&settings).await else {
        return;
    };
    lambda.stage.play(Scene::AllIsWell).await;
    let path = "/v1/game-sessions?wait=10";
    let body = json!({"name": "Ann's game", "max_players": 4, "build": "v1"});
    let (ann, bob) = (claims("ann"), claims("bob"));
    let forged = format!("{}x", provider.token(&ann));
    for token in [None, Some("junk"), Some(forged.as_str())] {
        let event = with_claims(gateway::event(&ask("POST", path, token, &body)), &ann);
        let (status, answer) = lambda.tell(&event).await;
        assert_eq!((status, &answer["code"]), (401, &json!("unauthorized")), "{answer}");
    }
    let token = provider.token(&ann);
    let event = with_claims(gateway::event(&ask("POST", path, Some(&token), &body)), &bob);
    let (status, seat) = lambda.tell(&event).await;
    assert_eq!(status, 201, "{seat}");
    let owner = lambda.stage.session_data().await[0].owner.to_string();
    assert!(owner.starts_with("user-"), "{owner}");
    let one = format!("/v1/game-sessions/{}", seat["game_session"]["id"].as_str().unwrap());
    let end = |token: String, claims: Value| {
        let event = gateway::event(&ask("DELETE", &one, Some(&token), &Value::Null));
        with_claims(event, &claims)
    };
    let (status, _) = lambda.tell(&end(provider.token(&bob), ann.clone())).await;
    assert_eq!(status, 403, "the claims say that it is hers, the token does not");
    let (status, _) = lambda.tell(&end(token.clone(), bob)).await;
    assert_eq!(status, 204);
    assert!(!lambda.instance.logged(&token), "a token leaked into the log");
    let guest = gateway::event(&ask("POST", "/v1/guests", None, &Value::Null));
    assert_eq!(lambda.tell(&guest).await.0, 403);
}

#[tokio::test]
async fn bodies_in_base64_are_read_and_events_of_another_kind_are_errors_after_which_it_goes_on() {
    let Some(lambda) = Lambda::start(&[]).await else { return };
    let mut event = gateway::event(&ask("POST", "/v1/guests/refresh", None, &json!({"refresh_token": "x"})));
    event["body"] = json!(BASE64.encode(event["body"].as_str().unwrap()));
    event["isBase64Encoded"] = json!(true);
    let (status, refused) = lambda.tell(&event).await;
    assert_eq!((status, &refused["code"]), (401, &json!("unauthorized")), "{refused}");
    for junk in [json!({"Records": []}), json!("junk"), Value::Null] {
        let outcome = lambda.runtime.invoke(&junk).await;
        assert!(outcome.is_err(), "{outcome:?}");
    }
    let healthy = gateway::event(&ask("GET", "/healthz", None, &Value::Null));
    assert_eq!(lambda.tell(&healthy).await, (200, json!("healthy")));
}

#[tokio::test]
async fn requests_are_counted_by_the_address_that_api_gateway_saw_and_not_by_a_header() {
    let Some(lambda) = Lambda::start(&[]).await else { return };
    let from = |address: &str, claimed: usize| {
        let mut event = gateway::event(&ask("GET", "/.well-known/jwks.json", None, &Value::Null));
        event["requestContext"]["http"]["sourceIp"] = json!(address);
        event["headers"]["x-forwarded-for"] = json!(format!("198.51.100.{claimed}"));
        event
    };
    let mut refused = None;
    // 200 at once and 50 a second: however slow this machine is, a bucket that is not refilled in time runs empty.
    for number in 0..20_000 {
        let (status, answer) = lambda.tell(&from("192.0.2.1", number % 250)).await;
        if status != 200 {
            refused = Some((status, answer["code"].clone()));
            break;
        }
    }
    assert_eq!(refused, Some((429, json!("throttled"))));
    assert_eq!(
        lambda.tell(&from("192.0.2.2", 1)).await.0,
        200,
        "another address is not concerned"
    );
}

#[tokio::test]
async fn an_instance_that_cannot_start_says_why_and_ends() {
    let Some(stage) = Stage::new().await else { return };
    let runtime = RuntimeApi::start().await;
    for (name, value, sentence) in [
        ("GAME_SESSION_TABLE", "", "GAME_SESSION_TABLE is not set"),
        (
            "GAME_SESSION_KEYRING_SECRET",
            "another",
            "the secret with the keyring cannot be read",
        ),
        ("GAME_SESSION_GUESTS", "no", "nobody may enter"),
        (
            "_HANDLER",
            "index.handler",
            "`index.handler` is not one of api, events, reconciler",
        ),
        (
            "AWS_ENDPOINT_URL_GAMELIFT",
            "http://192.0.2.1:80",
            "GameLift is asked by https",
        ),
    ] {
        let mut environment = stage.environment(&[]);
        environment.push((name.to_owned(), value.to_owned()));
        let address = runtime.address().to_owned();
        let said = tokio::task::spawn_blocking(move || refusal(&address, &environment));
        let said = said.await.unwrap();
        assert!(said.contains(sentence) && !said.contains("panicked"), "{name}: {said}");
    }
}
