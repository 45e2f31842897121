//! Metrics of a game server, sent every few seconds to the collector beside it: off until [`Metrics::start`].

mod book;
mod names;
mod parameters;

use std::{fmt, sync::Arc, time::Duration};

pub(crate) use self::book::{Book, Line, Measured};
use self::book::{Kind, SeriesId};
pub use self::parameters::MetricsParameters;
use crate::{Error, driver::MetricsLine};

/// What a game server measures of itself, on its way to the collector of server SDK 5.4 and later: `StatsD` over UDP, and
/// word of this process to the crash reporter. Cheap to clone; all clones are the same line.
///
/// Measuring never waits and never fails: values are gathered here and sent every 10 s. The collector sees `server_up` 1
/// each time, and 0 at the end. Every value carries `process_pid`, and once [`GameLiftServer::set_metrics`] was called
/// `gamelift_process_id` and the `session_id`. A collector that is not there is not missed.
///
/// ```no_run
/// # use std::time::Duration;
/// # use gamelift_server_sdk::{Error, GameLiftServer, Metrics, MetricsParameters};
/// # fn measure(server: &GameLiftServer) -> Result<(), Error> {
/// let metrics = Metrics::start(MetricsParameters::from_env()?)?;
/// server.set_metrics(&metrics);
/// let connections = metrics.gauge("server_connections")?;
/// let tick_time = metrics.timer("server_tick_time")?.percentiles(&[50, 90, 95])?;
/// // in the game's loop:
/// connections.set(12.0);
/// tick_time.record(Duration::from_micros(3_450));
/// # Ok(())
/// # }
/// ```
///
/// [`GameLiftServer::set_metrics`]: crate::GameLiftServer::set_metrics
#[derive(Clone)]
pub struct Metrics {
    line: Arc<MetricsLine>,
    tags: Vec<(String, String)>,
}

impl Metrics {
    /// Tells the crash reporter of this process and starts to send. Must be called within a tokio runtime; the sending
    /// then lives on it as one task. May be called before or after `GameLiftServer::init`.
    ///
    /// # Errors
    /// [`Error::Validation`] for parameters that cannot be used, [`Error::NoRuntime`] outside a runtime.
    pub fn start(parameters: MetricsParameters) -> Result<Self, Error> {
        parameters.check()?;
        Ok(Self {
            line: Arc::new(MetricsLine::open(parameters)?),
            tags: Vec::new(),
        })
    }

    /// The same line, with one more tag on what is measured through it.
    ///
    /// # Errors
    /// [`Error::Validation`]: a key begins with a letter and has letters, digits and `_-./`, at most 200; a value has
    /// these and `:`; there may be 16.
    pub fn with_tag(&self, key: &str, value: &str) -> Result<Self, Error> {
        names::check_tag(key, value)?;
        let mut tagged = self.clone();
        tagged.tags.retain(|(known, _)| known != key);
        tagged.tags.push((key.to_owned(), value.to_owned()));
        tagged.tags.sort();
        if tagged.tags.len() > names::MAX_TAGS {
            return Err(names::bad("tag", "there are 16 already"));
        }
        Ok(tagged)
    }

    /// A value that goes up and down. Asking for the same name again gives the same gauge.
    ///
    /// # Errors
    /// [`Error::Validation`] for a name that is none, or when there are 256 series already.
    pub fn gauge(&self, name: &str) -> Result<Gauge, Error> {
        Ok(Gauge(self.series(name, Kind::Gauge)?))
    }

    /// A count of what happened.
    ///
    /// # Errors
    /// As for [`Metrics::gauge`].
    pub fn counter(&self, name: &str) -> Result<Counter, Error> {
        Ok(Counter(self.series(name, Kind::Counter)?))
    }

    /// How long something takes.
    ///
    /// # Errors
    /// As for [`Metrics::gauge`].
    pub fn timer(&self, name: &str) -> Result<Timer, Error> {
        Ok(Timer(self.series(name, Kind::Timer)?))
    }

    /// Sends what was measured, then `server_up` 0, and tells the crash reporter that this process ends well. For all
    /// clones; what is measured after it is not sent. Takes 2 s at most. `GameLiftServer::destroy` does it too.
    pub async fn stop(&self) {
        self.line.stop().await;
    }

    pub(crate) fn set_process(&self, process_id: &str) {
        self.line.book().set_process(process_id);
    }

    pub(crate) fn set_game_session(&self, game_session_id: &str) {
        self.line.set_game_session(game_session_id);
    }

    fn series(&self, name: &str, kind: Kind) -> Result<Series, Error> {
        names::check_name(name)?;
        let id = self.line.book().series(name, &self.tags, kind)?;
        Ok(Series {
            line: Arc::clone(&self.line),
            id,
        })
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics")
            .field("tags", &self.tags)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct Series {
    line: Arc<MetricsLine>,
    id: SeriesId,
}

/// A value that goes up and down: the newest is sent.
#[derive(Clone)]
pub struct Gauge(Series);

impl Gauge {
    /// Sets the value. What is not a finite number is not taken.
    pub fn set(&self, value: f64) {
        self.0.line.book().set(self.0.id, value);
    }

    /// Adds to the value, which is 0 at first.
    pub fn add(&self, change: f64) {
        self.0.line.book().add(self.0.id, change);
    }
}

/// A count of what happened: what came on top since the last time is sent.
#[derive(Clone)]
pub struct Counter(Series);

impl Counter {
    /// Counts so many more.
    pub fn add(&self, more: u64) {
        self.0.line.book().count(self.0.id, more);
    }
}

/// How long something takes, in milliseconds with three decimals: each time is sent, and percentiles if wanted.
///
/// At most 128 times between two sendings; when there are more, a part that is spread evenly stands for all (`|@0.5`).
#[derive(Clone)]
pub struct Timer(Series);

impl Timer {
    /// Sends percentiles too, as gauges named `NAME.p50` and so on. Each is 1 to 99.
    ///
    /// # Errors
    /// [`Error::Validation`] for another number.
    pub fn percentiles(self, percentiles: &[u8]) -> Result<Self, Error> {
        if percentiles.iter().any(|percentile| !(1..=99).contains(percentile)) {
            return Err(names::bad("percentiles", "each must be 1 to 99"));
        }
        self.0.line.book().set_percentiles(self.0.id, percentiles);
        Ok(self)
    }

    /// Takes only this part of the times, evenly spread, and says so: for what happens very often. 1.0 takes all.
    ///
    /// # Errors
    /// [`Error::Validation`] unless it is above 0 and at most 1.
    pub fn sampled(self, part: f64) -> Result<Self, Error> {
        if !(part > 0.0 && part <= 1.0) {
            return Err(names::bad("sample rate", "it must be above 0 and at most 1"));
        }
        self.0.line.book().set_sample_rate(self.0.id, part);
        Ok(self)
    }

    /// Takes one time.
    pub fn record(&self, time: Duration) {
        self.0.line.book().record(self.0.id, time);
    }
}

macro_rules! debug_by_name {
    ($($name:ident)+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0.line.book().name(self.0.id)).finish()
            }
        }
    )+};
}

debug_by_name! { Gauge Counter Timer }
