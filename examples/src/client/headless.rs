//! The client without a window: it prints its steps, plays by itself for a while, and leaves.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bevy::app::{ScheduleRunnerPlugin, TerminalCtrlCHandlerPlugin};
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy::time::common_conditions::on_timer;
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::{GoodbyeCode, ProgressStep};
use bevy_replicon::prelude::*;

use crate::game::Pilot;

use super::flight::{AutopilotPlugin, Helm, OwnShip, Pace, Playback, PlayerName};
use super::flow::{Flow, FlowPlugin, Stage, Wish};
use super::timeline::Timeline;

/// The loop's pace: short, so that waiting for the next frame does not hide how long things take.
pub(super) const FRAME: Duration = Duration::from_millis(2);

/// Neither netcode's notes about single packets, nor replicon's about messages that are still in the buffer when the
/// connection goes (it counts those that were sent already).
pub(super) const FILTER: &str = "warn,netcode=off,bevy_replicon::shared::message=error";

/// What a client without a window is for.
#[derive(Debug, Clone, Resource)]
pub struct Errand {
    /// How it gets into a session.
    pub way_in: Wish,
    /// How long it plays.
    pub play: Duration,
    /// Whether it ends the session for everyone instead of leaving it.
    pub end: bool,
    /// What others call it; the server gives it a name if it has none.
    pub name: Option<String>,
    /// What its autopilot is like.
    pub seed: u64,
    /// Whether it says nothing on the terminal: one of many.
    pub quiet: bool,
}

/// What came of it, readable when the app is gone.
#[derive(Debug, Default, Clone)]
pub struct Report {
    /// From the click until the server let the player in.
    pub arrived: Option<Duration>,
    /// What went wrong: a sentence for the player, then its causes.
    pub failure: Option<Vec<String>>,
    /// Round trips, taken once a second.
    pub round_trips: Vec<Duration>,
    /// The share of packets that were lost, at the end.
    pub lost_packets: f64,
    /// How often one's own ship was elsewhere than foreseen, and the furthest.
    pub corrections: (u32, f32),
    /// How it kept pace with the server, taken once a second.
    pub paces: Vec<Pace>,
}

/// Runs an errand in an app that has the [`FlowPlugin`].
pub(super) struct ErrandPlugin {
    errand: Errand,
    report: Arc<Mutex<Report>>,
}

impl ErrandPlugin {
    /// The report fills up while the app runs.
    pub(super) fn new(errand: Errand) -> (Self, Arc<Mutex<Report>>) {
        let report = Arc::<Mutex<Report>>::default();
        (
            Self {
                errand,
                report: report.clone(),
            },
            report,
        )
    }
}

impl Plugin for ErrandPlugin {
    fn build(&self, app: &mut App) {
        if self.errand.quiet {
            app.world_mut().resource_mut::<Timeline>().hush();
        }
        app.add_plugins(AutopilotPlugin(self.errand.seed))
            .insert_resource(PlayerName(self.errand.name.clone().unwrap_or_default()))
            .insert_resource(self.errand.clone())
            .insert_resource(SharedReport(self.report.clone()))
            // first thing in a frame, so that the game has not written for the server when the connection goes
            .add_systems(First, leave_after_play)
            .add_systems(
                Update,
                (
                    set_out.run_if(settled),
                    measure.run_if(on_timer(Duration::from_secs(1))),
                    give_up,
                ),
            )
            .add_observer(start_play)
            .add_observer(note_end)
            .add_observer(exit_when_left)
            .add_observer(exit_when_ended);
    }
}

/// Plays without a window and returns when it has left the session.
pub(super) fn run(flow: FlowPlugin, errand: Errand) -> (AppExit, Report) {
    let (errand, report) = ErrandPlugin::new(errand);
    let exit = App::new()
        .add_plugins((MinimalPlugins.set(ScheduleRunnerPlugin::run_loop(FRAME)), StatesPlugin))
        .add_plugins((
            TerminalCtrlCHandlerPlugin,
            LogPlugin {
                filter: FILTER.into(),
                ..default()
            },
        ))
        .add_plugins((flow, errand))
        .run();
    let report = std::mem::take(&mut *report.lock().unwrap_or_else(PoisonError::into_inner));
    (exit, report)
}

#[derive(Resource)]
struct SharedReport(Arc<Mutex<Report>>);

impl SharedReport {
    fn write(&self, change: impl FnOnce(&mut Report)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// When play ends.
#[derive(Resource)]
struct PlayTimer(Timer);

/// True once, after a few frames: the first ones take long and are nobody's waiting time.
fn settled(mut frames: Local<u32>) -> bool {
    *frames += 1;
    *frames == 5
}

fn set_out(errand: Res<Errand>, mut wishes: MessageWriter<Wish>) {
    wishes.write(errand.way_in.clone());
}

fn start_play(
    _: On<SessionArrived>,
    errand: Res<Errand>,
    timeline: Res<Timeline>,
    report: Res<SharedReport>,
    mut commands: Commands,
) {
    report.write(|report| report.arrived = timeline.at(ProgressStep::InSession));
    commands.insert_resource(PlayTimer(Timer::new(errand.play, TimerMode::Once)));
}

fn measure(
    stats: Option<Res<ClientStats>>,
    (helm, playback, own): (Res<Helm>, Res<Playback>, Res<OwnShip>),
    flow: Res<Flow>,
    time: Res<Time<Real>>,
    report: Res<SharedReport>,
) {
    let Some(stats) = stats.filter(|_| flow.stage == Stage::Playing) else {
        return;
    };
    report.write(|report| {
        report
            .round_trips
            .push(Duration::try_from_secs_f64(stats.rtt).unwrap_or_default());
        report.lost_packets = stats.packet_loss;
        report.corrections = helm.corrections();
        if own.0.is_some() {
            report.paces.push(Pace::take(&helm, &playback, &time));
        }
    });
}

fn leave_after_play(
    timer: Option<ResMut<PlayTimer>>,
    time: Res<Time<Real>>,
    errand: Res<Errand>,
    pilots: Query<&Pilot>,
    mut wishes: MessageWriter<Wish>,
    mut commands: Commands,
) {
    let Some(mut timer) = timer else { return };
    if timer.0.tick(time.delta()).just_finished() {
        if !errand.quiet {
            let mut players: Vec<_> = pilots.iter().filter(|pilot| !pilot.bot).collect();
            players.sort_by(|a, b| a.name.cmp(&b.name));
            let names: Vec<_> = players.iter().map(|pilot| pilot.name.as_str()).collect();
            println!("              saw {} player(s): {}", names.len(), names.join(", "));
        }
        commands.remove_resource::<PlayTimer>();
        wishes.write(if errand.end { Wish::End } else { Wish::Leave });
    }
}

fn exit_when_left(_: On<SessionLeft>, mut exit: MessageWriter<AppExit>) {
    exit.write(AppExit::Success);
}

fn exit_when_ended(_: On<SessionEnded>, mut exit: MessageWriter<AppExit>) {
    exit.write(AppExit::Success);
}

/// The end of a session by its owner is no failure.
fn note_end(
    lost: On<SessionDisconnected>,
    mut flow: ResMut<Flow>,
    errand: Res<Errand>,
    mut exit: MessageWriter<AppExit>,
) {
    if lost.reason == DisconnectReason::Goodbye(GoodbyeCode::SessionEnded) {
        if !errand.quiet {
            println!("              {}", GoodbyeCode::SessionEnded);
        }
        flow.trouble = None;
        exit.write(AppExit::Success);
    }
}

/// Without a window there is nothing left to do after a failure but to end.
fn give_up(flow: Res<Flow>, report: Res<SharedReport>, mut exit: MessageWriter<AppExit>) {
    if let Some(trouble) = &flow.trouble {
        report.write(|report| report.failure = Some(trouble.clone()));
        exit.write(AppExit::error());
    }
}
