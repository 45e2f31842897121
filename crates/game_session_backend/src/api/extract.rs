//! What handlers are given: the caller, the click, the wait and the body, all checked.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Uri};
use game_session_protocol::{ErrorCode, FindGameSessions, IdempotencyKey, PlayerId, routes};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::guard::Peer;
use crate::checks::check_properties;
use crate::gamelift::GameSessionArn;
use crate::placement::arn_of;
use crate::problem::Problem;
use crate::sealing::SessionName;
use crate::state::AppState;

const MOST_BODY_BYTES: usize = 16 * 1024;
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// Who asks, known from the bearer token.
pub(super) struct Caller(pub(super) PlayerId);

impl FromRequestParts<AppState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let callers = &state.0.callers;
        let token = header(&parts.headers, &AUTHORIZATION).and_then(bearer);
        let player = match token {
            Some(token) => callers.player_of(&state.0.clock, token).await?,
            None => return Err(callers.refusal()),
        };
        state
            .0
            .players
            .take(player.clone())
            .map_err(|pause| Problem::busy().retry_after(pause))?;
        Ok(Self(player))
    }
}

/// Where the request came from, where that is known.
pub(super) struct From(pub(super) Option<IpAddr>);

impl FromRequestParts<AppState> for From {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get().map(|Peer(address)| *address)))
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The `Idempotency-Key` header.
pub(super) struct Click(pub(super) IdempotencyKey);

impl FromRequestParts<AppState> for Click {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Problem> {
        let name = HeaderName::from_static(routes::IDEMPOTENCY_KEY);
        let key = header(&parts.headers, &name).ok_or(Problem::invalid("the Idempotency-Key header is missing"))?;
        key.parse()
            .map(Self)
            .map_err(|error| Problem::invalid(format!("the Idempotency-Key header holds an {error}")))
    }
}

/// The `?wait=` parameter, cut to the longest wait; the only parameter there may be.
pub(super) struct Wait(pub(super) Duration);

impl FromRequestParts<AppState> for Wait {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let mut wait = None;
        for (name, value) in parameters(&parts.uri)? {
            if name != routes::WAIT || wait.is_some() {
                return Err(Problem::invalid("only one parameter, `wait`, is known here"));
            }
            let seconds = value
                .parse::<f64>()
                .ok()
                .filter(|seconds| (0.0..=3600.0).contains(seconds));
            let seconds = seconds.ok_or(Problem::invalid("wait must be 0 to 3600 seconds"))?;
            wait = Some(Duration::from_secs_f64(seconds));
        }
        Ok(Self(wait.unwrap_or_default().min(state.0.limits.max_wait)))
    }
}

/// The browse parameters.
pub(super) struct Asked(pub(super) FindGameSessions);

impl FromRequestParts<AppState> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let mut query = FindGameSessions::default();
        for (name, value) in parameters(&parts.uri)? {
            let twice = match name.as_str() {
                "build" => {
                    let build = value.parse().map_err(|error| Problem::invalid(format!("{error}")))?;
                    query.build.replace(build).is_some()
                }
                "limit" => {
                    let limit = value.parse().map_err(|_| Problem::invalid("limit must be 1 to 20"))?;
                    query.limit.replace(limit).is_some()
                }
                "page" => query.page.replace(value).is_some(),
                "sort" => {
                    let sort = value.parse().map_err(|error| Problem::invalid(format!("{error}")))?;
                    query.sort.replace(sort).is_some()
                }
                name => match name.strip_prefix("property.") {
                    Some(key) => query.properties.insert(key.to_owned(), value).is_some(),
                    None => {
                        return Err(Problem::invalid(
                            "only build, limit, page, sort and property.KEY may be asked for",
                        ));
                    }
                },
            };
            if twice {
                return Err(Problem::invalid("a parameter is given twice"));
            }
        }
        check_properties(&query.properties, &state.0.property_keys)?;
        Ok(Self(query))
    }
}

fn parameters(uri: &Uri) -> Result<Vec<(String, String)>, Problem> {
    match Query::try_from_uri(uri) {
        Ok(Query(list)) => Ok(list),
        Err(_) => Err(Problem::invalid("the parameters cannot be read")),
    }
}

/// What the sealed id in the path names: a game session, or a placement that may not be one yet.
pub(super) struct Meant(pub(super) SessionName);

impl FromRequestParts<AppState> for Meant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        let Ok(Path(id)) = path else {
            return Err(Problem::not_found());
        };
        let name = SessionName::open(&state.0.ring, &id);
        name.map(Self).ok_or_else(Problem::not_found)
    }
}

/// The game session whose sealed id is in the path; refused while it is still placed.
pub(super) struct Named(pub(super) GameSessionArn);

impl FromRequestParts<AppState> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Meant(name) = Meant::from_request_parts(parts, state).await?;
        arn_of(&state.0, name).await.map(Self)
    }
}

/// A JSON body of at most 16 KiB, without unknown fields.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<AppState> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Problem> {
        let kind = header(request.headers(), &CONTENT_TYPE).unwrap_or_default();
        if !kind
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .eq_ignore_ascii_case("application/json")
        {
            return Err(Problem::invalid("the body must be application/json"));
        }
        let bytes = timeout(BODY_TIMEOUT, to_bytes(request.into_body(), MOST_BODY_BYTES)).await;
        let bytes = bytes
            .map_err(|_| Problem::new(ErrorCode::TimedOut, "the body did not come in time"))?
            .map_err(|_| Problem::new(ErrorCode::TooLarge, "the body is larger than 16 KiB or broke off"))?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            let mut what = error.to_string();
            what.retain(|character| !character.is_control());
            let what: String = what.chars().take(200).collect();
            Problem::invalid(format!("the body is not as it must be: {what}"))
        })
    }
}
