//! The ways into game sessions of others, and of this process.

use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    ErrorCode, GameSessionId, JoinByCode, JoinGameSession, Password, Progress, ProgressStep, QuickJoin, Seat,
    ServiceError, SessionKey,
};

use crate::books::refused;
use crate::creating::{create, own_caller, slowly, stretched_code};
use crate::door::head::{Head, Pattern};
use crate::door::knock::knock;
use crate::door::words::{Answer, Ask};
use crate::finding::{behind_code, find_fitting, locate};
use crate::id::HostId;
use crate::query::search::Found;
use crate::secret::{Lock, key_of_password, normal_code};
use crate::shared::Shared;

/// How long a quick join looks for others before it hosts itself.
pub(crate) const QUICK_LOOK: Duration = Duration::from_millis(300);

fn parsed(id: &GameSessionId) -> Result<(HostId, u32), ServiceError> {
    HostId::of_session(id).ok_or_else(|| refused(ErrorCode::NotFound))
}

pub(crate) async fn join(
    shared: Arc<Shared>,
    request: JoinGameSession,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    progress.report(ProgressStep::Placing);
    let (host, number) = parsed(&request.id)?;
    if host == shared.host {
        let caller = own_caller(&shared, request.build);
        let given = shared.with_books(|books, now_ms| books.seat(now_ms, number, &caller))?;
        progress.report(ProgressStep::Ticket);
        return given
            .map(|given| given.seat)
            .ok_or_else(|| refused(ErrorCode::NotFound));
    }
    let found = locate(&shared, host, number).await?;
    let key = match (found.description.lock, &request.password) {
        (Lock::Open, _) => None,
        (lock, Some(password)) => Some(key_of(&shared, &found, lock, password.clone()).await?),
        (_, None) => Some(
            shared
                .known_key(&request.id)
                .ok_or_else(|| refused(ErrorCode::WrongPassword))?,
        ),
    };
    seat(&shared, &found, key, request.build, None, &progress).await
}

async fn key_of(shared: &Shared, found: &Found, lock: Lock, secret: Password) -> Result<SessionKey, ServiceError> {
    let (host, number) = (found.host, found.description.number);
    if lock == Lock::Password {
        return slowly(move || key_of_password(host, number, secret.expose())).await;
    }
    let code = normal_code(secret.expose()).ok_or_else(|| refused(ErrorCode::WrongPassword))?;
    Ok(stretched_code(shared, code).await?.key)
}

/// Knocks, and remembers the key that opened: coming back does not need the password again.
async fn seat(
    shared: &Shared,
    found: &Found,
    key: Option<SessionKey>,
    build: game_session_protocol::BuildId,
    password: Option<Password>,
    progress: &Progress,
) -> Result<Seat, ServiceError> {
    let ask = Ask::Seat {
        player: shared.config.identity.key_for(found.host),
        build,
        password,
    };
    let answer = knock(&found.doors, head(shared, found, key.as_ref()), key.as_ref(), &ask).await?;
    let Answer::Seat(seat) = answer else {
        return Err(unexpected());
    };
    if seat.game_session.id != found.game_session.id {
        return Err(unexpected());
    }
    if let Some(key) = key {
        shared.remember_key(found.game_session.id.clone(), key);
    }
    progress.report(ProgressStep::Ticket);
    Ok(*seat)
}

fn head(shared: &Shared, found: &Found, key: Option<&SessionKey>) -> Head {
    Head {
        pattern: if key.is_some() { Pattern::Keyed } else { Pattern::Open },
        game: shared.game,
        host: found.host,
        number: found.description.number,
    }
}

fn unexpected() -> ServiceError {
    ServiceError::Protocol {
        what: "the host answered another question".into(),
    }
}

pub(crate) async fn join_by_code(
    shared: Arc<Shared>,
    request: JoinByCode,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    progress.report(ProgressStep::Placing);
    let code = normal_code(&request.join_code).ok_or_else(|| refused(ErrorCode::NotFound))?;
    let keys = stretched_code(&shared, code).await?;
    let own = shared.look_at_books(|books| books.behind(keys.tag));
    if let Some(number) = own {
        let request = JoinGameSession::new(shared.host.session(number), request.build);
        return join(shared, request, progress).await;
    }
    let mut last = refused(ErrorCode::NotFound);
    for found in behind_code(&shared, keys.tag).await {
        let (key, password) = match found.description.lock {
            Lock::Code => (Some(keys.key.clone()), request.password.clone()),
            Lock::Open => (None, None),
            Lock::Password => match request.password.clone() {
                Some(password) => (Some(key_of(&shared, &found, Lock::Password, password).await?), None),
                None => return Err(refused(ErrorCode::WrongPassword)),
            },
        };
        match seat(&shared, &found, key, request.build.clone(), password, &progress).await {
            Ok(seat) => return Ok(seat),
            Err(error) => last = error,
        }
    }
    Err(last)
}

pub(crate) async fn quick_join(
    shared: Arc<Shared>,
    request: QuickJoin,
    progress: Progress,
) -> Result<Seat, ServiceError> {
    progress.report(ProgressStep::Placing);
    let mut fitting = find_fitting(&shared, &request, QUICK_LOOK).await;
    fitting.sort_by_key(|found| std::cmp::Reverse(found.game_session.current_players));
    for found in fitting {
        let join_it = JoinGameSession::new(found.game_session.id, request.build.clone());
        if let Ok(seat) = join(shared.clone(), join_it, Progress::ignored()).await {
            progress.report(ProgressStep::Ticket);
            return Ok(seat);
        }
    }
    create(shared, request.into_create(), progress).await
}

pub(crate) async fn leave(shared: Arc<Shared>, id: GameSessionId) -> Result<(), ServiceError> {
    let (host, number) = parsed(&id)?;
    let player = shared.config.identity.key_for(host);
    if host == shared.host {
        return shared.with_books(|books, _| books.give_up(&player.player_id(), number));
    }
    match ask(&shared, host, number, &id, &Ask::Leave { player }).await? {
        Answer::Left => Ok(()),
        _ => Err(unexpected()),
    }
}

pub(crate) async fn join_code(shared: Arc<Shared>, id: GameSessionId) -> Result<String, ServiceError> {
    let (host, number) = parsed(&id)?;
    let player = shared.config.identity.key_for(host);
    if host == shared.host {
        return shared.with_books(|books, _| books.code(&player.player_id(), number));
    }
    match ask(&shared, host, number, &id, &Ask::Code { player }).await? {
        Answer::Code(code) => normal_code(&code).ok_or_else(unexpected),
        _ => Err(unexpected()),
    }
}

/// Asks a host where this player has a seat.
async fn ask(
    shared: &Shared,
    host: HostId,
    number: u32,
    id: &GameSessionId,
    ask: &Ask,
) -> Result<Answer, ServiceError> {
    let found = locate(shared, host, number).await?;
    let key = match found.description.lock {
        Lock::Open => None,
        _ => Some(shared.known_key(id).ok_or_else(|| refused(ErrorCode::WrongPassword))?),
    };
    knock(&found.doors, head(shared, &found, key.as_ref()), key.as_ref(), ask).await
}
