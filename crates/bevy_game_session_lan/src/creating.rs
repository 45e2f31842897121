//! A game session of this process, from the click to the owner's seat.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    BuildId, CreateGameSession, ErrorCode, GameSessionId, Privacy, Progress, ProgressStep, Seat, ServiceError,
};
use tokio::time::timeout;

use crate::books::{ACTIVATION_MS, Books, Caller, Draft, Given, Readiness, Secrets, Standing, refused};
use crate::config::LanDoor;
use crate::secret::{CodeKeys, Lock, key_of_password, keys_of_code, new_code};
use crate::shared::Shared;

/// How long the server plugin may take to be ready, or to end the game session before.
const READY: Duration = Duration::from_secs(10);

pub(crate) async fn create(
    shared: Arc<Shared>,
    request: CreateGameSession,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    let build = request.build.clone();
    let made = Made {
        number: host(&shared, request, &progress).await?,
        shared,
        done: false,
    };
    let given = own_seat(&made.shared, made.number, build).await;
    progress.report(ProgressStep::Ticket);
    made.keep(given.map(|given| given.seat))
}

/// The same without a player: the host of it is nobody's seat.
pub(crate) async fn create_empty(
    shared: Arc<Shared>,
    request: CreateGameSession,
) -> Result<GameSessionId, ServiceError> {
    let made = Made {
        number: host(&shared, request, &Progress::ignored()).await?,
        shared,
        done: false,
    };
    let active = active(&made.shared, made.number).await;
    let id = made.shared.host.session(made.number);
    made.keep(active.map(|()| id))
}

/// Places the game session here.
async fn host(shared: &Arc<Shared>, request: CreateGameSession, progress: &Progress) -> Result<u32, ServiceError> {
    progress.report(ProgressStep::Placing);
    let draft = Draft {
        name: request.name,
        max_players: request.max_players,
        build: request.build,
        properties: request.properties,
        privacy: request.privacy,
        password: request.password,
    };
    draft.check()?;
    let (secrets, code) = secrets(shared, &draft).await?;
    wait_until_free(shared, &request.idempotency_key, &draft).await?;
    let (number, is_new) =
        shared.with_books(|books, now_ms| books.place(now_ms, &request.idempotency_key, draft, secrets))?;
    if let Some(code) = code.filter(|_| is_new) {
        stretch_later(shared, number, code);
    }
    progress.report(ProgressStep::Activating);
    Ok(number)
}

/// What opens the next game session, and its code if that must still be stretched.
async fn secrets(shared: &Arc<Shared>, draft: &Draft) -> Result<(Secrets, Option<String>), ServiceError> {
    let code = new_code();
    let mut secrets = Secrets {
        lock: Lock::Open,
        password_key: None,
        code: code.clone(),
        code_keys: None,
    };
    // who asks the host for it by name learns of a private one too: its code is its lock
    if shared.config.door == LanDoor::JoinCode || draft.privacy == Privacy::Private {
        let keys = stretched_code(shared, code).await?;
        (secrets.lock, secrets.code_keys) = (Lock::Code, Some(keys));
        return Ok((secrets, None));
    }
    if let Some(password) = draft.password.clone() {
        let (host, number) = (shared.host, shared.look_at_books(Books::next_number));
        let key = slowly(move || key_of_password(host, number, password.expose())).await?;
        (secrets.lock, secrets.password_key) = (Lock::Password, Some(key));
    }
    Ok((secrets, Some(code)))
}

/// Runs slow hashing where it holds nobody up.
pub(crate) async fn slowly<T: Send + 'static>(hash: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
    let hashed = tokio::task::spawn_blocking(hash).await;
    hashed.map_err(|_| ServiceError::refused(ErrorCode::Internal, "the key could not be made"))
}

pub(crate) async fn stretched_code(shared: &Shared, code: String) -> Result<CodeKeys, ServiceError> {
    let game = shared.game;
    slowly(move || keys_of_code(game, &code)).await
}

/// The code of an open game session is not needed at once: nobody waits for it.
fn stretch_later(shared: &Arc<Shared>, number: u32, code: String) {
    let shared = shared.clone();
    tokio::spawn(async move {
        if let Ok(keys) = stretched_code(&shared, code).await {
            shared.with_books(|books, _| books.set_code_keys(number, keys));
        }
    });
}

async fn wait_until_free(
    shared: &Shared,
    key: &game_session_protocol::IdempotencyKey,
    draft: &Draft,
) -> Result<(), ServiceError> {
    let free = async {
        loop {
            let changed = shared.books_changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let known = shared.look_at_books(|books| books.of_click(key, draft));
            if known?.is_some() {
                return Ok(());
            }
            match shared.look_at_books(Books::readiness) {
                Readiness::Free | Readiness::No => return Ok(()),
                Readiness::Soon => changed.await,
            }
        }
    };
    timeout(READY, free)
        .await
        .unwrap_or_else(|_| Err(refused(ErrorCode::NoCapacity)))
}

/// Waits for the game to load it.
async fn active(shared: &Shared, number: u32) -> Result<(), ServiceError> {
    let active = async {
        loop {
            let changed = shared.books_changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if shared.look_at_books(|books| books.standing(number))? == Standing::Active {
                return Ok(());
            }
            changed.await;
        }
    };
    // The books themselves give up a little earlier.
    timeout(Duration::from_millis(ACTIVATION_MS + 5_000), active)
        .await
        .unwrap_or_else(|_| Err(refused(ErrorCode::ActivationFailed)))
}

/// Waits for the game to load it, then takes the owner's seat.
async fn own_seat(shared: &Shared, number: u32, build: BuildId) -> Result<Given, ServiceError> {
    active(shared, number).await?;
    let caller = own_caller(shared, build);
    let given = shared.with_books(|books, now_ms| books.seat(now_ms, number, &caller))?;
    given.ok_or_else(|| refused(ErrorCode::ActivationFailed))
}

/// The player of this process.
pub(crate) fn own_caller(shared: &Shared, build: BuildId) -> Caller {
    Caller {
        player: shared.config.identity.key_for(shared.host).player_id(),
        build,
        password: None,
        proved_password: false,
        from: None,
        came_by: IpAddr::V4(Ipv4Addr::LOCALHOST),
    }
}

/// A game session that was just made: dropped before it is answered for, it is ended and not orphaned.
struct Made {
    shared: Arc<Shared>,
    number: u32,
    done: bool,
}

impl Made {
    fn keep<T>(mut self, answer: Result<T, ServiceError>) -> Result<T, ServiceError> {
        self.done = answer.is_ok();
        answer
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if !self.done {
            let _over_already = self.shared.with_books(|books, _| books.end(self.number));
        }
    }
}
