//! What was measured since the last time, without any input or output.

use std::{collections::HashMap, time::Duration};

use super::names::{bad, is_value};
use crate::Error;

/// Series at most.
const MAX_SERIES: usize = 256;
/// Times of one timer that are kept between two sendings.
const MAX_TIMES: usize = 128;
/// Whether the server is up.
const UP: &str = "server_up";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Timer,
}

/// Which series; it is there as long as the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeriesId(usize);

/// One value to send.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) measured: Measured,
    /// The part of all values that this one stands for.
    pub(crate) rate: f64,
    pub(crate) tags: Vec<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Measured {
    Gauge(f64),
    Count(u64),
    Millis(f64),
}

type Key = (String, Vec<(String, String)>, Kind);

/// What was measured since the last time, and what every value carries.
#[derive(Default)]
pub(crate) struct Book {
    series: Vec<Series>,
    by_key: HashMap<Key, usize>,
    process_id: String,
    game_session_id: String,
}

struct Series {
    name: String,
    tags: Vec<(String, String)>,
    value: Value,
}

enum Value {
    /// Nothing until it was set.
    Gauge(Option<f64>),
    Counter(u64),
    Timer(Times),
}

struct Times {
    kept: Vec<f64>,
    /// The part that the user wants, and the part that is kept now.
    wanted: f64,
    rate: f64,
    /// Grows by the rate with each time; a whole one is kept.
    turn: f64,
    percentiles: Vec<u8>,
}

impl Times {
    fn record(&mut self, millis: f64) {
        self.turn += self.rate;
        if self.turn < 1.0 {
            return;
        }
        self.turn -= 1.0;
        if self.kept.len() == MAX_TIMES {
            // every other one stands for two now
            let mut keep = false;
            self.kept.retain(|_| {
                keep = !keep;
                keep
            });
            self.rate /= 2.0;
        }
        self.kept.push(millis);
    }

    fn take(&mut self) -> (Vec<f64>, f64) {
        let rate = std::mem::replace(&mut self.rate, self.wanted);
        (std::mem::take(&mut self.kept), rate)
    }
}

/// The value that so many percent of the sorted ones do not exceed; by nearest rank.
fn percentile(sorted: &[f64], percentile: u8) -> Option<f64> {
    let rank = (sorted.len() * usize::from(percentile)).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

impl Book {
    /// The process that every value is of, from now on.
    pub(super) fn set_process(&mut self, process_id: &str) {
        process_id.clone_into(&mut self.process_id);
    }

    /// The game session that every value is of, from now on.
    pub(crate) fn set_game_session(&mut self, game_session_id: &str) {
        game_session_id.clone_into(&mut self.game_session_id);
    }

    pub(super) fn series(&mut self, name: &str, tags: &[(String, String)], kind: Kind) -> Result<SeriesId, Error> {
        let key = (name.to_owned(), tags.to_vec(), kind);
        if let Some(known) = self.by_key.get(&key) {
            return Ok(SeriesId(*known));
        }
        if self.series.len() >= MAX_SERIES {
            return Err(bad("name", "there are 256 series already"));
        }
        let value = match kind {
            Kind::Gauge => Value::Gauge(None),
            Kind::Counter => Value::Counter(0),
            Kind::Timer => Value::Timer(Times {
                kept: Vec::new(),
                wanted: 1.0,
                rate: 1.0,
                turn: 0.0,
                percentiles: Vec::new(),
            }),
        };
        self.series.push(Series {
            name: key.0.clone(),
            tags: key.1.clone(),
            value,
        });
        let id = self.series.len() - 1;
        self.by_key.insert(key, id);
        Ok(SeriesId(id))
    }

    pub(super) fn name(&self, id: SeriesId) -> String {
        self.series
            .get(id.0)
            .map_or_else(String::new, |series| series.name.clone())
    }

    fn value(&mut self, id: SeriesId) -> Option<&mut Value> {
        Some(&mut self.series.get_mut(id.0)?.value)
    }

    pub(super) fn set(&mut self, id: SeriesId, to: f64) {
        if let Some(Value::Gauge(value)) = self.value(id)
            && to.is_finite()
        {
            *value = Some(to);
        }
    }

    pub(super) fn add(&mut self, id: SeriesId, change: f64) {
        if let Some(Value::Gauge(value)) = self.value(id) {
            let sum = value.unwrap_or_default() + change;
            if sum.is_finite() {
                *value = Some(sum);
            }
        }
    }

    pub(super) fn count(&mut self, id: SeriesId, more: u64) {
        if let Some(Value::Counter(count)) = self.value(id) {
            *count = count.saturating_add(more);
        }
    }

    pub(super) fn record(&mut self, id: SeriesId, time: Duration) {
        if let Some(Value::Timer(times)) = self.value(id) {
            #[expect(clippy::cast_precision_loss, reason = "285 years in microseconds are exact")]
            times.record(time.as_micros() as f64 / 1000.0);
        }
    }

    pub(super) fn set_percentiles(&mut self, id: SeriesId, wanted: &[u8]) {
        if let Some(Value::Timer(times)) = self.value(id) {
            times.percentiles = wanted.to_vec();
        }
    }

    pub(super) fn set_sample_rate(&mut self, id: SeriesId, rate: f64) {
        if let Some(Value::Timer(times)) = self.value(id) {
            times.wanted = rate;
            times.rate = rate;
        }
    }

    /// What to send now, and whether the server is up after it.
    pub(crate) fn take(&mut self, is_up: bool) -> Vec<Line> {
        let global = self.global();
        let mut lines = Vec::new();
        let mut add = |name: &str, tags: &[(String, String)], measured: Measured, rate: f64| {
            let line = |measured| Line {
                name: name.to_owned(),
                measured,
                rate,
                tags: global.iter().chain(tags).cloned().collect(),
            };
            if let Measured::Gauge(value) = measured
                && value < 0.0
            {
                // a sign would make it a change
                lines.push(line(Measured::Gauge(0.0)));
            }
            lines.push(line(measured));
        };
        for Series { name, tags, value } in &mut self.series {
            match value {
                Value::Gauge(Some(value)) => add(name, tags, Measured::Gauge(*value), 1.0),
                Value::Gauge(None) | Value::Counter(0) => {}
                Value::Counter(count) => add(name, tags, Measured::Count(std::mem::take(count)), 1.0),
                Value::Timer(times) => {
                    let (mut kept, rate) = times.take();
                    for millis in &kept {
                        add(name, tags, Measured::Millis(*millis), rate);
                    }
                    kept.sort_by(f64::total_cmp);
                    for wanted in &times.percentiles {
                        if let Some(value) = percentile(&kept, *wanted) {
                            add(&format!("{name}.p{wanted}"), tags, Measured::Gauge(value), 1.0);
                        }
                    }
                }
            }
        }
        add(UP, &[], Measured::Gauge(if is_up { 1.0 } else { 0.0 }), 1.0);
        lines
    }

    fn global(&self) -> Vec<(String, String)> {
        let pid = std::process::id().to_string();
        let tags = [
            ("process_pid", pid),
            ("gamelift_process_id", self.process_id.clone()),
            ("session_id", self.game_session_id.clone()),
        ];
        let sendable = tags.into_iter().filter(|(_, value)| is_value(value));
        sendable.map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn values(lines: &[Line], name: &str) -> Vec<Measured> {
        let named = lines.iter().filter(|line| line.name == name);
        named.map(|line| line.measured).collect()
    }

    #[test]
    fn what_was_counted_and_timed_is_sent_once_and_a_gauge_each_time() {
        let mut book = Book::default();
        let gauge = book.series("g", &[], Kind::Gauge).unwrap();
        let counter = book.series("c", &[], Kind::Counter).unwrap();
        let timer = book.series("t", &[], Kind::Timer).unwrap();
        assert_eq!(book.take(true).len(), 1, "server_up alone: nothing was measured");
        book.set(gauge, 2.0);
        book.set(gauge, f64::NAN);
        book.add(gauge, 0.5);
        book.count(counter, 3);
        book.count(counter, 4);
        book.record(timer, Duration::from_micros(1_250));
        let lines = book.take(true);
        assert_eq!(values(&lines, "g"), [Measured::Gauge(2.5)]);
        assert_eq!(values(&lines, "c"), [Measured::Count(7)]);
        assert_eq!(values(&lines, "t"), [Measured::Millis(1.25)]);
        let lines = book.take(true);
        assert_eq!(values(&lines, "g"), [Measured::Gauge(2.5)]);
        assert!(values(&lines, "c").is_empty() && values(&lines, "t").is_empty());
    }

    #[test]
    fn negative_gauge_two_lines() {
        let mut book = Book::default();
        let gauge = book.series("g", &[], Kind::Gauge).unwrap();
        book.set(gauge, -3.5);
        assert_eq!(
            values(&book.take(true), "g"),
            [Measured::Gauge(0.0), Measured::Gauge(-3.5)]
        );
    }

    #[test]
    fn percentiles() {
        let mut book = Book::default();
        let timer = book.series("t", &[], Kind::Timer).unwrap();
        book.set_percentiles(timer, &[50, 90, 99]);
        assert!(values(&book.take(true), "t.p50").is_empty(), "of nothing there is none");
        for millis in (1..=100).rev() {
            book.record(timer, Duration::from_millis(millis));
        }
        let lines = book.take(true);
        for (name, value) in [("t.p50", 50.0), ("t.p90", 90.0), ("t.p99", 99.0)] {
            assert_eq!(values(&lines, name), [Measured::Gauge(value)], "{name}");
        }
    }

    #[test]
    fn times_beyond_the_bound_are_thinned_out_evenly_and_the_rate_says_so() {
        let mut book = Book::default();
        let timer = book.series("t", &[], Kind::Timer).unwrap();
        for millis in 0..1000 {
            book.record(timer, Duration::from_millis(millis));
        }
        let lines = book.take(true);
        let kept: Vec<&Line> = lines.iter().filter(|line| line.name == "t").collect();
        assert!(kept.len() <= MAX_TIMES && kept.len() > MAX_TIMES / 2);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let stand_for = kept.len() as f64 / kept[0].rate;
        assert!((900.0..=1100.0).contains(&stand_for), "{stand_for}");
        book.record(timer, Duration::from_millis(1));
        let again = book.take(true);
        assert!((again[0].rate - 1.0).abs() < 1e-9, "the next time all are taken again");
    }

    #[test]
    fn there_are_256_series_at_most_and_the_same_name_is_the_same_series() {
        let mut book = Book::default();
        for number in 0..MAX_SERIES {
            book.series(&format!("s{number}"), &[], Kind::Gauge).unwrap();
        }
        assert!(book.series("one-more", &[], Kind::Gauge).is_err());
        assert_eq!(book.series("s7", &[], Kind::Gauge).unwrap(), SeriesId(7));
    }

    #[test]
    fn tags_after_session_start() {
        let mut book = Book::default();
        let own = [("map".to_owned(), "docks".to_owned())];
        let gauge = book.series("g", &own, Kind::Gauge).unwrap();
        book.set(gauge, 1.0);
        let keys = |lines: Vec<Line>| -> Vec<String> { lines[0].tags.iter().map(|(key, _)| key.clone()).collect() };
        assert_eq!(keys(book.take(true)), ["process_pid", "map"]);
        book.set_process("proc-1");
        book.set_game_session("arn:aws:gamelift:us-west-2::gamesession/fleet-1/loc/gsess-1");
        assert_eq!(
            keys(book.take(true)),
            ["process_pid", "gamelift_process_id", "session_id", "map"]
        );
        book.set_process("no tag, with a comma");
        assert_eq!(keys(book.take(true)), ["process_pid", "session_id", "map"]);
    }
}
