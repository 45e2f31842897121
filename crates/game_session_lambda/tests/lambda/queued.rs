//! Queue mode on three functions: two instances answer requests, one takes the events that the emulator delivers, one
//! looks after what is left.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use gamelift_emulator::Subscription;
use serde_json::{Value, json};

use crate::function::Instance;
use crate::gateway;
use crate::list::{Ask, Home, Scene, run};
use crate::runtime::RuntimeApi;
use crate::stage::Stage;

/// The functions of the template.
struct Functions {
    stage: Stage,
    api: RuntimeApi,
    events: Arc<RuntimeApi>,
    reconciler: RuntimeApi,
    instances: Vec<Instance>,
}

impl Functions {
    async fn start() -> Option<Self> {
        let stage = Stage::new().await?;
        let queue = stage.make_queue("arena").await;
        let (api, events) = (RuntimeApi::start().await, Arc::new(RuntimeApi::start().await));
        let reconciler = RuntimeApi::start().await;
        stage.emulator.subscribe(rule(Arc::clone(&events)).await).unwrap();
        let instance = |runtime: &RuntimeApi, handler| {
            let more = [("GAME_SESSION_QUEUE", queue.as_str()), ("_HANDLER", handler)];
            Instance::start(runtime.address(), &stage.environment(&more))
        };
        let instances = vec![
            instance(&api, "api"),
            instance(&api, "api"),
            instance(&events, "events"),
            instance(&reconciler, "reconciler"),
        ];
        Some(Self {
            stage,
            api,
            events,
            reconciler,
            instances,
        })
    }
}

/// A rule of `EventBridge`: what it hears of it gives to the function, and again when that fails.
async fn rule(events: Arc<RuntimeApi>) -> Subscription {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(deliver)).with_state(events);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Subscription::EventBridge { endpoint }
}

async fn deliver(State(events): State<Arc<RuntimeApi>>, event: Bytes) -> StatusCode {
    let event: Value = serde_json::from_slice(&event).unwrap();
    for _ in 0..3 {
        if events.invoke(&event).await.is_ok() {
            return StatusCode::OK;
        }
    }
    StatusCode::SERVICE_UNAVAILABLE
}

impl Home for Functions {
    const A_CRASH_IS_THE_END: bool = false;

    async fn send(&self, ask: &Ask<'_>) -> (u16, String) {
        let answer = self.api.invoke(&gateway::event(ask)).await;
        gateway::answer(&answer.expect("the function answers every request"))
    }

    async fn play(&mut self, scene: Scene) {
        self.stage.play(scene).await;
    }

    async fn secrets(&self) -> Vec<String> {
        self.stage.secrets().await
    }

    async fn logged(&self, text: &str) -> bool {
        self.instances.iter().any(|instance| instance.logged(text))
    }
}

#[tokio::test]
async fn the_contract_holds_on_the_functions_in_queue_mode_with_events() {
    let Some(functions) = Functions::start().await else {
        return;
    };
    run(functions).await;
}

#[tokio::test]
async fn events_of_others_are_errors_that_end_in_the_dead_letters_and_the_reconciler_says_what_it_did() {
    let Some(functions) = Functions::start().await else {
        return;
    };
    let placement = |queue: &str, id: &str| {
        json!({
            "version": "0",
            "id": "1",
            "detail-type": "GameLift Queue Placement Event",
            "source": "aws.gamelift",
            "resources": [queue],
            "detail": {"placementId": id, "type": "PlacementTimedOut"},
        })
    };
    let foreign = "arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/another";
    for event in [placement(foreign, "k1-abc"), json!({"source": "aws.ec2"}), json!([])] {
        let outcome = functions.events.invoke(&event).await;
        assert!(outcome.is_err(), "{event}: {outcome:?}");
    }
    let done = functions.reconciler.invoke(&json!({"source": "aws.events"})).await;
    assert_eq!(done, Ok(json!({"due": 0, "closed": 0, "stopped": 0})));
}
