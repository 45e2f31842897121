//! The routes: each reads its request, asks the module that knows, and writes the answer.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use game_session_protocol::requests::{GuestIdentity, JoinByCode, JoinCode, RefreshGuest};
use game_session_protocol::{
    ErrorCode, GameSession, GameSessionId, GameSessionPage, Placing, PlayerId, QuickJoin, Seat, UpdateGameSession,
    routes,
};

use super::bodies::{CreateBody, JoinBody};
use super::extract::{Asked, Body, Caller, Click, From, Meant, Named, Wait};
use crate::checks::{check_change, check_create, check_quick_join, check_update};
use crate::finding;
use crate::gamelift::{GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord};
use crate::joining::{self, Visitor};
use crate::placement::{self, Placed, describe};
use crate::problem::{During, Problem};
use crate::queue::{self, Cancelled};
use crate::quick::{self, Entered};
use crate::sealing::SessionName;
use crate::seats::{Facts, holds_seat, view};
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

/// Makes a new guest.
#[utoipa::path(post, path = routes::GUESTS, responses((status = CREATED, body = GuestIdentity)))]
pub(super) async fn new_guest(State(state): State<AppState>) -> Result<(StatusCode, Json<GuestIdentity>), Problem> {
    state.0.callers.admit_guests()?;
    Ok((StatusCode::CREATED, Json(state.0.guests().make()?)))
}

/// The same guest with new tokens.
#[utoipa::path(post, path = routes::GUEST_REFRESH, request_body = RefreshGuest,
    responses((status = OK, body = GuestIdentity)))]
pub(super) async fn refresh_guest(
    State(state): State<AppState>,
    Body(request): Body<RefreshGuest>,
) -> Result<Json<GuestIdentity>, Problem> {
    state.0.callers.admit_guests()?;
    let guest = state.0.guests().refresh(&request.refresh_token)?;
    let most = state.0.players.take(guest.player_id.clone());
    most.map_err(|pause| Problem::busy().retry_after(pause))?;
    Ok(Json(guest))
}

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(get, path = routes::JWKS, responses((status = OK, description = "a JSON Web Key Set")))]
pub(super) async fn public_keys(State(state): State<AppState>) -> impl IntoResponse {
    let keys = state.0.callers.issuer.public_keys(state.0.clock.now_seconds());
    ([(CACHE_CONTROL, "public, max-age=300")], Json(keys))
}

/// Makes a game session and takes the caller's seat in it.
#[utoipa::path(post, path = routes::GAME_SESSIONS, params(("Idempotency-Key" = String, Header, description = "names one click"),
    ("wait" = Option<f64>, Query, description = "how many seconds the answer may be held back")),
    request_body = CreateBody, responses((status = CREATED, body = Seat), (status = ACCEPTED, body = Placing)),
    security(("bearer" = [])))]
pub(super) async fn create(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Click(click): Click,
    Wait(wait): Wait,
    Body(body): Body<CreateBody>,
) -> Result<Response, Problem> {
    let (request, password) = body.split(click);
    check_create(&request, &state.0.property_keys)?;
    state.0.listings_changed();
    placement::create(&state.0, &caller, &request, password.as_ref(), wait)
        .await
        .map(|placed| placed_answer(&state, placed, StatusCode::CREATED))
}

/// The caller's seat with a fresh ticket.
#[utoipa::path(get, path = routes::SEAT, params(("id" = String, Path),
    ("wait" = Option<f64>, Query, description = "how many seconds the answer may be held back")),
    responses((status = OK, body = Seat), (status = ACCEPTED, body = Placing)), security(("bearer" = [])))]
pub(super) async fn seat(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Meant(name): Meant,
    Wait(wait): Wait,
) -> Result<Response, Problem> {
    placement::seat(&state.0, &caller, &name, wait)
        .await
        .map(|placed| placed_answer(&state, placed, StatusCode::OK))
}

/// Lists game sessions with free seats. `property.KEY=VALUE` may be given too, for any property.
#[utoipa::path(get, path = routes::GAME_SESSIONS, params(("build" = Option<String>, Query),
    ("limit" = Option<u16>, Query, minimum = 1, maximum = 20), ("page" = Option<String>, Query),
    ("sort" = Option<String>, Query,
    description = "newest (unless said otherwise), oldest, most_players, fewest_players or name")),
    responses((status = OK, body = GameSessionPage)), security(("bearer" = [])))]
pub(super) async fn browse(
    State(state): State<AppState>,
    Caller(_): Caller,
    Asked(query): Asked,
) -> Result<Json<GameSessionPage>, Problem> {
    finding::browse(&state.0, &query).await.map(Json)
}

/// Joins a game session: the seat that the caller has, else a new one.
#[utoipa::path(post, path = routes::PLAYER_SESSIONS, params(("id" = String, Path)), request_body = JoinBody,
    responses((status = OK, body = Seat)), security(("bearer" = [])))]
pub(super) async fn join(
    State(state): State<AppState>,
    Caller(player): Caller,
    From(address): From,
    Named(arn): Named,
    Body(JoinBody { build, password }): Body<JoinBody>,
) -> Result<Response, Problem> {
    let visitor = Visitor {
        player,
        address,
        build,
        password,
    };
    let seat = joining::join(&state.0, &visitor, &arn).await?;
    Ok(joined_answer(&state, seat))
}

/// Joins the game session behind a code. A code that never was and one whose game session is over answer alike.
#[utoipa::path(post, path = routes::JOIN_BY_CODE, request_body = JoinByCode,
    responses((status = OK, body = Seat)), security(("bearer" = [])))]
pub(super) async fn join_by_code(
    State(state): State<AppState>,
    Caller(player): Caller,
    From(address): From,
    Body(request): Body<JoinByCode>,
) -> Result<Response, Problem> {
    let visitor = Visitor {
        player,
        address,
        build: request.build,
        password: request.password,
    };
    let seat = joining::join_by_code(&state.0, &visitor, &request.join_code).await?;
    Ok(joined_answer(&state, seat))
}

/// The code that leads to a game session, for its owner and for who has a seat in it; good for a day.
#[utoipa::path(post, path = routes::JOIN_CODE, params(("id" = String, Path)),
    responses((status = OK, body = JoinCode)), security(("bearer" = [])))]
pub(super) async fn join_code(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Named(arn): Named,
) -> Result<Json<JoinCode>, Problem> {
    let record = describe(&state.0, &arn).await?;
    let facts = Facts::of(&state.0.ring, &record).ok_or_else(Problem::not_found)?;
    if facts.owner != caller && !holds_seat(&state.0, &caller, &record).await? {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "only who has a seat in a game session is told its code",
        ));
    }
    if record.status.is_over() {
        return Err(Problem::session_ended());
    }
    joining::join_code(&state.0, &record, &facts).await.map(Json)
}

/// Takes a seat in a running game session that fits, else makes one.
#[utoipa::path(post, path = routes::QUICK_JOIN, params(("Idempotency-Key" = String, Header, description = "names one click"),
    ("wait" = Option<f64>, Query, description = "how many seconds the answer may be held back")),
    request_body = QuickJoin, responses((status = OK, body = Seat), (status = CREATED, body = Seat),
    (status = ACCEPTED, body = Placing)), security(("bearer" = [])))]
pub(super) async fn quick_join(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Click(click): Click,
    Wait(wait): Wait,
    Body(request): Body<QuickJoin>,
) -> Result<Response, Problem> {
    check_quick_join(&request, &state.0.property_keys)?;
    let request = QuickJoin {
        idempotency_key: click,
        ..request
    };
    match quick::quick_join(&state.0, &caller, request, wait).await? {
        Entered::Joined(seat) => Ok(joined_answer(&state, *seat)),
        Entered::Made(placed) => {
            state.0.listings_changed();
            Ok(placed_answer(&state, placed, StatusCode::CREATED))
        }
    }
}

/// Changes what others find of a game session, for its owner.
#[utoipa::path(patch, path = routes::GAME_SESSION, params(("id" = String, Path)), request_body = UpdateGameSession,
    responses((status = OK, body = GameSession)), security(("bearer" = [])))]
pub(super) async fn update(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Named(arn): Named,
    Body(request): Body<UpdateGameSession>,
) -> Result<Json<GameSession>, Problem> {
    check_update(&request, &state.0.property_keys)?;
    let shared = &state.0;
    let (record, facts) = owned(shared, &caller, &arn).await?;
    if record.status.is_over() {
        return Err(Problem::session_ended());
    }
    check_change(&request, &record)?;
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
        .map_err(|error| Problem::of(&error, During::Change))?;
    shared.listings_changed();
    view(shared, &changed, &facts).map(Json)
}

/// Ends a game session, for its owner, also one that is still being placed; ending it twice is fine.
#[utoipa::path(delete, path = routes::GAME_SESSION, params(("id" = String, Path)), responses((status = NO_CONTENT)),
    security(("bearer" = [])))]
pub(super) async fn end(
    State(state): State<AppState>,
    Caller(caller): Caller,
    Meant(name): Meant,
) -> Result<StatusCode, Problem> {
    let shared = &state.0;
    let arn = match (name, &shared.queue) {
        (SessionName::Placement(name), Some(queue)) => match queue::cancel(shared, queue, &caller, &name).await? {
            Cancelled::Over => return Ok(StatusCode::NO_CONTENT),
            Cancelled::Running(arn) => arn,
        },
        (name, _) => placement::arn_of(shared, name).await?,
    };
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

fn placed_answer(state: &AppState, placed: Placed, when_seated: StatusCode) -> Response {
    match placed {
        Placed::Seated(seat) => {
            let location = location(routes::GAME_SESSION, &seat.game_session.id);
            let trace = trace_of(state, &seat.game_session.id);
            (when_seated, trace, [(LOCATION, location)], Json(*seat)).into_response()
        }
        Placed::Placing(placing) => {
            let location = location(routes::SEAT, &placing.id);
            let again = HeaderValue::from_static("1");
            let headers = [(LOCATION, location), (RETRY_AFTER, again)];
            let trace = trace_of(state, &placing.id);
            (StatusCode::ACCEPTED, trace, headers, Json(placing)).into_response()
        }
    }
}

fn joined_answer(state: &AppState, seat: Seat) -> Response {
    (trace_of(state, &seat.game_session.id), Json(seat)).into_response()
}

/// The header by which a player's log finds the lines about the same game session here and at its server process.
fn trace_of(state: &AppState, id: &GameSessionId) -> [(HeaderName, HeaderValue); 1] {
    let trace = SessionName::open(&state.0.ring, id.as_str()).map(|name| match name {
        SessionName::Arn(arn) => state.0.trace_id(&arn),
        SessionName::Placement(name) => state.0.ring.trace_id(name.token()),
    });
    let value = trace.and_then(|trace| HeaderValue::try_from(trace).ok());
    let value = value.unwrap_or(HeaderValue::from_static("unknown"));
    [(HeaderName::from_static(routes::TRACE_ID), value)]
}

fn location(path: &str, id: &GameSessionId) -> HeaderValue {
    HeaderValue::try_from(routes::with_id(path, id))
        .expect("sealed ids hold only characters that are legal in a header")
}
