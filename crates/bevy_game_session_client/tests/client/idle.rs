//! What an idle plugin runs.

use std::collections::BTreeMap;
use std::time::Duration;

use bevy_app::{App, Startup};
use bevy_ecs::schedule::Schedules;
use bevy_game_session_client::*;
use bevy_state::app::StatesPlugin;
use bevy_time::{TimePlugin, TimeUpdateStrategy};
use game_session_protocol::InMemoryOrchestrator;

/// The last run of every system, but for Bevy's own that look whether a state changes.
fn runs(app: &App) -> BTreeMap<(String, usize), u32> {
    let schedules = app.world().resource::<Schedules>();
    let mut runs = BTreeMap::new();
    for (label, schedule) in schedules.iter() {
        let label = format!("{label:?}");
        if label != "StateTransition" {
            for (number, (_, system)) in schedule.systems().into_iter().flatten().enumerate() {
                runs.insert((label.clone(), number), system.get_last_run().get());
            }
        }
    }
    runs
}

/// How many systems run in one frame, in each schedule.
fn systems_of_a_frame(app: &mut App) -> BTreeMap<String, usize> {
    for _ in 0..3 {
        app.update();
    }
    let before = runs(app);
    app.update();
    let mut ran = BTreeMap::new();
    for ((label, number), tick) in runs(app) {
        if before.get(&(label.clone(), number)) != Some(&tick) {
            *ran.entry(label).or_default() += 1;
        }
    }
    ran
}

fn app(plugin: Option<SessionClientPlugin>) -> App {
    let mut app = App::new();
    // no time passes, because what Bevy itself runs depends on it
    app.add_plugins((TimePlugin, StatesPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO));
    if let Some(plugin) = plugin {
        app.add_plugins(plugin);
    }
    app
}

#[test]
fn an_idle_plugin_runs_no_system_in_a_frame_and_one_while_a_call_is_in_flight() {
    let without = systems_of_a_frame(&mut app(None));
    assert!(without.values().sum::<usize>() > 0, "the others are seen: {without:?}");

    let orchestrator = InMemoryOrchestrator::new();
    orchestrator.hold();
    let plugin = || SessionClientPlugin::new(orchestrator.service("anna".parse().unwrap()));
    let mut idle = app(Some(plugin()));
    assert_eq!(systems_of_a_frame(&mut idle), without, "idle");

    let mut busy = app(Some(plugin()));
    busy.add_systems(Startup, |mut sessions: Sessions| {
        sessions.find(SessionQuery::new());
    });
    let mut expected = without;
    *expected.entry("PreUpdate".to_owned()).or_default() += 1;
    assert_eq!(systems_of_a_frame(&mut busy), expected, "in flight");
}
