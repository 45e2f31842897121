//! Lines for scripts, with `--log-state`: the screen, where its controls are, what is typed, the way into a session, the
//! game. The last line of a kind is how things stand; the controls of a screen stand together below `controls`.
//!
//! ```text
//! state screen Title
//! state controls
//! state control 228 381 Play
//! state field Filter moon
//! state focus Filter
//! state step Placing
//! state game session=Arena round=1 over=false players=2 bots=6 own=3 score=4
//! state trouble The connection to the server was lost.
//! ```

use std::collections::BTreeSet;

use bevy::prelude::*;

use super::widgets::{Control, Field, Focus};
use super::{Form, Screen};
use crate::client::flight::{OwnShip, Shown};
use crate::client::flow::Flow;
use crate::client::timeline::Timeline;
use crate::game::{Clock, Pilot, Score, Ship};

pub(super) fn build(app: &mut App) {
    app.add_systems(
        Last,
        (
            say_screen,
            say_controls,
            say_fields,
            say_focus,
            say_steps,
            say_trouble,
            say_game,
            say_place,
        )
            .chain(),
    );
}

/// Says a line when it is another than the last one.
fn say(last: &mut String, line: String) {
    if *last != line {
        println!("state {line}");
        *last = line;
    }
}

fn say_screen(screen: Res<State<Screen>>, mut last: Local<String>) {
    say(&mut last, format!("screen {:?}", screen.get()));
}

/// Where the middle of each control is, in pixels of the window, once it stands still.
fn say_controls(
    screen: Res<State<Screen>>,
    controls: Query<(&Control, &UiGlobalTransform, &ComputedNode)>,
    mut before: Local<BTreeSet<String>>,
    mut said: Local<BTreeSet<String>>,
) {
    if screen.is_changed() {
        println!("state controls");
        said.clear();
    }
    let now: BTreeSet<_> = controls
        .iter()
        .filter(|(_, _, node)| node.size.x > 0.0)
        .map(|(control, place, _)| {
            let at = place.translation.round();
            format!("{} {} {}", at.x, at.y, control.label)
        })
        .collect();
    if now == *before && now != *said {
        println!("state controls");
        for line in &now {
            println!("state control {line}");
        }
        *said = now;
    } else {
        *before = now;
    }
}

fn say_fields(form: Res<Form>, fields: Query<(&Control, &Field)>, mut last: Local<String>) {
    for (control, field) in &fields {
        if form.is_changed() {
            say(&mut last, format!("field {} {}", control.label, form.text(field.0)));
        }
    }
}

/// Which control the keyboard speaks to.
fn say_focus(focus: Res<Focus>, controls: Query<&Control>, mut last: Local<String>) {
    let focused = focus.0.and_then(|focused| controls.get(focused).ok());
    let label = focused.map_or("-", |control| control.label.as_str());
    say(&mut last, format!("focus {label}"));
}

fn say_steps(timeline: Res<Timeline>, mut last: Local<String>) {
    let reached = Timeline::STEPS.iter().rev().find(|step| timeline.at(**step).is_some());
    say(
        &mut last,
        reached.map_or("step -".into(), |step| format!("step {step:?}")),
    );
}

fn say_trouble(flow: Res<Flow>, mut last: Local<String>) {
    say(&mut last, format!("trouble {}", flow.trouble_sentence().unwrap_or("-")));
}

fn say_game(
    flow: Res<Flow>,
    screen: Res<State<Screen>>,
    clocks: Query<&Clock>,
    own: Res<OwnShip>,
    pilots: Query<(&Ship, &Pilot, &Score)>,
    mut last: Local<String>,
) {
    let (Some(session), Some(clock)) = (&flow.session, clocks.iter().next()) else {
        return;
    };
    if *screen.get() != Screen::Playing {
        return;
    }
    let bots = pilots.iter().filter(|(_, pilot, _)| pilot.bot).count();
    let players = pilots.iter().count() - bots;
    let mine = pilots.iter().find(|(ship, ..)| Some(ship.number) == own.0);
    let line = format!(
        "game session={} round={} over={} players={players} bots={bots} own={} score={} code={}",
        session.name,
        clock.round,
        clock.over,
        mine.map_or("-".into(), |(ship, ..)| ship.number.to_string()),
        mine.map_or("-".into(), |(_, _, score)| score.0.to_string()),
        flow.code.as_deref().unwrap_or("-"),
    );
    say(&mut last, line);
}

/// Where the own ship is shown, twice a second.
fn say_place(
    own: Res<OwnShip>,
    ships: Query<(&Ship, &Shown)>,
    time: Res<Time<Real>>,
    mut said: Local<f32>,
    mut last: Local<String>,
) {
    if time.elapsed_secs() - *said < 0.5 {
        return;
    }
    *said = time.elapsed_secs();
    if let Some((_, shown)) = ships.iter().find(|(ship, _)| Some(ship.number) == own.0) {
        let at = shown.0.at.round();
        say(&mut last, format!("place {} {}", at.x, at.y));
    }
}
