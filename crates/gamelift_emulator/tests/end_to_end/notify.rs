//! Placement events come to HTTP subscribers as SNS and EventBridge send them.

use std::collections::HashMap;

use gamelift_emulator::{Emulator, EmulatorConfig, Subscription};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};

use crate::process::{LIMIT, Process};

const TOPIC: &str = "arn:aws:sns:us-west-2:123456789012:placements";

/// A subscriber that answers what the test says.
struct Subscriber {
    listener: TcpListener,
    url: String,
}

struct Letter {
    headers: HashMap<String, String>,
    body: Value,
}

impl Subscriber {
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/events?x=1", listener.local_addr().unwrap());
        Self { listener, url }
    }

    async fn next(&self, answer: &str) -> Letter {
        timeout(LIMIT, self.receive(answer))
            .await
            .expect("nothing was delivered")
    }

    async fn receive(&self, answer: &str) -> Letter {
        let (mut stream, _) = self.listener.accept().await.unwrap();
        let mut text = Vec::new();
        loop {
            let mut part = [0; 4096];
            let read = stream.read(&mut part).await.unwrap();
            text.extend_from_slice(&part[..read]);
            let seen = String::from_utf8_lossy(&text).into_owned();
            let Some((head, body)) = seen.split_once("\r\n\r\n") else {
                continue;
            };
            let mut lines = head.lines();
            assert_eq!(lines.next(), Some("POST /events?x=1 HTTP/1.1"));
            let pairs = lines.filter_map(|line| line.split_once(": "));
            let headers: HashMap<String, String> =
                pairs.map(|(name, value)| (name.to_lowercase(), value.into())).collect();
            if body.len() < headers["content-length"].parse().unwrap() {
                continue;
            }
            let reply = format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n");
            stream.write_all(reply.as_bytes()).await.unwrap();
            return Letter {
                headers,
                body: serde_json::from_str(body).unwrap(),
            };
        }
    }
}

async fn call(emulator: &Emulator, operation: &str, body: Value) {
    let request = Client::new()
        .post(emulator.endpoint())
        .header("x-amz-target", format!("GameLift.{operation}"));
    assert_eq!(request.json(&body).send().await.unwrap().status(), 200, "{operation}");
}

/// A queue that tells the topic, and a placement in it that is stopped.
async fn placement(emulator: &Emulator, id: &str) {
    let start = json!({"PlacementId": id, "GameSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
        "DesiredPlayerSessions": [{"PlayerId": "ada"}]});
    call(emulator, "StartGameSessionPlacement", start).await;
}

async fn with_queue(config: EmulatorConfig) -> Emulator {
    let emulator = Emulator::start(config).await.unwrap();
    let destination = format!("arn:aws:gamelift:us-west-2:123456789012:fleet/{}", emulator.fleet_id());
    let queue = json!({"Name": "q", "NotificationTarget": TOPIC, "CustomEventData": "mine",
        "Destinations": [{"DestinationArn": destination}]});
    call(&emulator, "CreateGameSessionQueue", queue).await;
    emulator
}

#[tokio::test]
async fn a_subscriber_of_a_topic_confirms_first_and_then_hears_of_the_placement_as_from_sns() {
    let subscriber = Subscriber::new().await;
    let emulator = with_queue(EmulatorConfig::default()).await;
    let endpoint = subscriber.url.clone();
    let topic_arn = TOPIC.to_owned();
    emulator.subscribe(Subscription::Sns { topic_arn, endpoint }).unwrap();
    let letter = subscriber.next("200 OK").await;
    assert_eq!(letter.headers["x-amz-sns-message-type"], "SubscriptionConfirmation");
    assert_eq!(letter.headers["content-type"], "text/plain; charset=UTF-8");
    assert_eq!(letter.body["TopicArn"], TOPIC);
    let url = letter.body["SubscribeURL"].as_str().unwrap();
    assert!(url.contains(letter.body["Token"].as_str().unwrap()));
    let wrong = url.replace("Token=", "Token=x");
    assert_eq!(reqwest::get(wrong).await.unwrap().status(), 403);
    let confirmed = reqwest::get(url).await.unwrap().text().await.unwrap();
    let arn = format!("<SubscriptionArn>{TOPIC}:");
    assert!(confirmed.contains(&arn), "{confirmed}");

    let mut process = Process::healthy(&emulator, "p", 7777).await;
    placement(&emulator, "match-1").await;
    let push = process.push().await;
    let activate = json!({"Action": "ActivateGameSession", "GameSessionId": push["GameSessionId"]});
    process.request(activate).await;
    let letter = subscriber.next("200 OK").await;
    assert_eq!(letter.headers["x-amz-sns-message-type"], "Notification");
    assert!(letter.headers["x-amz-sns-subscription-arn"].starts_with(TOPIC));
    assert_eq!(letter.body["SignatureVersion"], "2");
    let event: Value = serde_json::from_str(letter.body["Message"].as_str().unwrap()).unwrap();
    assert_eq!(event["detail-type"], "GameLift Queue Placement Event");
    assert_eq!(event["source"], "aws.gamelift");
    assert_eq!(
        event["resources"][0],
        "arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/q"
    );
    assert_eq!(event["detail"]["type"], "PlacementFulfilled");
    assert_eq!(event["detail"]["port"], "7777");
    assert_eq!(event["detail"]["customEventData"], "mine");
    assert_eq!(event["detail"]["placedPlayerSessions"][0]["playerId"], "ada");
    verify(&emulator, &letter.body).await;
}

/// The signature is one of the certificate that the message names.
async fn verify(emulator: &Emulator, body: &Value) {
    let certificate = body["SigningCertURL"].as_str().unwrap();
    assert!(certificate.starts_with(&emulator.endpoint()));
    let pem = reqwest::get(certificate).await.unwrap().text().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let mut text = String::new();
    for name in ["Message", "MessageId", "Timestamp", "TopicArn", "Type"] {
        text.extend([name, "\n", body[name].as_str().unwrap(), "\n"]);
    }
    std::fs::write(file("text"), text).unwrap();
    std::fs::write(file("certificate"), pem).unwrap();
    std::fs::write(file("signature"), body["Signature"].as_str().unwrap()).unwrap();
    let check = "openssl x509 -in certificate -pubkey -noout > key && base64 -d signature > raw \
                 && openssl dgst -sha256 -verify key -signature raw text";
    let found = std::process::Command::new("openssl").arg("version").output();
    if found.is_err() {
        println!("skipped: there is no openssl to check the signature with");
        return;
    }
    let checked = std::process::Command::new("sh")
        .args(["-c", check])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
}

#[tokio::test]
async fn who_has_not_confirmed_hears_nothing_and_a_rules_target_hears_at_once() {
    let (silent, target) = (Subscriber::new().await, Subscriber::new().await);
    let config = EmulatorConfig::default()
        .subscribe(Subscription::Sns {
            topic_arn: TOPIC.into(),
            endpoint: silent.url.clone(),
        })
        .subscribe(Subscription::EventBridge {
            endpoint: target.url.clone(),
        });
    let emulator = with_queue(config).await;
    silent.next("200 OK").await;
    placement(&emulator, "match-2").await;
    call(&emulator, "StopGameSessionPlacement", json!({"PlacementId": "match-2"})).await;
    let letter = target.next("204 No Content").await;
    assert_eq!(letter.body["detail"]["type"], "PlacementCancelled");
    assert_eq!(letter.body["version"], "0");
    let states = Client::new()
        .get(format!("{}/_emulator/subscriptions", emulator.endpoint()))
        .bearer_auth(emulator.control_secret());
    let states: Value = states.send().await.unwrap().json().await.unwrap();
    let topic = states
        .as_array()
        .unwrap()
        .iter()
        .find(|state| state["subscription"]["protocol"] == "sns")
        .unwrap();
    assert_eq!(topic["state"]["confirmed"], false);
    assert_eq!(topic["state"]["delivered"], 1, "the question alone");
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_with_the_same_event() {
    let target = Subscriber::new().await;
    let emulator = with_queue(EmulatorConfig::default()).await;
    let body = json!({"protocol": "eventbridge", "endpoint": target.url});
    let subscribe = Client::new()
        .post(format!("{}/_emulator/subscriptions", emulator.endpoint()))
        .bearer_auth(emulator.control_secret())
        .json(&body);
    assert_eq!(subscribe.send().await.unwrap().status(), 200);
    placement(&emulator, "match-3").await;
    call(&emulator, "StopGameSessionPlacement", json!({"PlacementId": "match-3"})).await;
    let first = target.next("503 Service Unavailable").await;
    let second = target.next("200 OK").await;
    assert_eq!(first.body, second.body);
}

#[tokio::test]
async fn an_endpoint_that_is_no_http_url_is_refused() {
    let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
    for endpoint in ["", "https://example.com", "localhost:80", "http:///x"] {
        let refused = emulator.subscribe(Subscription::EventBridge {
            endpoint: endpoint.into(),
        });
        assert!(refused.is_err(), "{endpoint}");
    }
}

#[tokio::test]
async fn who_subscribes_again_without_having_confirmed_is_asked_again_and_can_be_taken_off() {
    let subscriber = Subscriber::new().await;
    let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let subscription = Subscription::Sns {
        topic_arn: TOPIC.into(),
        endpoint: subscriber.url.clone(),
    };
    let id = emulator.subscribe(subscription.clone()).unwrap();
    let first = subscriber.next("200 OK").await;
    assert_eq!(emulator.subscribe(subscription.clone()).unwrap(), id);
    let second = subscriber.next("200 OK").await;
    assert_eq!(second.headers["x-amz-sns-message-type"], "SubscriptionConfirmation");
    assert_eq!(second.body["Token"], first.body["Token"]);
    let url = second.body["SubscribeURL"].as_str().unwrap();
    assert_eq!(reqwest::get(url).await.unwrap().status(), 200);

    let route = format!("{}/_emulator/subscriptions", emulator.endpoint());
    let off = || Client::new().delete(format!("{route}/{id}"));
    assert_eq!(off().send().await.unwrap().status(), 401);
    let secret = emulator.control_secret();
    assert_eq!(off().bearer_auth(&secret).send().await.unwrap().status(), 200);
    assert_eq!(off().bearer_auth(&secret).send().await.unwrap().status(), 404);
    let left: Value = Client::new()
        .get(route)
        .bearer_auth(&secret)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(left, json!([]));
}
