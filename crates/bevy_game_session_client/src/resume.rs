//! Coming back after a restart: where the player is, kept in a file from the arrival until the session is left.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bevy_app::App;
use bevy_ecs::prelude::*;
use game_session_protocol::{GameSession, GoodbyeCode};
use serde::{Deserialize, Serialize};
use tracing::{debug, warn};

use crate::components::{Reach, SessionName};
use crate::error::SessionError;
use crate::events::{
    SessionArrived, SessionDestroyed, SessionDisconnected, SessionEnded, SessionFailed, SessionJoined, SessionLeft,
};
use crate::files::PlayerFiles;
use crate::index::SessionIndex;
use crate::operation::SessionOperation;
use crate::travel::DisconnectReason;

const FILE: &str = "session.json";
const VERSION: u8 = 1;
/// No game session is waited for longer: what is older is forgotten.
const LONGEST: Duration = Duration::from_hours(24);
/// How far this machine's clock may have gone back since.
const CLOCK_STEP: Duration = Duration::from_mins(5);

/// The session in which the player was when the process before this one ended without leaving it: exists until
/// [`Sessions::resume`](crate::Sessions::resume) succeeded or turned out to be in vain, or another session was
/// arrived in. Show it as "continue".
#[derive(Resource, Debug, Clone, PartialEq, Eq)]
pub struct ResumableSession {
    pub(crate) name: SessionName,
    pub(crate) game_session: GameSession,
    pub(crate) reach: Reach,
}

impl ResumableSession {
    /// Its name on this machine, under which it will be again.
    pub fn name(&self) -> &SessionName {
        &self.name
    }

    /// The game session as it was described last.
    pub fn game_session(&self) -> &GameSession {
        &self.game_session
    }

    /// Over which orchestrator it is played.
    pub fn reach(&self) -> Reach {
        self.reach
    }
}

/// The file. It holds no ticket and no password: who comes back proves it with the player's identity.
#[derive(Serialize, Deserialize)]
struct Kept {
    version: u8,
    saved_at: u64,
    name: String,
    lan: bool,
    game_session: GameSession,
}

/// Where it is kept, and whose.
#[derive(Resource)]
struct Keeping {
    files: PlayerFiles,
    kept: Option<Entity>,
}

pub(crate) fn build(app: &mut App, files: PlayerFiles) {
    if let Some(resumable) = load(&files) {
        app.world_mut().resource_mut::<SessionIndex>().resumable = Some(resumable.clone());
        app.insert_resource(resumable);
    }
    app.insert_resource(Keeping { files, kept: None })
        .add_observer(keep)
        .add_observer(own)
        .add_observer(|left: On<SessionLeft>, mut commands: Commands| forget_later(&mut commands, left.entity))
        .add_observer(|ended: On<SessionEnded>, mut commands: Commands| forget_later(&mut commands, ended.entity))
        .add_observer(|gone: On<SessionDestroyed>, mut commands: Commands| forget_later(&mut commands, gone.entity))
        .add_observer(|gone: On<Remove, SessionName>, mut commands: Commands| forget_later(&mut commands, gone.entity))
        .add_observer(forget_what_is_over)
        .add_observer(forget_what_is_in_vain);
}

fn load(files: &PlayerFiles) -> Option<ResumableSession> {
    let kept: Kept = files.read(FILE)?;
    let age = now().saturating_add(CLOCK_STEP.as_secs()).checked_sub(kept.saved_at);
    if kept.version != VERSION || age.is_none_or(|age| age > LONGEST.as_secs()) {
        debug!("a kept session is too old, or of another version: it is ignored");
        return None;
    }
    let Ok(name) = kept.name.parse() else {
        warn!("a kept session has no valid name: it is ignored");
        return None;
    };
    Some(ResumableSession {
        name,
        game_session: kept.game_session,
        reach: if kept.lan { Reach::Lan } else { Reach::Online },
    })
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

fn keep(
    arrived: On<SessionArrived>,
    mut index: ResMut<SessionIndex>,
    mut keeping: ResMut<Keeping>,
    mut commands: Commands,
) {
    index.resumable = None;
    commands.remove_resource::<ResumableSession>();
    if arrived.local {
        // What this process hosts ends with it.
        return keeping.files.remove(FILE);
    }
    let Some(record) = index.record(arrived.entity) else {
        return;
    };
    let Some(game_session) = record.game_session.clone() else {
        return;
    };
    let kept = Kept {
        version: VERSION,
        saved_at: now(),
        name: record.name.to_string(),
        lan: record.reach == Reach::Lan,
        game_session,
    };
    keeping.files.write(FILE, &kept);
    keeping.kept = Some(arrived.entity);
}

/// Who came back has the kept seat, also before it has arrived.
fn own(joined: On<SessionJoined>, index: Res<SessionIndex>, mut keeping: ResMut<Keeping>) {
    if index.resumable.as_ref().is_some_and(|it| it.name == joined.name) {
        keeping.kept = Some(joined.entity);
    }
}

fn forget_later(commands: &mut Commands, entity: Entity) {
    commands.queue(move |world: &mut World| {
        if world
            .get_resource::<Keeping>()
            .is_some_and(|keeping| keeping.kept == Some(entity))
        {
            forget(world);
        }
    });
}

/// Forgets where the player is: the session was left, or is over.
pub(crate) fn forget(world: &mut World) {
    if let Some(mut keeping) = world.get_resource_mut::<Keeping>() {
        keeping.kept = None;
        keeping.files.remove(FILE);
        world.resource_mut::<SessionIndex>().resumable = None;
        world.remove_resource::<ResumableSession>();
    }
}

/// At the end of the app: who has a seat gives it back.
pub(crate) fn forget_at_exit(world: &mut World) {
    if world
        .get_resource::<Keeping>()
        .is_some_and(|keeping| keeping.kept.is_some())
    {
        forget(world);
    }
}

fn forget_what_is_over(lost: On<SessionDisconnected>, mut commands: Commands) {
    use GoodbyeCode::{Kicked, SessionEnded, ShuttingDown, TakenOver};
    let over = [SessionEnded, ShuttingDown, Kicked, TakenOver];
    if matches!(&lost.reason, DisconnectReason::Goodbye(code) if over.contains(code))
        || lost.reason == DisconnectReason::ByUser
    {
        forget_later(&mut commands, lost.entity);
    }
}

fn forget_what_is_in_vain(failed: On<SessionFailed>, index: Res<SessionIndex>, mut commands: Commands) {
    let resumed = index.resumable.as_ref().is_some_and(|it| it.name == failed.name);
    if resumed && failed.operation == SessionOperation::Rejoin && is_in_vain(&failed.error) {
        commands.queue(forget);
    }
}

/// Whether there is nothing to come back to. A call that could not be made here, and an answer that no service of ours
/// gave, say nothing of that.
fn is_in_vain(error: &SessionError) -> bool {
    use SessionError::{Expired, Full, NotAccepting, NotFound, Refused, Unauthorized, VersionMismatch, WrongPassword};
    match error {
        Expired { .. }
        | Full { .. }
        | NotAccepting { .. }
        | NotFound { .. }
        | Unauthorized { .. }
        | VersionMismatch { .. }
        | WrongPassword { .. } => true,
        Refused { .. } => !error.is_retryable(),
        _ => false,
    }
}
