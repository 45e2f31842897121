//! The way into a session and out again, the same with and without a window: create or find and join, travel, play,
//! leave. It only hears events of `bevy_game_session` and calls `Sessions`.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bevy::prelude::*;
use bevy_game_session::client::{HttpSessionService, SessionSettings};
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::{FindGameSessions, GoodbyeCode, ProgressStep};
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;

use crate::game::{BUILD, SharedGamePlugin, Welcome};

use super::timeline::{Timeline, milliseconds};

/// What this client calls its session.
const GAME: &str = "game";
/// The most players in a session of this game.
const MAX_PLAYERS: u16 = 8;

/// What a client wants.
#[derive(Debug, Clone, Resource)]
pub struct Aim {
    /// Create a session; else find one and join it, or create one where there is none.
    pub create: bool,
    /// The name of the session to create, or the only one to join.
    pub session: Option<String>,
    /// Leave after so much play; play on when `None`.
    pub play: Option<Duration>,
    /// End the session for everyone instead of leaving it.
    pub end: bool,
}

/// What came of it, readable when the app is gone.
#[derive(Debug, Default)]
pub struct Report {
    /// From the click until the server let the player in.
    pub arrived: Option<Duration>,
    /// What went wrong: a sentence for the player, then its causes.
    pub failure: Option<Vec<String>>,
}

/// Takes the client into a session and out again.
pub struct JourneyPlugin {
    service: Mutex<Option<HttpSessionService>>,
    aim: Aim,
    report: SharedReport,
}

impl JourneyPlugin {
    /// Through the given service, with the given aim. The report fills up while the app runs.
    pub fn new(service: HttpSessionService, aim: Aim) -> (Self, Arc<Mutex<Report>>) {
        let report = SharedReport::default();
        let outside = report.0.clone();
        (
            Self {
                service: Mutex::new(Some(service)),
                aim,
                report,
            },
            outside,
        )
    }
}

impl Plugin for JourneyPlugin {
    fn build(&self, app: &mut App) {
        let service = self.service.lock().unwrap_or_else(PoisonError::into_inner).take();
        let service = service.expect("Bevy builds a plugin once");
        app.add_plugins((RepliconPlugins, RepliconRenetPlugins))
            .add_plugins((
                SessionClientPlugin::new(service),
                TravelPlugin::replicon(),
                SharedGamePlugin,
            ))
            .insert_resource(self.aim.clone())
            .insert_resource(self.report.clone())
            .insert_resource(Timeline::start())
            .init_resource::<Status>()
            // first thing in a frame, so that the game has not written for the server when the connection goes
            .add_systems(First, leave_after_play)
            .add_systems(Update, (set_out.run_if(settled), meet_own_ship))
            .add_observer(note_progress)
            .add_observer(choose_session)
            .add_observer(note_arrival)
            .add_observer(fail)
            .add_observer(fail_travel)
            .add_observer(note_disconnect)
            .add_observer(exit_when_left)
            .add_observer(exit_when_ended);
    }
}

#[derive(Clone, Default, Resource)]
struct SharedReport(Arc<Mutex<Report>>);

impl SharedReport {
    fn write(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// One line on how things stand.
#[derive(Debug, Default, Resource)]
pub(super) struct Status(pub(super) String);

/// What went wrong, in the player's words.
#[derive(Debug, Resource)]
pub(super) struct Failure {
    pub(super) sentence: String,
}

/// The number of the player's own ship.
#[derive(Debug, Resource)]
pub(super) struct OwnShip(pub(super) u32);

/// When play ends.
#[derive(Resource)]
struct PlayTimer(Timer);

fn settings(aim: &Aim) -> SessionSettings {
    let name = aim.session.clone().unwrap_or_else(|| "Star Gatherers".into());
    SessionSettings::new(MAX_PLAYERS)
        .shown_as(name)
        .build(BUILD.parse().expect("the build is a valid id"))
}

/// True once, after a few frames: the first ones of a window take long and are nobody's waiting time.
fn settled(mut frames: Local<u32>) -> bool {
    *frames += 1;
    *frames == 5
}

fn set_out(aim: Res<Aim>, sessions: Sessions, timeline: ResMut<Timeline>, status: ResMut<Status>) -> Result {
    if aim.create {
        return create(&aim, sessions, timeline, status);
    }
    find(sessions, status);
    Ok(())
}

fn create(aim: &Aim, mut sessions: Sessions, mut timeline: ResMut<Timeline>, mut status: ResMut<Status>) -> Result {
    *timeline = Timeline::start();
    say_step(&mut timeline, ProgressStep::Creating);
    sessions.create(GAME, settings(aim))?;
    sessions.start(GAME);
    status.0 = "creating a session".into();
    Ok(())
}

fn find(mut sessions: Sessions, mut status: ResMut<Status>) {
    let build = BUILD.parse().ok();
    sessions.find(FindGameSessions { build, ..default() });
    status.0 = "looking for sessions".into();
}

fn choose_session(
    found: On<SessionsFound>,
    aim: Res<Aim>,
    report: Res<SharedReport>,
    mut sessions: Sessions,
    mut timeline: ResMut<Timeline>,
    mut status: ResMut<Status>,
    mut commands: Commands,
) -> Result {
    let build = BUILD.parse()?;
    let fits = |name: &str| aim.session.as_deref().is_none_or(|wanted| wanted == name);
    let choice = found
        .sessions
        .iter()
        .find(|found| found.game_session.is_joinable_by(&build) && fits(&found.game_session.name));
    match (choice, &aim.session) {
        (Some(found), _) => {
            *timeline = Timeline::start();
            say_step(&mut timeline, ProgressStep::Creating);
            status.0 = format!("joining {}", found.game_session.name);
            sessions.join(GAME, found);
        }
        (None, Some(name)) => {
            let sentence = format!("There is no open session called {name}.");
            give_up(&mut commands, &report, &aim, vec![sentence]);
        }
        (None, None) => create(&aim, sessions, timeline, status)?,
    }
    Ok(())
}

fn note_progress(progress: On<SessionProgress>, mut timeline: ResMut<Timeline>) {
    say_step(&mut timeline, progress.step);
}

fn say_step(timeline: &mut Timeline, step: ProgressStep) {
    if let Some(after) = timeline.reach(step) {
        println!("{:>12}  {}", milliseconds(after), step.label());
    }
}

fn note_arrival(
    arrived: On<SessionArrived>,
    aim: Res<Aim>,
    connections: Query<&SessionConnection>,
    report: Res<SharedReport>,
    mut timeline: ResMut<Timeline>,
    mut status: ResMut<Status>,
    mut commands: Commands,
) {
    say_step(&mut timeline, ProgressStep::InSession);
    if let Ok(connection) = connections.get(arrived.entity) {
        status.0 = format!("in {}", connection.game_session().name);
        let ticket = Duration::from_micros(connection.seat().timings.ticket_us);
        println!("{}", timeline.in_one_line(ticket));
    }
    report.write(|report| report.arrived = timeline.at(ProgressStep::InSession));
    if let Some(play) = aim.play {
        commands.insert_resource(PlayTimer(Timer::new(play, TimerMode::Once)));
    }
}

fn meet_own_ship(mut welcomes: MessageReader<Welcome>, mut commands: Commands) {
    for welcome in welcomes.read() {
        commands.insert_resource(OwnShip(welcome.ship));
    }
}

fn leave_after_play(
    timer: Option<ResMut<PlayTimer>>,
    time: Res<Time<Real>>,
    aim: Res<Aim>,
    ships: Query<(), (With<crate::game::Ship>, With<Remote>)>,
    mut sessions: Sessions,
    mut commands: Commands,
) {
    let Some(mut timer) = timer else { return };
    if timer.0.tick(time.delta()).just_finished() {
        println!("              saw {} ship(s)", ships.iter().count());
        commands.remove_resource::<PlayTimer>();
        if aim.end {
            sessions.end(GAME);
        } else {
            sessions.leave(GAME);
        }
    }
}

fn exit_when_left(_: On<SessionLeft>, mut exit: MessageWriter<AppExit>) {
    exit.write(AppExit::Success);
}

fn exit_when_ended(_: On<SessionEnded>, mut exit: MessageWriter<AppExit>) {
    exit.write(AppExit::Success);
}

fn fail(failed: On<SessionFailed>, aim: Res<Aim>, report: Res<SharedReport>, mut commands: Commands) {
    let failure = explain(failed.error.player_message(), &failed.error);
    give_up(&mut commands, &report, &aim, failure);
}

fn fail_travel(failed: On<SessionTravelFailed>, aim: Res<Aim>, report: Res<SharedReport>, mut commands: Commands) {
    let failure = explain(failed.error.player_message(), &failed.error);
    give_up(&mut commands, &report, &aim, failure);
}

fn note_disconnect(lost: On<SessionDisconnected>, aim: Res<Aim>, report: Res<SharedReport>, mut commands: Commands) {
    if lost.reason == DisconnectReason::Goodbye(GoodbyeCode::SessionEnded) {
        println!("              {}", GoodbyeCode::SessionEnded);
        if aim.play.is_some() {
            commands.write_message(AppExit::Success);
        }
        commands.insert_resource(Failure {
            sentence: "The game session has ended.".into(),
        });
        return;
    }
    let failure = vec![lost.reason.player_message(), lost.reason.to_string()];
    give_up(&mut commands, &report, &aim, failure);
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

/// Keeps the reason; without a window there is nothing left to do but to end.
fn give_up(commands: &mut Commands, report: &SharedReport, aim: &Aim, failure: Vec<String>) {
    commands.insert_resource(Failure {
        sentence: failure.first().cloned().unwrap_or_default(),
    });
    report.write(|report| report.failure = Some(failure));
    if aim.play.is_some() {
        commands.write_message(AppExit::error());
    }
}
