//! The routes: each reads its request, asks the module that knows, and writes the answer.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use game_session_protocol::requests::{GuestIdentity, RefreshGuest};
use game_session_protocol::{
    CreateGameSession, ErrorCode, GameSession, GameSessionPage, JoinGameSession, PlayerId, QuickJoin,
    UpdateGameSession, routes,
};

use super::extract::{Asked, Body, Caller, Click, Named, Wait};
use crate::checks::{check_create, check_quick_join, check_update};
use crate::finding;
use crate::gamelift::{GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord, GameSessionStatus};
use crate::placement::{self, Placed, describe};
use crate::problem::{During, Problem};
use crate::quick::{self, Entered};
use crate::seats::{Facts, Lapsed, Newness, take, view};
use crate::state::{AppState, Shared};

pub(super) async fn healthy() -> &'static str {
    "healthy"
}

pub(super) async fn ready(State(state): State<AppState>) -> Result<&'static str, Problem> {
    if state.0.requests.is_closed() {
        Err(Problem::unavailable(Duration::from_secs(1)))
    } else {
        Ok("ready")
    }
}

pub(super) async fn new_guest(State(state): State<AppState>) -> Result<(StatusCode, Json<GuestIdentity>), Problem> {
    Ok((StatusCode::CREATED, Json(state.0.guests().make()?)))
}

pub(super) async fn refresh_guest(
    State(state): State<AppState>,
    Body(request): Body<RefreshGuest>,
) -> Result<Json<GuestIdentity>, Problem> {
    let guest = state.0.guests().refresh(&request.refresh_token)?;
    let most = state.0.players.take(guest.player_id.clone());
    most.map_err(|pause| Problem::busy().retry_after(pause))?;
    Ok(Json(guest))
}

pub(super) async fn public_keys(State(state): State<AppState>) -> impl IntoResponse {
    let keys = state.0.issuer.public_keys(state.0.clock.now_seconds());
    ([(CACHE_CONTROL, "public, max-age=300")], Json(keys))
}

pub(super) async fn create(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Click(click): Click,
    Wait(wait): Wait,
    Body(request): Body<CreateGameSession>,
) -> Result<Response, Problem> {
    check_create(&request)?;
    let request = CreateGameSession {
        idempotency_key: click,
        ..request
    };
    state.0.listings_changed();
    placement::create(&state.0, &caller, &request, wait)
        .await
        .map(|placed| placed_answer(placed, StatusCode::CREATED))
}

pub(super) async fn seat(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Named(arn): Named,
    Wait(wait): Wait,
) -> Result<Response, Problem> {
    placement::seat(&state.0, &caller, &arn, wait)
        .await
        .map(|placed| placed_answer(placed, StatusCode::OK))
}

pub(super) async fn browse(
    State(state): State<AppState>,
    Caller(_): Caller,
    Asked(query): Asked,
) -> Result<Json<GameSessionPage>, Problem> {
    finding::browse(&state.0, &query).await.map(Json)
}

pub(super) async fn join(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Named(arn): Named,
    Body(request): Body<JoinGameSession>,
) -> Result<Response, Problem> {
    let shared = &state.0;
    let record = describe(shared, &arn).await?;
    let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
    if facts.build != request.build {
        return Err(Problem::new(
            ErrorCode::VersionMismatch,
            "the game session runs another version of the game",
        ));
    }
    match record.status {
        GameSessionStatus::Active => {}
        status if status.is_over() => return Err(Problem::session_ended()),
        _ => {
            let starting = Problem::not_accepting("the game session is still starting");
            return Err(starting.retry_after(Duration::from_secs(1)));
        }
    }
    let seat = take(
        shared,
        &caller,
        &record,
        &facts,
        Newness::JustDescribed,
        Lapsed::Reserve,
    )
    .await?;
    Ok(Json(seat).into_response())
}

pub(super) async fn quick_join(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Click(click): Click,
    Wait(wait): Wait,
    Body(request): Body<QuickJoin>,
) -> Result<Response, Problem> {
    check_quick_join(&request)?;
    let request = QuickJoin {
        idempotency_key: click,
        ..request
    };
    match quick::quick_join(&state.0, &caller, request, wait).await? {
        Entered::Joined(seat) => Ok(Json(*seat).into_response()),
        Entered::Made(placed) => {
            state.0.listings_changed();
            Ok(placed_answer(placed, StatusCode::CREATED))
        }
    }
}

pub(super) async fn update(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Named(arn): Named,
    Body(request): Body<UpdateGameSession>,
) -> Result<Json<GameSession>, Problem> {
    check_update(&request)?;
    let shared = &state.0;
    let (record, facts) = owned(shared, &caller, &arn).await?;
    if record.status.is_over() {
        return Err(Problem::session_ended());
    }
    let change = GameSessionChange {
        arn,
        name: request.name,
        max_players: request.max_players,
        policy: request.policy,
        properties: request.properties,
    };
    let changed = shared
        .gamelift
        .update(change)
        .await
        .map_err(|error| Problem::of(&error, During::Session))?;
    shared.listings_changed();
    view(&shared.ring, &changed, &facts).map(Json)
}

pub(super) async fn end(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Named(arn): Named,
) -> Result<StatusCode, Problem> {
    let shared = &state.0;
    let (record, facts) = owned(shared, &caller, &arn).await?;
    if !record.status.is_over() {
        match shared.gamelift.terminate(&arn).await {
            Ok(()) => {}
            // It ended in between.
            Err(error) if error.kind == GameLiftErrorKind::NotFound => {}
            Err(error) if error.kind == GameLiftErrorKind::WrongSessionStatus => {
                return Err(Problem::unavailable(Duration::from_secs(1)));
            }
            Err(error) => return Err(Problem::of(&error, During::Session)),
        }
    }
    shared.listings_changed();
    tracing::info!(trace_id = facts.trace_id, "a game session was ended by its owner");
    Ok(StatusCode::NO_CONTENT)
}

/// The game session, if it is the caller's.
async fn owned(
    shared: &Shared,
    caller: &PlayerId,
    arn: &GameSessionArn,
) -> Result<(GameSessionRecord, Facts), Problem> {
    let record = describe(shared, arn).await?;
    let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
    if facts.owner == *caller {
        Ok((record, facts))
    } else {
        Err(Problem::new(
            ErrorCode::Forbidden,
            "only its owner may do this to a game session",
        ))
    }
}

fn placed_answer(placed: Placed, when_seated: StatusCode) -> Response {
    match placed {
        Placed::Seated(seat) => {
            let location = location(routes::GAME_SESSION, &seat.game_session.id);
            (when_seated, [(LOCATION, location)], Json(*seat)).into_response()
        }
        Placed::Placing(placing) => {
            let location = location(routes::SEAT, &placing.id);
            (StatusCode::ACCEPTED, [(LOCATION, location)], Json(placing)).into_response()
        }
    }
}

fn location(path: &str, id: &game_session_protocol::GameSessionId) -> HeaderValue {
    HeaderValue::try_from(routes::with_id(path, id))
        .expect("sealed ids hold only characters that are legal in a header")
}
