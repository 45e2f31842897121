//! The live stream of the dashboard: one line of JSON for every change of what is looked at, a few a second at most.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, StatusCode, header},
};
use serde::Serialize;
use tokio::{
    sync::{OwnedSemaphorePermit, watch},
    time::{Instant, sleep_until},
};

use crate::{
    faults::ActiveFault,
    server::App,
    world::{Ask, Board},
};

/// Changes that come faster are shown together.
const AT_MOST_EVERY: Duration = Duration::from_millis(250);
/// An empty line when nothing has changed for so long, so that a lost connection is noticed.
const STILL_THERE: Duration = Duration::from_secs(15);

/// What one line says.
#[derive(Serialize)]
struct Seen {
    #[serde(flatten)]
    board: Board,
    faults: Vec<ActiveFault>,
}

/// Starts a stream of answers to one question.
pub(crate) fn open(app: Arc<App>, ask: Ask) -> Response<Body> {
    let Ok(seat) = Arc::clone(&app.watchers).try_acquire_owned() else {
        let mut full = Response::new(Body::from("too many watch already: close another dashboard\n"));
        *full.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return full;
    };
    let watcher = Watcher {
        changes: app.driver.changes(),
        stop: app.stop.clone(),
        next: Instant::now(),
        from_line: 0,
        last: Vec::new(),
        app,
        ask,
        _seat: seat,
    };
    let lines = futures_util::stream::unfold(watcher, |mut watcher| async move {
        let line = watcher.line().await?;
        Some((Ok::<_, Infallible>(line), watcher))
    });
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

struct Watcher {
    app: Arc<App>,
    ask: Ask,
    changes: watch::Receiver<u64>,
    stop: watch::Receiver<bool>,
    /// The next line goes out at this time or later.
    next: Instant,
    from_line: u64,
    last: Vec<u8>,
    _seat: OwnedSemaphorePermit,
}

impl Watcher {
    /// The next line; none when the emulator stops.
    async fn line(&mut self) -> Option<Bytes> {
        loop {
            tokio::select! {
                () = sleep_until(self.next) => {}
                _ = self.stop.wait_for(|stop| *stop) => return None,
            }
            self.changes.mark_unchanged();
            if let Some(line) = self.look() {
                self.next = Instant::now() + AT_MOST_EVERY;
                return Some(line);
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = sleep_until(self.next + STILL_THERE) => {
                    self.next = Instant::now();
                    return Some(Bytes::from_static(b"\n"));
                }
                _ = self.stop.wait_for(|stop| *stop) => return None,
            }
        }
    }

    /// What is to be seen now, unless that is what was seen last.
    fn look(&mut self) -> Option<Bytes> {
        let mut faults = self.app.driver.faults().active();
        let (board, next_line, pings) = self.app.driver.look(|world| {
            let board = world.board(&self.ask, self.from_line);
            (board, world.next_line(), world.delayed_pings())
        });
        faults.extend(pings.into_iter().map(|(location, delay)| ActiveFault::Pings {
            location,
            delay_millis: delay.as_millis(),
        }));
        let mut line = serde_json::to_vec(&Seen { board, faults }).ok()?;
        line.push(b'\n');
        self.from_line = next_line;
        if line == self.last {
            return None;
        }
        self.last.clone_from(&line);
        Some(line.into())
    }
}
