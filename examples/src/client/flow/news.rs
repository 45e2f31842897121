//! What is heard of the way into a session and out of it.

use std::time::Duration;

use bevy::prelude::*;
use bevy_game_session::client::SessionOperation;
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::{GoodbyeCode, ProgressStep};

use super::wishes::forget;
use super::{Flow, GAME, Stage, explain, words};
use crate::client::timeline::{Timeline, milliseconds};

pub(super) fn build(app: &mut App) {
    app.add_observer(note_progress)
        .add_observer(note_arrival)
        .add_observer(note_failure)
        .add_observer(note_travel_failure)
        .add_observer(note_cancel)
        .add_observer(note_code)
        .add_observer(note_loss)
        .add_observer(|_: On<SessionLeft>, flow: ResMut<Flow>, sessions: Sessions| go_home(flow, sessions))
        .add_observer(|_: On<SessionEnded>, flow: ResMut<Flow>, sessions: Sessions| go_home(flow, sessions));
}

/// A step is reached.
pub(super) fn say_step(timeline: &mut Timeline, step: ProgressStep) {
    if let Some(after) = timeline.reach(step)
        && !timeline.is_quiet()
    {
        println!("{:>12}  {}", milliseconds(after), step.label());
    }
}

fn note_progress(progress: On<SessionProgress>, mut timeline: ResMut<Timeline>) {
    say_step(&mut timeline, progress.step);
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
    flow.may_rejoin = true;
    if let Ok(connection) = connections.get(arrived.entity) {
        let session = connection.game_session();
        // a quick join that found nobody made it
        let made = session.current_players <= 1 && flow.would_make.take().is_some_and(|name| name == session.name);
        flow.owner |= made || arrived.local;
        flow.session = Some(session.clone());
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
        .is_some_and(|search| search.entity == failed.entity);
    if failed.name != GAME && !searching {
        return; // the table of sessions speaks for itself
    }
    let trouble = explain(
        words::of_failure(failed.operation, &failed.error, flow.reach),
        &failed.error,
    );
    flow.may_rejoin &= !words::is_over(&failed.error);
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
    flow.may_rejoin = !matches!(
        lost.reason,
        DisconnectReason::Goodbye(GoodbyeCode::SessionEnded | GoodbyeCode::Kicked)
    );
    let trouble = vec![lost.reason.player_message(), lost.reason.to_string()];
    flow.fail(Stage::Lost, trouble);
}

fn go_home(mut flow: ResMut<Flow>, mut sessions: Sessions) {
    flow.stage = Stage::Idle;
    flow.session = None;
    forget(&mut sessions);
}
