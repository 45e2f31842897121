//! What is called when the player wants something.

use bevy::prelude::*;
use bevy_game_session::client::{Reach, SessionSettings};
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::ProgressStep;

use super::finding::Search;
use super::news::say_step;
use super::{Flow, GAME, Stage, Wish, explain};
use crate::client::service::PlaysOnline;
use crate::client::timeline::Timeline;

pub(super) fn build(app: &mut App) {
    app.add_systems(PreUpdate, grant);
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
                flow.would_make.clone_from(&settings.name);
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
                flow.reach = Some(found.reach);
                begin(&mut timeline);
                sessions.join(GAME, &**found);
            }
            Wish::Code(code) => {
                flow.set_out("Joining by code".into());
                flow.reach = (!online.0).then_some(Reach::Lan);
                begin(&mut timeline);
                sessions.join_by_code(GAME, code, None);
            }
            Wish::Find(name) => {
                flow.set_out("Looking for sessions".into());
                flow.searching = Some(Search::begin(name.clone(), &mut sessions));
            }
            Wish::Cancel => {
                if let Some(search) = flow.searching.take() {
                    commands.entity(search.entity).try_despawn();
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
                flow.set_out_again();
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

pub(super) fn forget(sessions: &mut Sessions) {
    if sessions.get(GAME).is_some() {
        sessions.destroy(GAME);
    }
}
