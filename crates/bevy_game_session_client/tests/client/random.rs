//! Any order of calls, answers, late answers, cancels and disconnects: every call ends exactly once, nothing is stuck.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_game_session_client::*;
use game_session_protocol::*;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::common::*;

const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone, Copy)]
enum Act {
    Call(SessionOperation, usize),
    /// A leave or end of a session that goes before the command of the call runs.
    PartAndGo(SessionOperation, usize, bool),
    Despawn(usize),
    Answer(usize),
    Refuse(usize),
    DropAnswer(usize),
    Pass(u64),
    Arrived(usize),
    TravelFailed(usize),
    Disconnected(usize),
    Frame,
}

fn act() -> impl Strategy<Value = Act> {
    let name = 0..NAMES.len();
    prop_oneof![
        8 => (prop::sample::select(SessionOperation::ALL.to_vec()), name.clone()).prop_map(|(op, at)| Act::Call(op, at)),
        2 => parting(name.clone()).prop_map(|(op, at, is_despawned)| Act::PartAndGo(op, at, is_despawned)),
        4 => (0usize..8).prop_map(Act::Answer),
        2 => (0usize..8).prop_map(Act::Refuse),
        1 => (0usize..8).prop_map(Act::DropAnswer),
        1 => (1u64..40).prop_map(Act::Pass),
        1 => name.clone().prop_map(Act::Despawn),
        2 => name.clone().prop_map(Act::Arrived),
        1 => name.clone().prop_map(Act::TravelFailed),
        1 => name.prop_map(Act::Disconnected),
        4 => Just(Act::Frame),
    ]
}

/// How a session goes that was just left or ended.
pub(crate) fn parting(name: std::ops::Range<usize>) -> impl Strategy<Value = (SessionOperation, usize, bool)> {
    let operations = vec![SessionOperation::Leave, SessionOperation::End];
    (prop::sample::select(operations), name, any::<bool>())
}

/// Makes it go so, and keeps the books.
pub(crate) fn go(app: &mut bevy_app::App, operation: SessionOperation, name: &'static str, is_despawned: bool) {
    part_and_go(app, operation, name, is_despawned);
    let mut books = app.world_mut().resource_mut::<Books>();
    books.note_call(operation);
    if !is_despawned {
        books.note_call(SessionOperation::Destroy);
    }
}

/// Calls made and ends heard, by kind. All ways to take a seat by joining count as one kind.
#[derive(Resource, Default)]
pub(crate) struct Books {
    made: BTreeMap<SessionOperation, u32>,
    ended: BTreeMap<SessionOperation, u32>,
}

impl Books {
    pub(crate) fn note_call(&mut self, operation: SessionOperation) {
        count(&mut self.made, operation);
    }

    /// The operations of which not as many ended as were made.
    pub(crate) fn unbalanced(&self) -> Vec<SessionOperation> {
        let all = SessionOperation::ALL.into_iter();
        all.filter(|operation| *operation != SessionOperation::Cancel)
            .filter(|operation| self.made.get(operation) != self.ended.get(operation))
            .collect()
    }
}

/// Plays random histories: 1,000 always the same ones, or as many as `GAME_SESSION_HISTORIES` says, beginning with the
/// seed `GAME_SESSION_SEED`. What a history is played on is kept for the next one, unless it failed.
pub(crate) fn play_histories<S: Strategy, T>(
    histories: S,
    make: impl Fn() -> T,
    play: impl Fn(&mut T, S::Value) -> Result<(), TestCaseError>,
) {
    let number = |name: &str, usual: u32| {
        let wanted = std::env::var(name).ok();
        wanted.map_or(usual, |text| text.parse().expect(name))
    };
    let config = ProptestConfig {
        cases: number("GAME_SESSION_HISTORIES", 1000),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("GAME_SESSION_SEED", 9).to_be_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let kept = RefCell::new(None);
    let played = TestRunner::new_with_rng(config, random).run(&histories, |history| {
        let mut stage = kept.take().unwrap_or_else(&make);
        play(&mut stage, history)?;
        kept.replace(Some(stage));
        Ok(())
    });
    if let Err(error) = played {
        panic!("{error}");
    }
}

fn kind(operation: SessionOperation) -> SessionOperation {
    match operation {
        SessionOperation::QuickJoin | SessionOperation::JoinByCode | SessionOperation::Rejoin => SessionOperation::Join,
        other => other,
    }
}

fn count(book: &mut BTreeMap<SessionOperation, u32>, operation: SessionOperation) {
    *book.entry(kind(operation)).or_default() += 1;
}

macro_rules! end {
    ($app:expr, $($event:ident => $operation:ident),* $(,)?) => {
        $($app.add_observer(|_: On<$event>, mut books: ResMut<Books>| count(&mut books.ended, SessionOperation::$operation));)*
    };
}

pub(crate) fn app_with_books(service: impl SessionService) -> bevy_app::App {
    let mut app = app(service, TravelPolicy::Automatic);
    app.init_resource::<Books>();
    end!(app, SessionCreated => Create, SessionStarted => Start, SessionJoined => Join, SessionsFound => Find,
        SessionJoinCodeReceived => JoinCode, SessionUpdated => Update, SessionLeft => Leave, SessionEnded => End, SessionDestroyed => Destroy,
        SessionArrived => Travel, SessionTravelFailed => Travel);
    app.add_observer(|event: On<SessionFailed>, mut books: ResMut<Books>| count(&mut books.ended, event.operation));
    app.add_observer(|event: On<SessionCancelled>, mut books: ResMut<Books>| count(&mut books.ended, event.operation));
    // With automatic travel every seat starts one.
    app.add_observer(|_: On<SessionStarted>, mut books: ResMut<Books>| {
        count(&mut books.made, SessionOperation::Travel)
    });
    app.add_observer(|_: On<SessionJoined>, mut books: ResMut<Books>| count(&mut books.made, SessionOperation::Travel));
    app
}

/// Makes a call; whether it counts as made.
pub(crate) fn call(sessions: &mut Sessions, operation: SessionOperation, name: &'static str) -> bool {
    match operation {
        SessionOperation::Create => return sessions.create(name, SessionSettings::new(4)).is_ok(),
        SessionOperation::Start => sessions.start(name),
        SessionOperation::Find => drop(sessions.find(FindGameSessions::default())),
        SessionOperation::Join => drop(sessions.join(name, &game_session("found"))),
        SessionOperation::QuickJoin => drop(sessions.quick_join(name, SessionSettings::new(4))),
        SessionOperation::JoinByCode => drop(sessions.join_by_code(name, "ABCD2345", None)),
        SessionOperation::JoinCode => sessions.join_code(name),
        SessionOperation::Update => sessions.update(name),
        SessionOperation::Leave => sessions.leave(name),
        SessionOperation::End => sessions.end(name),
        SessionOperation::Rejoin => sessions.rejoin(name),
        SessionOperation::Travel => sessions.travel(name),
        SessionOperation::Destroy => sessions.destroy(name),
        _ => {
            sessions.cancel(name);
            return false;
        }
    }
    true
}

fn entity_of(app: &mut bevy_app::App, name: usize) -> Entity {
    let mut sessions = app.world_mut().query::<(Entity, &SessionName)>();
    let found = sessions.iter(app.world()).find(|(_, known)| **known == NAMES[name]);
    found.map_or(Entity::PLACEHOLDER, |(entity, _)| entity)
}

fn perform(app: &mut bevy_app::App, service: &Scripted, act: Act) {
    match act {
        Act::Call(operation, name) => {
            let made = with_sessions_now(app, move |sessions| call(sessions, operation, NAMES[name]));
            if made {
                count(&mut app.world_mut().resource_mut::<Books>().made, operation);
            }
        }
        Act::PartAndGo(operation, name, is_despawned) => {
            let phase = with_sessions_now(app, move |sessions| sessions.phase(NAMES[name]));
            let before = service.waited_for(operation);
            go(app, operation, NAMES[name], is_despawned);
            if phase == Some(SessionPhase::InProgress) {
                assert_eq!(
                    service.waited_for(operation),
                    before + 1,
                    "the {operation} is asked for"
                );
            }
        }
        Act::Despawn(name) => {
            let entity = entity_of(app, name);
            app.world_mut().try_despawn(entity).ok();
        }
        Act::Answer(at) => drop(service.take(at).map(Asked::accept)),
        Act::Refuse(at) => drop(
            service
                .take(at)
                .map(|asked| asked.refuse(ServiceError::refused(ErrorCode::Internal, "no"))),
        ),
        Act::DropAnswer(at) => drop(service.take(at)),
        Act::Pass(seconds) => pass(app, Duration::from_secs(seconds)),
        Act::Arrived(name) => {
            let entity = entity_of(app, name);
            app.world_mut().commands().session_arrived(entity);
        }
        Act::TravelFailed(name) => {
            let entity = entity_of(app, name);
            app.world_mut()
                .commands()
                .session_travel_failed(entity, TravelError::TimedOut);
        }
        Act::Disconnected(name) => {
            let entity = entity_of(app, name);
            app.world_mut()
                .commands()
                .session_disconnected(entity, DisconnectReason::TimedOut);
        }
        Act::Frame => app.update(),
    }
    app.world_mut().flush();
}

/// What a history is played on; the same app for many, because making one takes longer than most histories.
struct Stage {
    service: Scripted,
    app: bevy_app::App,
}

impl Stage {
    fn new() -> Self {
        let service = Scripted::default();
        let app = app_with_books(service.clone());
        Self { service, app }
    }

    fn play(&mut self, acts: Vec<Act>) -> Result<(), TestCaseError> {
        let Self { service, app } = self;
        for act in acts {
            perform(app, service, act);
        }
        for _ in 0..4 {
            pass(app, Duration::from_secs(61));
        }
        prop_assert_eq!(app.world().resource::<Books>().unbalanced(), vec![]);
        while let Some(asked) = service.take(0) {
            prop_assert!(asked.is_cancelled(), "a request is still waited for");
        }
        let mut in_progress = 0;
        let mut phases = app.world_mut().query::<(&SessionName, &SessionPhase)>();
        let seen: Vec<_> = phases
            .iter(app.world())
            .map(|(name, phase)| (name.clone(), *phase))
            .collect();
        for (name, phase) in seen {
            use SessionPhase::{Ending, Joining, Leaving, Starting};
            prop_assert!(
                !matches!(phase, Starting | Joining | Leaving | Ending),
                "stuck in {}",
                phase
            );
            in_progress += usize::from(phase == SessionPhase::InProgress);
            let known = with_sessions(app, move |sessions| sessions.phase(name.as_str()));
            prop_assert_eq!(known, Some(phase));
        }
        let current = app.world().contains_resource::<CurrentSession>();
        prop_assert_eq!(usize::from(current), in_progress);
        clear(app);
        while service.take(0).is_some() {}
        Ok(())
    }
}

/// Despawns what is left and forgets what was counted.
pub(crate) fn clear(app: &mut bevy_app::App) {
    type Ours = Or<(With<SessionName>, With<SessionSearch>)>;
    let mut ours = app.world_mut().query_filtered::<Entity, Ours>();
    for entity in ours.iter(app.world()).collect::<Vec<_>>() {
        app.world_mut().despawn(entity);
    }
    pass(app, Duration::from_secs(61));
    *app.world_mut().resource_mut::<Books>() = Books::default();
}

#[test]
fn every_call_ends_exactly_once_and_nothing_stays_behind() {
    play_histories(prop::collection::vec(act(), 1..60), Stage::new, Stage::play);
}
