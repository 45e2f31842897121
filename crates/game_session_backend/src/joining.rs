//! Joining a game session that is there: by its id or by its code, with its password if it has one.

use std::net::IpAddr;
use std::time::Duration;

use game_session_protocol::requests::{JoinCode, Password};
use game_session_protocol::{BuildId, ErrorCode, GameSessionId, PlayerId, Seat};
use tokio::time::{Instant, sleep_until};

use crate::addresses::client_of;
use crate::gamelift::{GameSessionArn, GameSessionRecord, GameSessionStatus};
use crate::placement::{arn_of, describe};
use crate::problem::Problem;
use crate::sealing::SessionName;
use crate::seats::{Facts, Lapsed, Newness, holds_seat, id_of, take};
use crate::shared_state::SharedStateError;
use crate::state::Shared;

/// No `I`, `O`, `0` and `1`: people read codes to each other.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const CODE_LENGTH: usize = 8;
const CODE_LIFE: Duration = Duration::from_hours(24);
/// Wrong codes and passwords in a minute, and those whose answer is still to come; the next try is refused unread.
const WRONG_TRIES: u32 = 10;
const MINUTE: Duration = Duration::from_mins(1);
/// A code that leads nowhere is answered no sooner: how long it took tells nothing.
const REFUSAL_TIME: Duration = Duration::from_millis(500);

/// Who tries to get in, and with what.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) player: PlayerId,
    pub(crate) address: Option<IpAddr>,
    pub(crate) build: BuildId,
    pub(crate) password: Option<Password>,
}

/// The visitor's seat in a game session.
pub(crate) async fn join(shared: &Shared, visitor: &Visitor, arn: &GameSessionArn) -> Result<Seat, Problem> {
    let record = describe(shared, arn).await?;
    let facts = Facts::of(&shared.ring, &record).ok_or_else(Problem::not_found)?;
    enter(shared, visitor, &record, &facts).await
}

/// The visitor's seat in the game session behind a code. Codes that never were and those of game sessions that are
/// over are told apart neither by the answer nor by its time.
pub(crate) async fn join_by_code(shared: &Shared, visitor: &Visitor, code: &str) -> Result<Seat, Problem> {
    let started = Instant::now();
    let attempt = Attempt::begin(shared, visitor).await?;
    let Some((record, facts)) = behind(shared, code).await? else {
        sleep_until(started + REFUSAL_TIME).await;
        return Err(Problem::new(
            ErrorCode::NotFound,
            "no game session is open under this code",
        ));
    };
    attempt.was_right(shared).await;
    enter(shared, visitor, &record, &facts).await
}

/// The code of a game session: the same for a day, whoever asks.
pub(crate) async fn join_code(shared: &Shared, record: &GameSessionRecord, facts: &Facts) -> Result<JoinCode, Problem> {
    let id = id_of(shared, record, facts)?;
    let now = shared.clock.now_seconds();
    for _ in 0..4 {
        let code = random_code()?;
        let row = format!("{code} {}", now + CODE_LIFE.as_secs());
        // First by game session, so that parallel askers agree on one code, then by code, so that it is nobody else's.
        let put = |key, value| shared.rows.put_if_absent(key, value, CODE_LIFE);
        let agreed = put(format!("join-code-of/{id}"), row).await.map_err(unusable)?;
        let Some((code, end)) = agreed.split_once(' ') else {
            break;
        };
        if put(code_key(code), id.to_string()).await.map_err(unusable)? == id.as_str() {
            return Ok(JoinCode {
                join_code: code.to_owned(),
                expires_at: end.parse().unwrap_or(now),
            });
        }
    }
    Err(Problem::unavailable(Duration::from_secs(1)))
}

async fn behind(shared: &Shared, code: &str) -> Result<Option<(GameSessionRecord, Facts)>, Problem> {
    let Some(code) = plain(code) else { return Ok(None) };
    let id = shared.rows.get(code_key(&code)).await.map_err(unusable)?;
    let id = id.and_then(|id| id.parse::<GameSessionId>().ok());
    let Some(name) = id.and_then(|id| SessionName::open(&shared.ring, id.as_str())) else {
        return Ok(None);
    };
    let found = async { describe(shared, &arn_of(shared, name).await?).await };
    let record = match found.await {
        Ok(record) => record,
        Err(problem) if matches!(problem.code, ErrorCode::NotFound | ErrorCode::SessionEnded) => return Ok(None),
        Err(problem) => return Err(problem),
    };
    let facts = Facts::of(&shared.ring, &record).filter(|_| !record.status.is_over());
    Ok(facts.map(|facts| (record, facts)))
}

async fn enter(shared: &Shared, visitor: &Visitor, record: &GameSessionRecord, facts: &Facts) -> Result<Seat, Problem> {
    if facts.build != visitor.build {
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
    unlock(shared, visitor, record, facts).await?;
    let seat = take(
        shared,
        &visitor.player,
        record,
        facts,
        Newness::MayHaveSeat,
        Lapsed::Reserve,
    )
    .await?;
    tracing::info!(trace_id = facts.trace_id, "a seat was given");
    Ok(seat)
}

/// Checks the password before a seat is reserved. Its owner needs none, nor does who has a seat.
async fn unlock(shared: &Shared, visitor: &Visitor, record: &GameSessionRecord, facts: &Facts) -> Result<(), Problem> {
    let Some(hash) = facts.password.as_ref().filter(|_| facts.owner != visitor.player) else {
        return Ok(());
    };
    if let Some(password) = &visitor.password {
        let attempt = Attempt::begin(shared, visitor).await?;
        let (ring, token) = (&shared.ring, &facts.token);
        if shared.passwords.fits(ring, token, password, hash).await? {
            attempt.was_right(shared).await;
            return Ok(());
        }
    }
    if holds_seat(shared, &visitor.player, record).await? {
        return Ok(());
    }
    Err(Problem::new(
        ErrorCode::WrongPassword,
        match visitor.password {
            None => "this game session needs a password",
            Some(_) => "the password is wrong",
        },
    ))
}

/// A try, which counts as a wrong one from before it is looked at: so parallel ones count too, and so do those whose
/// request is cut off. Each takes one of ten places, rows that end after a minute.
struct Attempt(Vec<String>);

impl Attempt {
    async fn begin(shared: &Shared, visitor: &Visitor) -> Result<Self, Problem> {
        let own = uuid::Uuid::new_v4().simple().to_string();
        let mut attempt = Self(Vec::new());
        'who: for who in tries_of(shared, visitor) {
            for place in 0..WRONG_TRIES {
                let key = format!("{who}/{place}");
                let holder = shared.rows.put_if_absent(key.clone(), own.clone(), MINUTE);
                if holder.await.map_err(unusable)? == own {
                    attempt.0.push(key);
                    continue 'who;
                }
            }
            attempt.was_right(shared).await;
            return Err(Problem::busy().retry_after(MINUTE));
        }
        Ok(attempt)
    }

    /// It does not count.
    async fn was_right(self, shared: &Shared) {
        for key in self.0 {
            if let Err(error) = shared.rows.strike(key).await {
                tracing::warn!(%error, "a try that was right counts as a wrong one");
            }
        }
    }
}

/// What wrong tries are counted under. Addresses count where they are told apart.
fn tries_of(shared: &Shared, visitor: &Visitor) -> Vec<String> {
    let address = visitor.address.filter(|_| shared.addresses.is_some());
    let player = format!("wrong-tries/{}", shared.ring.pseudonym(&visitor.player));
    [Some(player), address.map(|it| format!("wrong-tries/{}", client_of(it)))]
        .into_iter()
        .flatten()
        .collect()
}

fn unusable(error: SharedStateError) -> Problem {
    tracing::error!(%error, "the shared state failed");
    Problem::unavailable(Duration::from_secs(2))
}

fn code_key(code: &str) -> String {
    format!("join-code/{code}")
}

fn random_code() -> Result<String, Problem> {
    let mut bytes = [0; CODE_LENGTH];
    getrandom::fill(&mut bytes).map_err(|_| Problem::internal("no randomness is available"))?;
    Ok(bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]))
        .collect())
}

/// A code as it is kept; `None` when it cannot be one.
fn plain(code: &str) -> Option<String> {
    let code: String = code
        .chars()
        .take(32)
        .filter(|character| !matches!(character, ' ' | '-'))
        .map(|character| character.to_ascii_uppercase())
        .collect();
    (code.len() == CODE_LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte))).then_some(code)
}
