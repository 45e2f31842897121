//! Placement events over SNS: the emulator's own to a plain server, and forged, repeated and foreign ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_gamelift::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_gamelift::types::GameSessionQueueDestination;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use game_session_backend::gamelift::PlacementStatus;
use game_session_backend::{
    AwsTarget, Backend, BackendConfig, BackendError, Clock, FleetTarget, Keyring, PlacementEvents, QueueTarget,
};
use game_session_protocol::{ErrorCode, GameSessionId};
use gamelift_emulator::{Emulator, EmulatorConfig, Subscription};
use gamelift_server_sdk::Event;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SigningKey as _};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::socket::Stack;
use crate::support::client::{Client, NOW_MS};
use crate::support::{Activation, Fake, Harness};

const TOPIC: &str = "arn:aws:sns:us-west-2:123456789012:placements";
/// [`NOW_MS`].
const NOW: &str = "2027-01-15T08:00:00.000Z";
const PATH: &str = "/v1/events/sns";
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_plain_server_confirms_its_subscription_and_is_told_by_the_emulator() {
    let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(emulator.region()))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(emulator.endpoint());
    let aws = aws_sdk_gamelift::Client::from_conf(config.build());
    let fleets = aws
        .describe_fleet_attributes()
        .fleet_ids(emulator.fleet_id())
        .send()
        .await
        .unwrap();
    let arn = fleets.fleet_attributes()[0].fleet_arn().unwrap();
    let destination = GameSessionQueueDestination::builder().destination_arn(arn).build();
    let queue = aws.create_game_session_queue().name("arena").notification_target(TOPIC);
    queue.destinations(destination).send().await.unwrap();
    let certificate = format!("{}/_emulator/sns.pem", emulator.endpoint());
    let config = BackendConfig::new(AwsTarget::endpoint(emulator.endpoint()).region(emulator.region()))
        .queue(QueueTarget::new("arena"))
        .placement_events(PlacementEvents::sns(TOPIC).certificate_url(certificate))
        .keyring(Keyring::random());
    let backend = Backend::start(config).await.unwrap();
    let endpoint = format!("{}{PATH}", backend.url());
    let topic_arn = TOPIC.to_owned();
    emulator.subscribe(Subscription::Sns { topic_arn, endpoint }).unwrap();
    let stack = Stack { emulator, backend };
    until(&stack.emulator, "confirmed", &json!(true)).await;

    let server = stack.process("server-1").await;
    let serving = tokio::spawn(async move {
        while let Some(event) = server.next_event().await {
            if let Event::StartGameSession(_) = event {
                server.activate_game_session().await.unwrap();
            }
        }
    });
    let ann = stack.guest().await;
    stack.emulator.reset_calls();
    assert_eq!(ann.create("click-1", 20).await.status(), StatusCode::CREATED);
    until(&stack.emulator, "delivered", &json!(2)).await;
    let calls = stack.emulator.calls();
    assert_eq!(calls, ["StartGameSessionPlacement", "DescribeGameSessions"]);
    serving.abort();
    stack.backend.stop().await;
}

/// Waits until the emulator's one subscriber is so far.
async fn until(emulator: &Emulator, member: &str, value: &Value) {
    let http = reqwest::Client::new();
    let asked = async {
        loop {
            let url = format!("{}/_emulator/subscriptions", emulator.endpoint());
            let answer = http
                .get(url)
                .bearer_auth(emulator.control_secret())
                .send()
                .await
                .unwrap();
            let text = answer.text().await.unwrap();
            let states: Value = serde_json::from_str(&text).unwrap();
            let subscriber = states.pointer("/0").or_else(|| states.pointer("/subscriptions/0"));
            if subscriber.expect(&text)["state"][member] == *value {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LIMIT, asked).await.unwrap();
}

/// Whoever can sign, and serves the certificate for it.
struct Signer {
    key: KeyPair,
    origin: String,
    fetched: Arc<AtomicUsize>,
}

impl Signer {
    async fn new() -> Self {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let certificate = CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap();
        let pem = certificate.self_signed(&key).unwrap().pem();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let fetched = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&fetched);
        let serve = move || async move {
            count.fetch_add(1, Ordering::SeqCst);
            pem
        };
        let count = Arc::clone(&fetched);
        let confirm = move || async move {
            count.fetch_add(100, Ordering::SeqCst);
        };
        let app = Router::new().route("/sns.pem", get(serve)).route("/", get(confirm));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { key, origin, fetched }
    }

    fn certificate(&self) -> String {
        format!("{}/sns.pem", self.origin)
    }

    fn notification(&self, message: &str) -> Value {
        self.signed(json!({
            "Type": "Notification", "MessageId": "m-1", "TopicArn": TOPIC, "Message": message, "Timestamp": NOW,
        }))
    }

    /// Signs what a letter says, in version 2.
    fn signed(&self, mut letter: Value) -> Value {
        let names: &[&str] = if letter["Type"] == "Notification" {
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        } else {
            &[
                "Message",
                "MessageId",
                "SubscribeURL",
                "Timestamp",
                "Token",
                "TopicArn",
                "Type",
            ]
        };
        let mut text = String::new();
        for name in names {
            if let Some(value) = letter[*name].as_str() {
                text.extend([*name, "\n", value, "\n"]);
            }
        }
        letter["SignatureVersion"] = json!("2");
        letter["Signature"] = json!(STANDARD.encode(self.key.sign(text.as_bytes()).unwrap()));
        letter["SigningCertURL"] = json!(self.certificate());
        letter
    }
}

/// A backend that believes a signer, and a placement of it that nothing is known of.
async fn believing(signer: &Signer) -> (Harness, Client, GameSessionId) {
    let fake = Fake::new(NOW_MS);
    fake.activation(Activation::Never);
    let ring = Keyring::new_key_text("k1").parse().unwrap();
    let events = PlacementEvents::sns(TOPIC).certificate_url(signer.certificate());
    let harness = Harness::configured(fake, ring, |config| {
        config.queue(QueueTarget::new("arena")).placement_events(events)
    });
    let ann = harness.guest().await;
    let id = ann.create("click-1", "0").await.placing().id;
    (harness, ann, id)
}

fn event(harness: &Harness, kind: &str) -> String {
    let token = harness.fake.requests()[0].token.clone();
    json!({
        "detail-type": "GameLift Queue Placement Event", "source": "aws.gamelift",
        "resources": ["arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/arena"],
        "detail": {"placementId": token, "type": kind},
    })
    .to_string()
}

async fn post(client: &Client, letter: &Value) -> StatusCode {
    let request = Request::post(PATH).header("content-type", "text/plain; charset=UTF-8");
    client
        .raw(request.body(Body::from(letter.to_string())).unwrap())
        .await
        .status
}

#[tokio::test]
async fn a_signed_message_is_believed_and_a_repeated_one_changes_nothing() {
    let signer = Signer::new().await;
    let (harness, ann, id) = believing(&signer).await;
    let nobody = harness.anonymous();
    let letter = signer.notification(&event(&harness, "PlacementTimedOut"));
    for _ in 0..3 {
        assert_eq!(post(&nobody, &letter).await, StatusCode::NO_CONTENT);
    }
    let later = signer.notification(&event(&harness, "PlacementFailed"));
    assert_eq!(post(&nobody, &later).await, StatusCode::NO_CONTENT);
    assert_eq!(
        ann.seat(&id, "0").await.code(),
        ErrorCode::NoCapacity,
        "the first end counts"
    );
    assert_eq!(
        signer.fetched.load(Ordering::SeqCst),
        1,
        "the certificate is remembered"
    );
}

#[tokio::test]
async fn a_forged_message_is_refused_and_nothing_of_it_is_believed() {
    let (signer, forger) = (Signer::new().await, Signer::new().await);
    let (harness, ann, id) = believing(&signer).await;
    let message = event(&harness, "PlacementTimedOut");
    let good = signer.notification(&message);
    let with = |member: &str, value: &str| {
        let mut letter = good.clone();
        letter[member] = json!(value);
        letter
    };
    let mut of_the_forger = forger.notification(&message);
    let fetched_from_the_forger = of_the_forger.clone();
    of_the_forger["SigningCertURL"] = json!(signer.certificate());
    let dated = |time: &str| {
        let mut letter = good.clone();
        letter["Timestamp"] = json!(time);
        signer.signed(letter)
    };
    let mut other_topic = good.clone();
    other_topic["TopicArn"] = json!("arn:aws:sns:us-west-2:123456789012:another");
    let forgeries = [
        of_the_forger,
        fetched_from_the_forger,
        signer.signed(other_topic),
        with("Message", &event(&harness, "PlacementFailed")),
        with("Signature", &STANDARD.encode([1; 256])),
        with("Signature", "not base64"),
        with("SignatureVersion", "3"),
        with("SigningCertURL", "https://sns.us-west-2.amazonaws.com/x.pem"),
        with("SigningCertURL", "file:///etc/passwd"),
        dated("2027-01-14T07:59:59Z"),
        dated("2027-01-15T08:16:00Z"),
        dated("whenever"),
    ];
    let nobody = harness.anonymous();
    for letter in &forgeries {
        assert_eq!(post(&nobody, letter).await, StatusCode::FORBIDDEN, "{letter}");
    }
    assert_eq!(
        forger.fetched.load(Ordering::SeqCst),
        0,
        "nothing is fetched from elsewhere"
    );
    for junk in [json!({}), json!("x"), json!({"Type": "Notification"})] {
        assert_eq!(post(&nobody, &junk).await, StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        ann.seat(&id, "0").await.status,
        StatusCode::ACCEPTED,
        "it is placed as ever"
    );
    assert_eq!(post(&nobody, &good).await, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn what_is_signed_and_not_for_this_backend_is_taken_and_has_no_effect() {
    let signer = Signer::new().await;
    let (harness, ann, id) = believing(&signer).await;
    let event = event(&harness, "PlacementTimedOut");
    let nobody = harness.anonymous();
    for message in [
        event.replace("/arena", "/other"),
        event.replace("aws.gamelift", "aws.ec2"),
        event.replace("PlacementTimedOut", "PlacementRenamed"),
        "hello".to_owned(),
    ] {
        assert_eq!(
            post(&nobody, &signer.notification(&message)).await,
            StatusCode::NO_CONTENT
        );
    }
    assert_eq!(ann.seat(&id, "0").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn a_subscription_is_confirmed_at_sns_only() {
    let (signer, other) = (Signer::new().await, Signer::new().await);
    let (harness, ..) = believing(&signer).await;
    let confirmation = |url: String| {
        signer.signed(json!({
            "Type": "SubscriptionConfirmation", "MessageId": "m-1", "TopicArn": TOPIC, "Message": "confirm",
            "Timestamp": NOW, "Token": "t", "SubscribeURL": url,
        }))
    };
    let nobody = harness.anonymous();
    let elsewhere = confirmation(format!("{}/?Action=ConfirmSubscription", other.origin));
    assert_eq!(post(&nobody, &elsewhere).await, StatusCode::FORBIDDEN);
    let here = confirmation(format!("{}/?Action=ConfirmSubscription", signer.origin));
    assert_eq!(post(&nobody, &here).await, StatusCode::NO_CONTENT);
    assert_eq!(other.fetched.load(Ordering::SeqCst), 0);
    assert_eq!(
        signer.fetched.load(Ordering::SeqCst),
        101,
        "the certificate and the page"
    );
}

#[tokio::test]
async fn a_message_that_cannot_be_checked_or_written_down_is_to_come_again() {
    let signer = Signer::new().await;
    let (harness, ann, id) = believing(&signer).await;
    harness.fake.end_placements(PlacementStatus::TimedOut);
    let gone = Signer {
        origin: "http://127.0.0.1:1".to_owned(),
        ..Signer::new().await
    };
    let (deaf, ..) = believing(&gone).await;
    let letter = gone.notification(&event(&deaf, "PlacementTimedOut"));
    assert_eq!(post(&deaf.anonymous(), &letter).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ann.seat(&id, "0").await.status,
        StatusCode::ACCEPTED,
        "GameLift is not asked so soon"
    );
}

#[tokio::test]
async fn without_a_topic_there_is_no_such_route() {
    let signer = Signer::new().await;
    for harness in [
        Harness::new(),
        Harness::configured(
            Fake::new(NOW_MS),
            Keyring::new_key_text("k1").parse().unwrap(),
            |config| {
                config
                    .queue(QueueTarget::new("arena"))
                    .placement_events(PlacementEvents::invoked())
            },
        ),
    ] {
        let status = post(&harness.anonymous(), &signer.notification("x")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_backend_does_not_start_with_a_topic_that_is_none_a_foreign_certificate_or_a_queue_in_the_old_mode() {
    let config = || BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1")).queue(QueueTarget::new("arena"));
    let refusal = async |config| Backend::start(config).await.err();
    let topic = config().placement_events(PlacementEvents::sns("placements"));
    assert!(matches!(refusal(topic).await, Some(BackendError::Topic(_))));
    let foreign = PlacementEvents::sns(TOPIC).certificate_url("https://evil.example/x.pem");
    let foreign = config().placement_events(foreign);
    assert!(matches!(refusal(foreign).await, Some(BackendError::EventsCertificate)));
    let legacy = refusal(config().legacy_endpoint()).await;
    assert!(matches!(legacy, Some(BackendError::LegacyQueue)));
    let contract = refusal(config().original_contract()).await;
    assert!(matches!(contract, Some(BackendError::LegacyQueue)));
    let fleet = config().fleet(FleetTarget::new("fleet-1")).original_contract();
    assert!(refusal(fleet).await.is_none(), "the later of fleet and queue counts");
    let clock = Clock::fixed(NOW_MS);
    assert!(
        Backend::start_with(config(), Arc::new(Fake::new(NOW_MS)), clock)
            .await
            .is_ok()
    );
}
