//! The original system's HTTP contract, so that its Unreal client works: three routes, each also with `_local` behind
//! its name, fields and casing as they were.
//!
//! It trusts the caller's `uuid`, so it is off unless the configuration turns it on. It makes game sessions without a
//! key and a ticket, which this project's own servers do not activate, and it finds and joins only those: never one
//! that was made through version 1 of the API, whose players need a ticket.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use game_session_protocol::host::SecretText;
use game_session_protocol::{GameProperties, PlayerId, PlayerSessionPolicy};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use super::objects::{CreateRequest, GameSessionObject, JoinRequest, PlayerSessionObject};
use crate::gamelift::{GameSessionArn, GameSessionRecord, GameSessionStatus, NewGameSession, SearchQuery};
use crate::placement::describe;
use crate::problem::{During, Problem};
use crate::sealing::{open_id, seal_id};
use crate::seats::Facts;
use crate::state::{AppState, Shared};
use crate::watch::Waited;

const CREATE: &str = "/create_session";
const FIND: &str = "/find_session";
const JOIN: &str = "/join_session";
/// What may be behind each name: the original had other routes for its local tool.
const FORMS: [&str; 2] = ["", "_local"];
/// Our game property on game sessions of this contract.
const MARK: &str = "gs_original";
/// What is in place of the private data: no server of this project takes it for a key.
const NO_PRIVATE_DATA: &str = r#"{"original_contract":1}"#;
const MOST_BODY_BYTES: usize = 16 * 1024;
/// The original's lambda had so long, and its client too.
const ACTIVE_WITHIN: Duration = Duration::from_secs(15);
/// One search answers all who ask within so long.
const FRESH: Duration = Duration::from_secs(1);

struct Contract {
    app: AppState,
    found: tokio::sync::Mutex<Option<(Instant, Vec<GameSessionObject>)>>,
}

type Shares = State<Arc<Contract>>;

/// The routes. Says loudly that they are on.
pub(super) fn routes(app: &AppState) -> Router<AppState> {
    tracing::warn!(
        "the original HTTP contract is on: its callers are believed to be who they say they are, and its game sessions \
         take players without tickets; keep it on a network that you trust"
    );
    let contract = Arc::new(Contract {
        app: app.clone(),
        found: tokio::sync::Mutex::default(),
    });
    let mut router = Router::new();
    for form in FORMS {
        router = router
            .route(&format!("{CREATE}{form}"), post(create))
            .route(&format!("{FIND}{form}"), get(find))
            .route(&format!("{JOIN}{form}"), post(join));
    }
    router
        .layer(DefaultBodyLimit::max(MOST_BODY_BYTES))
        .with_state(contract)
}

async fn create(State(contract): Shares, body: Bytes) -> Result<Json<PlayerSessionObject>, Problem> {
    let (name, seats, player) = read::<CreateRequest>(&body)?.checked()?;
    let shared = &contract.app.0;
    take_turn(shared, &player)?;
    let started = Instant::now();
    let made = shared
        .gamelift
        .create_game_session(NewGameSession {
            token: format!("original-{}", uuid::Uuid::new_v4().simple()),
            name,
            max_players: seats,
            properties: GameProperties::from([(MARK.to_owned(), "1".to_owned())]),
            session_data: SecretText::new(NO_PRIVATE_DATA),
            creator: None,
        })
        .await
        .map_err(|error| Problem::of(&error, During::Create))?;
    *contract.found.lock().await = None;
    let record = activated(shared, made, started).await?;
    reserve(shared, &record, &player).await.map(Json)
}

/// The game session once it is active; one that does not get so is ended.
async fn activated(shared: &Shared, made: GameSessionRecord, started: Instant) -> Result<GameSessionRecord, Problem> {
    if made.status == GameSessionStatus::Active {
        return Ok(made);
    }
    match shared.watch.settled(&made.arn, started, ACTIVE_WITHIN).await {
        Waited::Settled(record) if record.status == GameSessionStatus::Active => Ok(record),
        Waited::Settled(_) | Waited::Gone => Err(Problem::activation_failed()),
        Waited::Failed(error) => Err(Problem::of(&error, During::Session)),
        Waited::TooMany => Err(Problem::busy()),
        Waited::StillActivating | Waited::Stopped => {
            if let Err(error) = shared.gamelift.terminate(&made.arn).await {
                tracing::warn!(kind = ?error.kind, "a game session that nobody can use was not ended");
            }
            Err(Problem::activation_failed())
        }
    }
}

async fn find(State(contract): Shares) -> Result<Json<Vec<GameSessionObject>>, Problem> {
    let shared = &contract.app.0;
    let mut found = contract.found.lock().await;
    if let Some((at, objects)) = found.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
        tracing::trace!(age_ms = at.elapsed().as_millis(), "answered from memory");
        return Ok(Json(objects.clone()));
    }
    let query = SearchQuery {
        filter: format!("gameSessionProperties.{MARK} = '1' AND hasAvailablePlayerSessions = true"),
        sort: "creationTimeMillis DESC".to_owned(),
        limit: 20,
        next_token: None,
    };
    let page = shared
        .gamelift
        .search(query)
        .await
        .map_err(|error| Problem::of(&error, During::Search))?;
    let own = page.records.iter().filter(|record| is_own(shared, record));
    let open = own.filter(|record| record.status == GameSessionStatus::Active && is_open(record));
    let objects = open.map(|record| Ok(GameSessionObject::new(record, &sealed(shared, &record.arn)?)));
    let objects = objects.collect::<Result<Vec<_>, Problem>>()?;
    *found = Some((Instant::now(), objects.clone()));
    Ok(Json(objects))
}

async fn join(State(contract): Shares, body: Bytes) -> Result<Json<PlayerSessionObject>, Problem> {
    let request: JoinRequest = read(&body)?;
    let player = request.player()?;
    let shared = &contract.app.0;
    take_turn(shared, &player)?;
    let arn = open_id(&shared.ring, &request.game_session_id).ok_or_else(Problem::not_found)?;
    let record = describe(shared, &arn).await?;
    if !is_own(shared, &record) {
        return Err(Problem::not_found());
    }
    match record.status {
        GameSessionStatus::Active => reserve(shared, &record, &player).await.map(Json),
        status if status.is_over() => Err(Problem::session_ended()),
        _ => Err(Problem::not_accepting("the game session is still starting").retry_after(Duration::from_secs(1))),
    }
}

async fn reserve(
    shared: &Shared,
    record: &GameSessionRecord,
    player: &PlayerId,
) -> Result<PlayerSessionObject, Problem> {
    let seat = shared
        .gamelift
        .reserve(&record.arn, player.as_str())
        .await
        .map_err(|error| Problem::of(&error, During::Session))?;
    let id = sealed(shared, &record.arn)?;
    PlayerSessionObject::new(&seat, record, &id, shared.clock.now_ms())
        .ok_or(Problem::internal("the game session has no usable address"))
}

/// Whether this contract made it: marked, and without the private data that a ticket comes from.
fn is_own(shared: &Shared, record: &GameSessionRecord) -> bool {
    record.properties.get(MARK).is_some_and(|mark| mark == "1")
        && record.session_data.expose() == NO_PRIVATE_DATA
        && Facts::of(&shared.ring, record).is_none()
}

fn is_open(record: &GameSessionRecord) -> bool {
    record.current_players < record.max_players && record.policy == PlayerSessionPolicy::AcceptAll
}

fn sealed(shared: &Shared, arn: &GameSessionArn) -> Result<String, Problem> {
    let id = seal_id(&shared.ring, arn).ok_or(Problem::internal("the game session's id is too long"))?;
    Ok(id.as_str().to_owned())
}

fn take_turn(shared: &Shared, player: &PlayerId) -> Result<(), Problem> {
    let turn = shared.players.take(player.clone());
    turn.map_err(|pause| Problem::busy().retry_after(pause))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let what: String = error
            .to_string()
            .chars()
            .filter(|it| !it.is_control())
            .take(200)
            .collect();
        Problem::invalid(format!("the body is not as it must be: {what}"))
    })
}

/// The original's client looks for a field `error`.
pub(super) async fn with_error_field(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let of_contract = [CREATE, FIND, JOIN].iter().any(|name| path.starts_with(name));
    let response = next.run(request).await;
    if !of_contract || !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MOST_BODY_BYTES).await.unwrap_or_default();
    let mut object: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&bytes).unwrap_or_default();
    let message = object
        .get("message")
        .cloned()
        .unwrap_or_else(|| "the request failed".into());
    object.insert("error".to_owned(), message);
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(serde_json::Value::Object(object).to_string()))
}
