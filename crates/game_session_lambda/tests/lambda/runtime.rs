//! A small Lambda Runtime API, as an instance of a function sees it: it asks for the next event, and posts what that came
//! to. (Only a double for tests; the API is described in the developer guide of AWS Lambda, "Using the Lambda runtime
//! API".)

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// What AWS gives the function in the template.
const FUNCTION_TIMEOUT: Duration = Duration::from_secs(29);
/// How long a test waits for anything.
const LIMIT: Duration = Duration::from_mins(2);

/// What an event came to: the answer, or the error that the function reported.
pub(crate) type Outcome = Result<Value, Value>;

struct Event {
    id: String,
    body: String,
    outcome: oneshot::Sender<Outcome>,
}

#[derive(Clone)]
struct Inside {
    events: Arc<tokio::sync::Mutex<mpsc::Receiver<Event>>>,
    running: Arc<Mutex<HashMap<String, oneshot::Sender<Outcome>>>>,
}

/// A Runtime API on loopback until it is dropped; any number of instances may ask it.
pub(crate) struct RuntimeApi {
    address: String,
    events: mpsc::Sender<Event>,
    task: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RuntimeApi {
    pub(crate) async fn start() -> Self {
        let (sender, receiver) = mpsc::channel(64);
        let inside = Inside {
            events: Arc::new(tokio::sync::Mutex::new(receiver)),
            running: Arc::default(),
        };
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(answered))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(failed))
            .with_state(inside);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            events: sender,
            task,
        }
    }

    /// What `AWS_LAMBDA_RUNTIME_API` holds.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Gives an event to the next instance that asks for one, and waits for what it comes to.
    pub(crate) async fn invoke(&self, event: &Value) -> Outcome {
        let (outcome, heard) = oneshot::channel();
        let event = Event {
            id: uuid::Uuid::new_v4().to_string(),
            body: event.to_string(),
            outcome,
        };
        self.events.send(event).await.unwrap();
        let heard = tokio::time::timeout(LIMIT, heard).await;
        heard.expect("an instance answers").expect("the Runtime API lives")
    }
}

/// Waits for an event. An instance that went away while it waited loses none.
async fn next(State(inside): State<Inside>) -> Response {
    let Some(event) = inside.events.lock().await.recv().await else {
        return status(StatusCode::INTERNAL_SERVER_ERROR);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let deadline = (now + FUNCTION_TIMEOUT).as_millis();
    let answer = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &event.id)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header(
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-west-2:123456789012:function:game",
        )
        .header(
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
        )
        .body(Body::from(event.body))
        .unwrap();
    inside.running.lock().unwrap().insert(event.id, event.outcome);
    answer
}

async fn answered(State(inside): State<Inside>, Path(id): Path<String>, body: Bytes) -> Response {
    end(&inside, &id, Ok(&body))
}

async fn failed(State(inside): State<Inside>, Path(id): Path<String>, body: Bytes) -> Response {
    end(&inside, &id, Err(&body))
}

fn end(inside: &Inside, id: &str, body: Result<&Bytes, &Bytes>) -> Response {
    let Some(outcome) = inside.running.lock().unwrap().remove(id) else {
        return status(StatusCode::NOT_FOUND);
    };
    let read = |bytes: &Bytes| serde_json::from_slice(bytes).unwrap();
    // Nobody may be waiting any more.
    let _ = outcome.send(body.map(read).map_err(read));
    status(StatusCode::ACCEPTED)
}

fn status(status: StatusCode) -> Response {
    let mut answer = Response::new(Body::from("{}"));
    *answer.status_mut() = status;
    answer
}
