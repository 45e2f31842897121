//! Where metrics go, and how often.

use std::time::Duration;

use super::names::bad;
use crate::{Error, parameters::Environment};

/// Where metrics go, and how often. What is said here is taken as it is: unlike `ServerParameters` the environment is
/// read by [`MetricsParameters::from_env`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsParameters {
    pub(crate) statsd_host: String,
    pub(crate) statsd_port: u16,
    pub(crate) crash_reporter_host: String,
    pub(crate) crash_reporter_port: u16,
    pub(crate) flush_interval: Duration,
    pub(crate) max_packet_size: usize,
}

impl Default for MetricsParameters {
    /// The collector of the official SDKs on this machine: `StatsD` on 8125, the crash reporter on 8126, every 10 s, 512
    /// bytes a packet.
    fn default() -> Self {
        Self {
            statsd_host: "localhost".to_owned(),
            statsd_port: 8125,
            crash_reporter_host: "localhost".to_owned(),
            crash_reporter_port: 8126,
            flush_interval: Duration::from_secs(10),
            max_packet_size: 512,
        }
    }
}

impl MetricsParameters {
    /// Takes what is there of `GAMELIFT_STATSD_HOST`, `GAMELIFT_STATSD_PORT`, `GAMELIFT_CRASH_REPORTER_HOST`,
    /// `GAMELIFT_CRASH_REPORTER_PORT`, `GAMELIFT_FLUSH_INTERVAL_MS` and `GAMELIFT_MAX_PACKET_SIZE`; an empty variable is
    /// unset.
    ///
    /// # Errors
    /// [`Error::Validation`] when a number is none.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(&|name| std::env::var(name).ok())
    }

    fn read(environment: Environment<'_>) -> Result<Self, Error> {
        let set = |name: &str| environment(name).filter(|text| !text.is_empty());
        let mut parameters = Self::default();
        if let Some(host) = set("GAMELIFT_STATSD_HOST") {
            parameters.statsd_host = host;
        }
        if let Some(host) = set("GAMELIFT_CRASH_REPORTER_HOST") {
            parameters.crash_reporter_host = host;
        }
        let port = |text: String| text.parse().map_err(|_| bad("port", "it must be 1 to 65535"));
        if let Some(text) = set("GAMELIFT_STATSD_PORT") {
            parameters.statsd_port = port(text)?;
        }
        if let Some(text) = set("GAMELIFT_CRASH_REPORTER_PORT") {
            parameters.crash_reporter_port = port(text)?;
        }
        if let Some(text) = set("GAMELIFT_FLUSH_INTERVAL_MS") {
            let millis = text.parse().map_err(|_| bad("flush_interval", "it must be a number"))?;
            parameters.flush_interval = Duration::from_millis(millis);
        }
        if let Some(text) = set("GAMELIFT_MAX_PACKET_SIZE") {
            let size = text.parse();
            parameters.max_packet_size = size.map_err(|_| bad("max_packet_size", "it must be a number"))?;
        }
        Ok(parameters)
    }

    /// Where the `StatsD` collector listens.
    #[must_use]
    pub fn statsd(mut self, host: impl Into<String>, port: u16) -> Self {
        self.statsd_host = host.into();
        self.statsd_port = port;
        self
    }

    /// Where the crash reporter listens.
    #[must_use]
    pub fn crash_reporter(mut self, host: impl Into<String>, port: u16) -> Self {
        self.crash_reporter_host = host.into();
        self.crash_reporter_port = port;
        self
    }

    /// How often is sent what was measured.
    #[must_use]
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval;
        self
    }

    /// The largest packet, in bytes. A single value that is longer travels alone.
    #[must_use]
    pub fn max_packet_size(mut self, bytes: usize) -> Self {
        self.max_packet_size = bytes;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        if self.statsd_host.is_empty() || self.crash_reporter_host.is_empty() {
            return Err(bad("host", "it is missing"));
        }
        if self.statsd_port == 0 || self.crash_reporter_port == 0 {
            return Err(bad("port", "it must be 1 to 65535"));
        }
        if self.flush_interval < Duration::from_millis(1) {
            return Err(bad("flush_interval", "it must be 1 ms or more"));
        }
        if !(64..=65_507).contains(&self.max_packet_size) {
            return Err(bad("max_packet_size", "it must be 64 to 65507"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<MetricsParameters, Error> {
        MetricsParameters::read(&|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_is_read_by_from_env_and_an_empty_variable_is_unset() {
        assert_eq!(read(&[]).unwrap(), MetricsParameters::default());
        assert_eq!(
            read(&[("GAMELIFT_STATSD_HOST", ""), ("GAMELIFT_STATSD_PORT", "")]).unwrap(),
            MetricsParameters::default()
        );
        let all = read(&[
            ("GAMELIFT_STATSD_HOST", "a"),
            ("GAMELIFT_STATSD_PORT", "1"),
            ("GAMELIFT_CRASH_REPORTER_HOST", "b"),
            ("GAMELIFT_CRASH_REPORTER_PORT", "2"),
            ("GAMELIFT_FLUSH_INTERVAL_MS", "30"),
            ("GAMELIFT_MAX_PACKET_SIZE", "400"),
        ]);
        let expected = MetricsParameters::default()
            .statsd("a", 1)
            .crash_reporter("b", 2)
            .flush_interval(Duration::from_millis(30))
            .max_packet_size(400);
        assert_eq!(all.unwrap(), expected);
    }

    #[test]
    fn parameters_that_cannot_be_used_are_named() {
        for (wrong, named) in [
            (MetricsParameters::default().statsd("", 1), "host"),
            (MetricsParameters::default().crash_reporter("x", 0), "port"),
            (
                MetricsParameters::default().flush_interval(Duration::ZERO),
                "flush_interval",
            ),
            (MetricsParameters::default().max_packet_size(9), "max_packet_size"),
        ] {
            let error = wrong.check().unwrap_err();
            assert!(
                matches!(&error, Error::Validation { field, .. } if *field == named),
                "{error}"
            );
        }
        assert!(MetricsParameters::default().check().is_ok());
        for name in [
            "STATSD_PORT",
            "CRASH_REPORTER_PORT",
            "FLUSH_INTERVAL_MS",
            "MAX_PACKET_SIZE",
        ] {
            assert!(read(&[(&format!("GAMELIFT_{name}"), "many")]).is_err(), "{name}");
        }
    }
}
