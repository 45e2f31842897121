//! Many players of the real protocol in one process, as load: each an app of its own with a player, a seat and a
//! connection of its own.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bevy::app::TerminalCtrlCHandlerPlugin;
use bevy::log::LogPlugin;
use bevy::prelude::*;
use bevy::state::app::StatesPlugin;

use super::flight::Drift;
use super::flow::{FlowPlugin, Wish};
use super::headless::{Errand, ErrandPlugin, FILTER, Report};
use super::timeline::milliseconds;

/// The pace of a frame once all have arrived.
const FRAME: Duration = Duration::from_millis(16);
/// The pace before, so that waiting for the next frame does not hide how long the way takes.
const HASTE: Duration = Duration::from_millis(3);

/// How many seconds after its arrival a player is at ease.
const SETTLING: usize = 3;

struct Player {
    app: App,
    report: Arc<Mutex<Report>>,
    exit: Option<AppExit>,
}

/// Runs one player for each of the flows until all have left; says whether all arrived and none was lost. Who takes any
/// session sets out when the one before has arrived, so that they fill sessions instead of opening one each.
pub(super) fn run(flows: Vec<FlowPlugin>, errand: &Errand) -> (bool, Vec<Report>) {
    let mut players: Vec<_> = (1..)
        .zip(flows)
        .map(|(number, flow)| player(number, flow, errand))
        .collect();
    let one_by_one = matches!(errand.way_in, Wish::Quick(_));
    while players.iter().any(|player| player.exit.is_none()) {
        let begun = Instant::now();
        let mut arriving = false;
        for player in players.iter_mut().filter(|player| player.exit.is_none()) {
            player.app.update();
            player.exit = player.app.should_exit();
            let is_on_the_way = player.exit.is_none() && player.look(|report| report.arrived.is_none());
            arriving |= is_on_the_way;
            if one_by_one && is_on_the_way {
                break;
            }
        }
        let frame = if arriving { HASTE } else { FRAME };
        std::thread::sleep(frame.saturating_sub(begun.elapsed()));
    }
    let well = players.iter().all(|player| player.exit == Some(AppExit::Success));
    (well, players.iter().map(|player| player.look(Report::clone)).collect())
}

impl Player {
    fn look<T>(&self, read: impl FnOnce(&Report) -> T) -> T {
        read(&self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn player(number: u64, flow: FlowPlugin, errand: &Errand) -> Player {
    let errand = Errand {
        seed: number,
        name: Some(format!("{} {number}", errand.name.as_deref().unwrap_or("Crowd"))),
        ..errand.clone()
    };
    let (errand, report) = ErrandPlugin::new(errand);
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin));
    if number == 1 {
        let filter = FILTER.into();
        app.add_plugins((TerminalCtrlCHandlerPlugin, LogPlugin { filter, ..default() }));
    }
    app.add_plugins((flow, errand));
    app.finish();
    app.cleanup();
    Player {
        app,
        report,
        exit: None,
    }
}

/// What a crowd saw, in a few lines.
pub(super) fn sum_up(reports: &[Report]) -> Vec<String> {
    let sorted = |mut all: Vec<Duration>| {
        all.sort_unstable();
        all
    };
    let arrivals = sorted(reports.iter().filter_map(|report| report.arrived).collect());
    let round_trips = sorted(reports.iter().flat_map(|report| report.round_trips.clone()).collect());
    let both = |all: &[Duration]| format!("p50 {}, p99 {}", percentile(all, 50), percentile(all, 99));
    #[expect(clippy::cast_precision_loss, reason = "a number of players")]
    let lost_packets = reports.iter().map(|report| report.lost_packets).sum::<f64>() / reports.len().max(1) as f64;
    let corrections: u32 = reports.iter().map(|report| report.corrections.0).sum();
    let worst = reports.iter().map(|report| report.corrections.1).fold(0.0, f32::max);
    let failures = reports.iter().filter_map(|report| report.failure.as_ref());
    let mut lines = vec![
        format!("arrivals      {} of {}", arrivals.len(), reports.len()),
        format!("time          {}", both(&arrivals)),
        format!("round trip    {}", both(&round_trips)),
        format!(
            "losses        {} player(s), {:.2} % of packets",
            failures.clone().count(),
            lost_packets * 100.0
        ),
        format!("corrections   {corrections}, the furthest {worst:.0} units"),
    ];
    // what came before all was at ease counts for nothing
    let paces = reports.iter().filter_map(|report| report.paces.get(SETTLING..));
    lines.extend(Drift::of(paces).iter().flat_map(tell_drift));
    lines.extend(failures.map(|failure| format!("lost          {}", failure.join(" because "))));
    lines
}

/// The first third of the time against the last.
fn tell_drift(drift: &Drift) -> [String; 2] {
    let (off, ahead, behind) = (drift.off, drift.ahead, drift.behind);
    [
        format!(
            "drift         own ship {:.2} -> {:.2} units off (p50), server's clock {:+.1} ticks",
            off.0, off.1, drift.clock
        ),
        format!(
            "pace          orders {:.1} -> {:.1} ticks ahead, others {:.1} -> {:.1} ticks behind",
            ahead.0, ahead.1, behind.0, behind.1
        ),
    ]
}

/// The value that so many percent of the sorted values do not exceed, for people.
fn percentile(sorted: &[Duration], percent: usize) -> String {
    let index = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(index).map_or("-".into(), |value| milliseconds(*value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_values_seen() {
        let all: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&all, 50), "50.0 ms");
        assert_eq!(percentile(&all, 99), "99.0 ms");
        assert_eq!(percentile(&all[..1], 99), "1.0 ms");
        assert_eq!(percentile(&[], 50), "-");
    }
}
