//! The data directory: every change is on disk before anybody is told of it.
//!
//! The world hands over the rows that one request changed together with the frames that tell of it. One thread writes
//! what has gathered in one transaction, waits until the disk has it, and only then lets the frames out.

mod opened;
mod store;

use std::{
    path::Path,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use tokio::sync::{mpsc, watch};

pub(crate) use self::opened::Opened;
use self::store::{Store, StoreError};
use crate::world::{Row, SocketId};

/// Batches that may wait; then whoever acts waits too.
const MAX_WAITING: usize = 10_000;
/// Batches in one transaction.
const MAX_TOGETHER: usize = 1_000;
/// The disk must have taken a batch by then.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(30);

/// A frame that waits for the disk, and the socket it is for.
pub(crate) struct Frame {
    pub(crate) socket: Option<SocketId>,
    pub(crate) deliver: Box<dyn FnOnce() -> bool + Send>,
}

/// What one request changed, and what tells of it.
struct Batch {
    number: u64,
    rows: Vec<Row>,
    frames: Vec<Frame>,
    done: Option<SyncSender<()>>,
}

/// How far the disk is.
#[derive(Clone, Copy, Debug)]
struct Progress {
    settled: u64,
    broken: bool,
}

/// The data directory cannot be written any more: nothing may be answered.
#[derive(Debug, thiserror::Error)]
#[error("the data directory cannot be written: see the log, then restart the emulator")]
pub(crate) struct Broken;

/// Writes what the world changes.
pub(crate) struct Keeper {
    queue: Option<SyncSender<Batch>>,
    submitted: Mutex<u64>,
    progress: watch::Receiver<Progress>,
    /// Sockets that would not take a frame.
    deaf: std::sync::Arc<Mutex<Vec<SocketId>>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread that writes.
    pub(crate) fn start(store: Store) -> std::io::Result<Self> {
        let (queue, batches) = sync_channel(MAX_WAITING);
        let (tell, progress) = watch::channel(Progress {
            settled: 0,
            broken: false,
        });
        let deaf = std::sync::Arc::new(Mutex::new(Vec::new()));
        let theirs = std::sync::Arc::clone(&deaf);
        let thread = std::thread::Builder::new()
            .name("keep".into())
            .spawn(move || write(&store, &batches, &tell, &theirs))?;
        Ok(Self {
            queue: Some(queue),
            submitted: Mutex::new(0),
            progress,
            deaf,
            thread: Some(thread),
        })
    }

    /// Takes rows to write and frames to send after that. Whoever calls holds the world, so the order is the world's.
    pub(crate) fn submit(&self, rows: Vec<Row>, frames: Vec<Frame>) {
        if !rows.is_empty() || !frames.is_empty() {
            self.send(rows, frames, None);
        }
    }

    fn send(&self, rows: Vec<Row>, frames: Vec<Frame>, done: Option<SyncSender<()>>) {
        let mut submitted = self.submitted.lock().unwrap_or_else(PoisonError::into_inner);
        *submitted += 1;
        let batch = Batch {
            number: *submitted,
            rows,
            frames,
            done,
        };
        if let Some(queue) = &self.queue {
            // the thread is gone only when the store is broken, which `progress` says
            drop(queue.send(batch));
        }
    }

    /// Waits until everything submitted so far is on disk.
    pub(crate) async fn settled(&self) -> Result<(), Broken> {
        let number = *self.submitted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut progress = self.progress.clone();
        let waiting = progress.wait_for(|progress| progress.broken || progress.settled >= number);
        match tokio::time::timeout(SETTLE_TIMEOUT, waiting).await {
            Ok(Ok(progress)) if !progress.broken => Ok(()),
            _ => Err(Broken),
        }
    }

    /// The same, where nothing can be awaited.
    pub(crate) fn settle(&self) -> Result<(), Broken> {
        let (done, finished) = sync_channel(1);
        self.send(Vec::new(), Vec::new(), Some(done));
        finished.recv_timeout(SETTLE_TIMEOUT).map_err(|_| Broken)
    }

    /// Sockets that would not take a frame since the last time.
    pub(crate) fn take_deaf(&self) -> Vec<SocketId> {
        std::mem::take(&mut *self.deaf.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn write(store: &Store, batches: &Receiver<Batch>, tell: &watch::Sender<Progress>, deaf: &Mutex<Vec<SocketId>>) {
    while let Ok(first) = batches.recv() {
        let mut together = vec![first];
        together.extend(batches.try_iter().take(MAX_TOGETHER - 1));
        let rows = together.iter().flat_map(|batch| &batch.rows);
        if let Err(error) = store.write(rows) {
            tracing::error!(%error, "the data directory cannot be written; nothing is answered any more");
            tell.send_modify(|progress| progress.broken = true);
            return;
        }
        let number = together.last().map_or(0, |batch| batch.number);
        for batch in together {
            for frame in batch.frames {
                if !(frame.deliver)() {
                    let mut deaf = deaf.lock().unwrap_or_else(PoisonError::into_inner);
                    deaf.extend(frame.socket);
                }
            }
            if let Some(done) = batch.done {
                let _ = done.try_send(());
            }
        }
        tell.send_modify(|progress| progress.settled = number);
    }
}

/// Opens the store in a directory, which is made for the user alone if there is none.
fn open(directory: &Path) -> Result<Store, StoreError> {
    Store::open(directory)
}

/// A frame for a socket whose queue this is.
pub(crate) fn frame<T: Send + 'static>(socket: SocketId, queue: mpsc::Sender<T>, signal: T) -> Frame {
    Frame {
        socket: Some(socket),
        deliver: Box::new(move || queue.try_send(signal).is_ok()),
    }
}

/// Something else to be told after the disk has what it is about.
pub(crate) fn notice(tell: impl FnOnce() + Send + 'static) -> Frame {
    Frame {
        socket: None,
        deliver: Box::new(move || {
            tell();
            true
        }),
    }
}
