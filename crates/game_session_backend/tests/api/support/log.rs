//! Everything that the backend logs while the tests run.

use std::io;
use std::sync::{Mutex, Once};

use tracing_subscriber::EnvFilter;

static TEXT: Mutex<String> = Mutex::new(String::new());
static ONCE: Once = Once::new();

struct Keep;

impl io::Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        TEXT.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Records from now on, at every level.
pub(crate) fn record() {
    ONCE.call_once(|| {
        let filter = EnvFilter::new("game_session_backend=trace");
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(|| Keep)
            .init();
    });
}

/// Whether a text was logged.
pub(crate) fn holds(text: &str) -> bool {
    let log = TEXT.lock().unwrap();
    log.contains(text)
}

/// Whether one line holds both texts.
pub(crate) fn holds_together(one: &str, other: &str) -> bool {
    let log = TEXT.lock().unwrap();
    log.lines().any(|line| line.contains(one) && line.contains(other))
}
