//! The AWS SDK with the emulator at the other end of a pipe, and answers that get lost on the way back.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use axum::http::{Request, Uri};
use bytes::Bytes;
use game_session_backend::gamelift::aws::{AwsGameLift, AwsQueue};
use game_session_backend::gamelift::{
    GameLift, GameSessionArn, GameSessionChange, GameSessionRecord, NewGameSession, NewPlacement, Outcome, PingBeacons,
    PlacementRecord, PlayerSessionRecord, RecordPage, SearchQuery, StatusQuery,
};
use game_session_backend::{FleetTarget, QueueTarget};
use gamelift_emulator::Emulator;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde::Deserialize;

use crate::support::Fake;

/// The way to the emulator.
#[derive(Clone)]
pub(crate) struct Pipe(Arc<Inside>);

struct Inside {
    emulator: Arc<Emulator>,
    /// Other regions, each with an emulator of its own.
    others: Mutex<BTreeMap<String, Arc<Emulator>>>,
    lost: Mutex<Vec<&'static str>>,
    spoilt: Mutex<Vec<&'static str>>,
    builds: Mutex<BTreeMap<String, Vec<String>>>,
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pipe")
    }
}

impl Pipe {
    pub(super) fn new(emulator: Arc<Emulator>) -> Self {
        Self(Arc::new(Inside {
            emulator,
            others: Mutex::default(),
            lost: Mutex::default(),
            spoilt: Mutex::default(),
            builds: Mutex::default(),
        }))
    }

    pub(super) fn gamelift(&self, fleet: FleetTarget) -> AwsGameLift {
        AwsGameLift::over(self.config(), fleet, Some(self.0.emulator.endpoint()))
    }

    pub(super) fn queue(&self, queue: QueueTarget) -> AwsQueue {
        AwsQueue::over(self.config(), queue, Some(self.0.emulator.endpoint()))
    }

    /// From now on calls to the region of this emulator go there.
    pub(super) fn add_region(&self, emulator: Arc<Emulator>) {
        self.0.others.lock().unwrap().insert(emulator.region(), emulator);
    }

    /// Who serves the region that a request was signed for.
    fn emulator_of(&self, request: &HttpRequest) -> Arc<Emulator> {
        let signed = request.headers().get("authorization").unwrap_or_default();
        let others = self.0.others.lock().unwrap();
        let other = others
            .iter()
            .find(|(region, _)| signed.contains(&format!("/{region}/gamelift/")));
        other.map_or_else(|| Arc::clone(&self.0.emulator), |(_, emulator)| Arc::clone(emulator))
    }

    pub(super) fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    fn config(&self) -> Builder {
        let pipe = self.clone();
        Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.0.emulator.region()))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .http_client(http_client_fn(move |_, _| SharedHttpConnector::new(pipe.clone())))
            .endpoint_url(self.0.emulator.endpoint())
    }

    /// The emulator's fleets have no builds, so which of them run this one is said here.
    pub(super) fn let_fleets_run(&self, build: &str, fleets: &[&str]) {
        let fleets = fleets.iter().map(|fleet| (*fleet).to_owned()).collect();
        self.0.builds.lock().unwrap().insert(build.to_owned(), fleets);
    }

    /// The answer to a question for the fleets of a build.
    fn fleets_of_build(&self, request: &HttpRequest) -> Option<HttpResponse> {
        #[derive(Deserialize)]
        struct Question {
            #[serde(rename = "BuildId")]
            build: String,
        }
        if !is_call_of(request, "ListFleets") {
            return None;
        }
        let body = request.body().bytes().unwrap();
        let question: Question = match request.headers().get("content-type").unwrap() {
            "application/cbor" => ciborium::from_reader(body).unwrap(),
            _ => serde_json::from_slice(body).unwrap(),
        };
        let fleets = self.0.builds.lock().unwrap().get(&question.build).cloned();
        let answer = BTreeMap::from([("FleetIds", fleets.unwrap_or_default())]);
        let mut bytes = Vec::new();
        let mut headers = vec![("content-type", "application/x-amz-json-1.1")];
        if request.headers().get("content-type") == Some("application/cbor") {
            ciborium::into_writer(&answer, &mut bytes).unwrap();
            headers = vec![("content-type", "application/cbor"), ("smithy-protocol", "rpc-v2-cbor")];
        } else {
            bytes = serde_json::to_vec(&answer).unwrap();
        }
        let mut answer = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(bytes));
        for (name, value) in headers {
            answer.headers_mut().insert(name, value);
        }
        Some(answer)
    }

    /// The next call of this operation is carried out, and its answer never comes.
    pub(super) fn lose_answer(&self, operation: &'static str) {
        self.0.lost.lock().unwrap().push(operation);
    }

    /// The next answer of this operation is a page of a proxy.
    pub(super) fn spoil_answer(&self, operation: &'static str) {
        self.0.spoilt.lock().unwrap().push(operation);
    }

    pub(super) fn lose_no_more(&self) {
        self.0.lost.lock().unwrap().clear();
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        if let Some(answer) = self.fleets_of_build(&request) {
            return Ok(answer);
        }
        let broken = |error: hyper::Error| ConnectorError::io(error.into());
        let emulator = self.emulator_of(&request);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(emulator.connect()))
            .await
            .map_err(broken)?;
        tokio::spawn(connection);
        let endpoint = emulator.endpoint();
        let host = endpoint.trim_start_matches("http://");
        let answer = sender.send_request(outgoing(&request, host)).await.map_err(broken)?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(broken)?.to_bytes();
        if takes(&self.0.spoilt, &request) {
            let page = SdkBody::from("<html>proxy</html>");
            return Ok(HttpResponse::new(200.try_into().unwrap(), page));
        }
        if takes(&self.0.lost, &request) {
            return Err(ConnectorError::timeout("the answer was lost".into()));
        }
        let mut answer = HttpResponse::new(head.status.as_u16().try_into().unwrap(), SdkBody::from(body));
        for (name, value) in &head.headers {
            answer
                .headers_mut()
                .insert(name.as_str().to_owned(), value.to_str().unwrap().to_owned());
        }
        Ok(answer)
    }
}

/// Takes the operation of this request off a list, if it is on it.
fn takes(list: &Mutex<Vec<&'static str>>, request: &HttpRequest) -> bool {
    let mut list = list.lock().unwrap();
    let found = list.iter().position(|operation| is_call_of(request, operation));
    found.map(|at| list.remove(at)).is_some()
}

fn is_call_of(request: &HttpRequest, operation: &str) -> bool {
    let target = request.headers().get("x-amz-target").unwrap_or_default();
    request.uri().ends_with(&format!("/{operation}")) || target.ends_with(&format!(".{operation}"))
}

fn outgoing(request: &HttpRequest, host: &str) -> Request<Full<Bytes>> {
    let uri: Uri = request.uri().parse().unwrap();
    let mut outgoing = Request::builder()
        .method(request.method())
        .uri(uri.path())
        .header("host", host);
    for (name, value) in request.headers() {
        outgoing = outgoing.header(name, value);
    }
    let body = Bytes::copy_from_slice(request.body().bytes().unwrap());
    outgoing.body(Full::new(body)).unwrap()
}

impl HttpConnector for Pipe {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let pipe = self.clone();
        HttpConnectorFuture::new(async move { pipe.send(request).await })
    }
}

/// Tells a fake which game sessions were asked for, so that what is secret in them is looked for everywhere.
pub(super) struct Recorded {
    inner: Arc<dyn GameLift>,
    fake: Fake,
}

impl Recorded {
    pub(super) fn new(inner: impl GameLift, fake: Fake) -> Self {
        let inner = Arc::new(inner);
        Self { inner, fake }
    }
}

impl GameLift for Recorded {
    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord> {
        self.fake.note(request.clone());
        self.inner.create_game_session(request)
    }

    fn start_placement(&self, placement: NewPlacement) -> Outcome<PlacementRecord> {
        self.fake.note(placement.game_session.clone());
        self.inner.start_placement(placement)
    }

    fn describe_placement(&self, token: String) -> Outcome<Option<PlacementRecord>> {
        self.inner.describe_placement(token)
    }

    fn stop_placement(&self, token: String) -> Outcome<PlacementRecord> {
        self.inner.stop_placement(token)
    }

    fn describe_game_session(&self, arn: GameSessionArn) -> Outcome<Option<GameSessionRecord>> {
        self.inner.describe_game_session(arn)
    }

    fn describe_game_sessions(&self, query: StatusQuery) -> Outcome<RecordPage> {
        self.inner.describe_game_sessions(query)
    }

    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage> {
        self.inner.search_game_sessions(query)
    }

    fn create_player_session(&self, arn: GameSessionArn, player: String) -> Outcome<PlayerSessionRecord> {
        self.inner.create_player_session(arn, player)
    }

    fn describe_player_sessions(&self, player: String, near: GameSessionArn) -> Outcome<Vec<PlayerSessionRecord>> {
        self.inner.describe_player_sessions(player, near)
    }

    fn update_game_session(&self, change: GameSessionChange) -> Outcome<GameSessionRecord> {
        self.inner.update_game_session(change)
    }

    fn terminate_game_session(&self, arn: GameSessionArn) -> Outcome<()> {
        self.inner.terminate_game_session(arn)
    }

    fn ping_beacons(&self) -> Outcome<PingBeacons> {
        self.inner.ping_beacons()
    }

    fn arn_of_token(&self, token: String) -> Outcome<Option<GameSessionArn>> {
        self.inner.arn_of_token(token)
    }
}
