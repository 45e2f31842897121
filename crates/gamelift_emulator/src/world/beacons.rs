//! What the world asks of those who answer pings: one UDP beacon for each location.

use std::time::Duration;

/// Answers pings, somewhere outside.
pub(crate) trait Beacons: Send {
    /// Opens the beacon of a location.
    fn open(&mut self, location: &str);
    /// Closes it.
    fn close(&mut self, location: &str);
    /// Its port, if it is open.
    fn port(&self, location: &str) -> Option<u16>;
    /// From now on answers of this location, or of all, take so long; without a time, as long as at the start.
    fn delay(&mut self, location: Option<&str>, by: Option<Duration>);
    /// The locations whose answers do not take as long as at the start, by name, and how long they take.
    fn delayed(&self) -> Vec<(String, Duration)>;
}

/// No beacons at all.
#[cfg(test)]
pub(crate) struct NoBeacons;

#[cfg(test)]
impl Beacons for NoBeacons {
    fn open(&mut self, _: &str) {}
    fn close(&mut self, _: &str) {}
    fn port(&self, _: &str) -> Option<u16> {
        None
    }
    fn delay(&mut self, _: Option<&str>, _: Option<Duration>) {}
    fn delayed(&self) -> Vec<(String, Duration)> {
        Vec::new()
    }
}
