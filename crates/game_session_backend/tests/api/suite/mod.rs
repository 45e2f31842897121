//! The contract against the router in process and the plain server on a socket. (The function on AWS runs it too: see
//! the crate `game_session_lambda`.)

mod list;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use game_session_backend::gamelift::{GameLiftErrorKind as Kind, GameSessionStatus};
use game_session_backend::{
    AppState, AwsTarget, Backend, BackendConfig, Clock, Keyring, Limits, PlacementEvents, QueueTarget, Rate, app,
};
use game_session_protocol::GameSessionData;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::support::client::NOW_MS;
use crate::support::{Activation, Fake, log};
use list::{Ask, Failure, Home, Scene};

/// A backend of this process over a GameLift to script.
struct Local {
    fake: Fake,
    door: Door,
}

enum Door {
    Router(Router),
    Socket(reqwest::Client, Backend),
}

impl Home for Local {
    async fn send(&self, ask: &Ask<'_>) -> (u16, String) {
        match &self.door {
            Door::Router(router) => {
                let mut request = Request::builder().method(ask.method).uri(ask.path);
                for (name, value) in ask.headers() {
                    request = request.header(name, value);
                }
                let request = request.body(Body::from(ask.text())).unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                let status = answer.status().as_u16();
                let bytes = answer.into_body().collect().await.unwrap().to_bytes();
                (status, String::from_utf8(bytes.to_vec()).unwrap())
            }
            Door::Socket(http, backend) => {
                let url = format!("{}{}", backend.url(), ask.path);
                let mut request = http.request(ask.method.parse().unwrap(), url).body(ask.text());
                for (name, value) in ask.headers() {
                    request = request.header(name, value);
                }
                let answer = request.send().await.unwrap();
                (answer.status().as_u16(), answer.text().await.unwrap())
            }
        }
    }

    async fn play(&mut self, scene: Scene) {
        let failure = match scene {
            Scene::CreatesFail(Failure::NoCapacity) => Some(Kind::NoCapacity),
            Scene::CreatesFail(Failure::LimitExceeded) => Some(Kind::LimitExceeded),
            Scene::CreatesFail(Failure::Unauthorized) => Some(Kind::Unauthorized),
            Scene::CreatesFail(Failure::InvalidRequest) => Some(Kind::InvalidRequest),
            Scene::CreatesFail(Failure::TimedOut) => Some(Kind::TimedOut),
            Scene::AllIsWell | Scene::NeverActive | Scene::Crashing => None,
        };
        self.fake.fail_always("CreateGameSession", failure);
        self.fake.fail_always("StartGameSessionPlacement", failure);
        self.fake.activation(match scene {
            Scene::NeverActive => Activation::Never,
            Scene::Crashing => Activation::Ends(GameSessionStatus::Error),
            Scene::AllIsWell | Scene::CreatesFail(_) => Activation::AtOnce,
        });
    }

    async fn secrets(&self) -> Vec<String> {
        let requests = self.fake.requests().into_iter();
        let secrets = requests.flat_map(|request| {
            let data = GameSessionData::parse(request.session_data.expose()).unwrap();
            let key = serde_json::to_value(&data.key).unwrap().as_str().unwrap().to_owned();
            [key, data.token]
        });
        secrets.collect()
    }

    async fn logged(&self, text: &str) -> bool {
        log::holds(text)
    }
}

fn config() -> BackendConfig {
    let rate = Rate {
        burst: 1000,
        per_second: 1000,
    };
    BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
        .keyring(Keyring::new_key_text("k1").parse().unwrap())
        .limits(Limits::default().per_player(rate))
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds_in_process() {
    log::record();
    let fake = Fake::new(NOW_MS);
    let state = AppState::new(&config(), Arc::new(fake.clone()), Clock::fixed(NOW_MS));
    let door = Door::Router(app(state));
    list::run(Local { fake, door }).await;
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds_in_queue_mode() {
    log::record();
    for config in [queue(), queue().placement_events(PlacementEvents::invoked())] {
        let fake = Fake::new(NOW_MS);
        let state = AppState::new(&config, Arc::new(fake.clone()), Clock::with_tokio(NOW_MS));
        let door = Door::Router(app(state));
        list::run(Local { fake, door }).await;
    }
}

#[tokio::test]
async fn the_contract_holds_in_queue_mode_on_a_socket() {
    on_a_socket(queue()).await;
}

#[tokio::test]
async fn the_contract_holds_on_a_socket() {
    on_a_socket(config()).await;
}

fn queue() -> BackendConfig {
    config().queue(QueueTarget::new("arena"))
}

async fn on_a_socket(config: BackendConfig) {
    log::record();
    let fake = Fake::new(NOW_MS);
    let backend = Backend::start_with(config, Arc::new(fake.clone()), Clock::fixed(NOW_MS))
        .await
        .unwrap();
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    let door = Door::Socket(http, backend);
    list::run(Local { fake, door }).await;
}
