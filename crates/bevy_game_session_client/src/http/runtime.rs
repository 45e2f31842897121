//! The thread on which the requests run.

use std::convert::Infallible;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::{Builder, Handle};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// How long the end of the service waits for what must be undone.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A thread with an executor on it. Dropping it ends the thread.
pub(super) struct Runtime {
    handle: Handle,
    undoer: Option<Undoer>,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts what must still be done when the service goes.
#[derive(Clone)]
pub(super) struct Undoer {
    handle: Handle,
    /// Held by every such task: the thread waits until all are gone.
    busy: mpsc::Sender<Infallible>,
}

impl Undoer {
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let busy = self.busy.clone();
        self.handle.spawn(async move {
            work.await;
            drop(busy);
        });
    }
}

impl Runtime {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<Infallible>();
        let (busy, mut all_done) = mpsc::channel::<Infallible>(1);
        let thread = std::thread::Builder::new()
            .name("session service".into())
            .spawn(move || {
                runtime.block_on(async {
                    let _ = stopped.await;
                    let _ = tokio::time::timeout(LAST_WORDS, all_done.recv()).await;
                });
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle: handle.clone(),
            undoer: Some(Undoer { handle, busy }),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Starts what ends when the service goes.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(work).abort_handle()
    }

    pub(super) fn undoer(&self) -> Undoer {
        self.undoer.clone().expect("it is taken by drop only")
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.undoer.take());
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            let _ = thread.join();
        }
    }
}
