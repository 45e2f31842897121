//! The player's way into a session and out again, the same with and without a window: wishes go in, [`Flow`] says how
//! things stand. This is all that a game has to do with `bevy_game_session`: it calls [`Sessions`] and hears events.

use std::error::Error;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bevy::prelude::*;
use bevy_game_session::client::{FoundSession, Reach, SessionOperation, SessionQuery, SessionSettings};
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::{GameSession, ProgressStep};
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;

use crate::game::{BUILD, SharedGamePlugin};

use super::flight::FlightPlugin;
use super::service::{PlaysOnline, Services};
use super::timeline::{Timeline, milliseconds};

/// What this client calls its session.
pub(crate) const GAME: &str = "game";
/// The most players in a session of this game.
pub(crate) const MAX_PLAYERS: u16 = crate::sim::MAX_SHIPS;

/// Takes the client into sessions and out again.
pub struct FlowPlugin {
    services: Mutex<Option<Services>>,
}

impl FlowPlugin {
    /// Over the given services.
    pub fn new(services: Services) -> Self {
        Self {
            services: Mutex::new(Some(services)),
        }
    }
}

impl Plugin for FlowPlugin {
    fn build(&self, app: &mut App) {
        let services = self.services.lock().unwrap_or_else(PoisonError::into_inner).take();
        let services = services.expect("Bevy builds a plugin once");
        app.add_plugins((RepliconPlugins, RepliconRenetPlugins));
        services.add_to(app);
        app.add_plugins((TravelPlugin::replicon(), SharedGamePlugin, FlightPlugin))
            .insert_resource(Timeline::start())
            .init_resource::<Flow>()
            .add_message::<Wish>()
            .add_systems(PreUpdate, grant)
            .add_observer(note_progress)
            .add_observer(join_what_was_found)
            .add_observer(note_arrival)
            .add_observer(note_failure)
            .add_observer(note_travel_failure)
            .add_observer(note_cancel)
            .add_observer(note_code)
            .add_observer(note_loss)
            .add_observer(|_: On<SessionLeft>, flow: ResMut<Flow>, sessions: Sessions| go_home(flow, sessions))
            .add_observer(|_: On<SessionEnded>, flow: ResMut<Flow>, sessions: Sessions| go_home(flow, sessions));
    }
}

/// What the player wants.
#[derive(Message, Debug, Clone)]
pub enum Wish {
    /// Any fitting session, a new one if there is none.
    Quick(SessionSettings),
    /// A new session.
    Host(SessionSettings),
    /// A seat in this one.
    Join(Box<FoundSession>),
    /// A seat in the one behind this code.
    Code(String),
    /// A seat in the first one found, or the first one of that name.
    Find(Option<String>),
    /// Not any more.
    Cancel,
    /// Out of the session.
    Leave,
    /// The end of the session for everyone.
    End,
    /// The seat back, after a loss.
    Rejoin,
}

/// Where the player is on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// In no session.
    #[default]
    Idle,
    /// On the way into one.
    OnTheWay,
    /// Playing.
    Playing,
    /// The connection was lost.
    Lost,
}

/// How things stand.
#[derive(Resource, Debug, Default)]
pub struct Flow {
    /// Where the player is.
    pub stage: Stage,
    /// What is being done, for people.
    pub doing: String,
    /// The session, once there is one.
    pub session: Option<GameSession>,
    /// The code by which friends join it.
    pub code: Option<String>,
    /// Whether this player made it.
    pub owner: bool,
    /// Whether its server runs in this process.
    pub at_home: bool,
    /// What went wrong last: a sentence for the player, then its causes.
    pub trouble: Option<Vec<String>>,
    /// The search that picks a session by itself, and the name it looks for.
    searching: Option<(Entity, Option<String>)>,
}

impl Flow {
    /// The sentence for the player.
    pub fn trouble_sentence(&self) -> Option<&str> {
        self.trouble
            .as_deref()
            .and_then(|lines| lines.first())
            .map(String::as_str)
    }

    fn set_out(&mut self, doing: String) {
        self.stage = Stage::OnTheWay;
        self.doing = doing;
        self.trouble = None;
        self.session = None;
        self.code = None;
        self.owner = false;
        self.at_home = false;
    }

    fn fail(&mut self, stage: Stage, trouble: Vec<String>) {
        self.stage = stage;
        self.trouble = Some(trouble);
        self.searching = None;
    }
}

/// A session of this game as its settings say.
pub(crate) fn settings(name: &str, players: u16) -> SessionSettings {
    SessionSettings::new(players)
        .shown_as(name)
        .build(BUILD.parse().expect("the build is a valid id"))
}

fn grant(
    mut wishes: MessageReader<Wish>,
    mut flow: ResMut<Flow>,
    mut timeline: ResMut<Timeline>,
    online: Res<PlaysOnline>,
    mut sessions: Sessions,
    mut commands: Commands,
) {
    let reachable = |settings: &SessionSettings| {
        let settings = settings.clone();
        if online.0 { settings } else { settings.reach(Reach::Lan) }
    };
    for wish in wishes.read() {
        match wish {
            Wish::Quick(settings) => {
                flow.set_out("Looking for a game".into());
                begin(&mut timeline);
                sessions.quick_join(GAME, reachable(settings));
            }
            Wish::Host(settings) => {
                flow.set_out("Creating a session".into());
                flow.owner = true;
                begin(&mut timeline);
                match sessions.create(GAME, reachable(settings)) {
                    Ok(_) => sessions.start(GAME),
                    Err(error) => flow.fail(Stage::Idle, explain(error.player_message(), &error)),
                }
            }
            Wish::Join(found) => {
                flow.set_out(format!("Joining {}", found.game_session.name));
                begin(&mut timeline);
                sessions.join(GAME, &**found);
            }
            Wish::Code(code) => {
                flow.set_out("Joining by code".into());
                begin(&mut timeline);
                sessions.join_by_code(GAME, code, None);
            }
            Wish::Find(name) => {
                flow.set_out("Looking for sessions".into());
                let search = sessions.find(SessionQuery::new().without_pings());
                flow.searching = Some((search, name.clone()));
            }
            Wish::Cancel => {
                if let Some((search, _)) = flow.searching.take() {
                    commands.entity(search).try_despawn();
                }
                flow.stage = Stage::Idle;
                forget(&mut sessions);
            }
            // a host that leaves takes the server along
            Wish::Leave if flow.at_home && flow.stage == Stage::Playing => sessions.end(GAME),
            Wish::Leave if sessions.phase(GAME) == Some(SessionPhase::InProgress) => sessions.leave(GAME),
            Wish::Leave => {
                flow.stage = Stage::Idle;
                forget(&mut sessions);
            }
            Wish::End => sessions.end(GAME),
            Wish::Rejoin => {
                flow.set_out("Coming back".into());
                begin(&mut timeline);
                sessions.rejoin(GAME);
            }
        }
    }
}

fn begin(timeline: &mut Timeline) {
    timeline.restart();
    say_step(timeline, ProgressStep::Creating);
}

fn forget(sessions: &mut Sessions) {
    if sessions.get(GAME).is_some() {
        sessions.destroy(GAME);
    }
}

fn join_what_was_found(
    found: On<SessionsFound>,
    mut flow: ResMut<Flow>,
    mut wishes: MessageWriter<Wish>,
    mut commands: Commands,
) {
    let Some((_, wanted)) = flow.searching.take_if(|(search, _)| *search == found.entity) else {
        return;
    };
    commands.entity(found.entity).try_despawn();
    let fits = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    let choice = found
        .sessions
        .iter()
        .find(|session| session.is_joinable() && fits(&session.game_session.name));
    match (choice, &wanted) {
        (Some(session), _) => {
            wishes.write(Wish::Join(Box::new(session.clone())));
        }
        (None, Some(name)) => {
            let sentence = format!("There is no open session called {name}.");
            flow.fail(Stage::Idle, vec![sentence]);
        }
        (None, None) => {
            wishes.write(Wish::Host(settings("Star Gatherers", MAX_PLAYERS)));
        }
    }
}

fn note_progress(progress: On<SessionProgress>, mut timeline: ResMut<Timeline>) {
    say_step(&mut timeline, progress.step);
}

fn say_step(timeline: &mut Timeline, step: ProgressStep) {
    if let Some(after) = timeline.reach(step)
        && !timeline.is_quiet()
    {
        println!("{:>12}  {}", milliseconds(after), step.label());
    }
}

fn note_arrival(
    arrived: On<SessionArrived>,
    connections: Query<&SessionConnection>,
    mut flow: ResMut<Flow>,
    mut timeline: ResMut<Timeline>,
    mut sessions: Sessions,
) {
    sessions.join_code(GAME);
    say_step(&mut timeline, ProgressStep::InSession);
    flow.stage = Stage::Playing;
    flow.at_home = arrived.local;
    flow.trouble = None;
    if let Ok(connection) = connections.get(arrived.entity) {
        flow.session = Some(connection.game_session().clone());
        let ticket = Duration::from_micros(connection.seat().timings.ticket_us);
        if !timeline.is_quiet() {
            println!("{}", timeline.in_one_line(ticket));
        }
    }
}

fn note_code(received: On<SessionJoinCodeReceived>, mut flow: ResMut<Flow>) {
    flow.code = Some(received.code.join_code.clone());
}

fn note_failure(failed: On<SessionFailed>, mut flow: ResMut<Flow>, mut sessions: Sessions) {
    if failed.operation == SessionOperation::JoinCode {
        return; // a session without a code is played all the same
    }
    let searching = flow
        .searching
        .as_ref()
        .is_some_and(|(search, _)| *search == failed.entity);
    if failed.name != GAME && !searching {
        return; // the table of sessions speaks for itself
    }
    let trouble = explain(failed.error.player_message(), &failed.error);
    let stage = match flow.stage {
        Stage::OnTheWay if sessions.phase(GAME) == Some(SessionPhase::Ended) => Stage::Lost,
        Stage::OnTheWay => Stage::Idle,
        stage => stage,
    };
    flow.fail(stage, trouble);
    if stage == Stage::Idle {
        forget(&mut sessions);
    }
}

fn note_travel_failure(failed: On<SessionTravelFailed>, mut flow: ResMut<Flow>, mut sessions: Sessions) {
    flow.fail(Stage::Idle, explain(failed.error.player_message(), &failed.error));
    forget(&mut sessions);
}

fn note_cancel(_: On<SessionCancelled>, mut flow: ResMut<Flow>) {
    if flow.stage == Stage::OnTheWay && flow.searching.is_none() {
        flow.stage = Stage::Idle;
    }
}

fn note_loss(lost: On<SessionDisconnected>, mut flow: ResMut<Flow>) {
    let trouble = vec![lost.reason.player_message(), lost.reason.to_string()];
    flow.fail(Stage::Lost, trouble);
}

fn go_home(mut flow: ResMut<Flow>, mut sessions: Sessions) {
    flow.stage = Stage::Idle;
    flow.session = None;
    forget(&mut sessions);
}

/// A sentence for the player, then the chain of causes.
pub(crate) fn explain(sentence: impl Into<String>, error: &dyn Error) -> Vec<String> {
    let mut chain = vec![sentence.into()];
    let mut cause = Some(error);
    while let Some(error) = cause {
        chain.push(error.to_string());
        cause = error.source();
    }
    chain
}
