//! The connection's own thread: the SDK lives in a small tokio runtime on it, its answers come to any executor.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use game_session_protocol::BoxedFuture;
use gamelift_server_sdk::{Error, GameLiftServer, ServerParameters};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use super::watchdog::Watchdog;

/// How long a process that panics may take to say that it ends.
const LAST_WORD_TIME: Duration = Duration::from_secs(2);

/// Where the answer to one attempt to connect goes.
type Order = oneshot::Sender<Result<GameLiftServer, Error>>;

pub(super) struct Line {
    shared: Arc<Shared>,
    watchdog: Arc<Watchdog>,
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    server: OnceLock<GameLiftServer>,
    waiting: Mutex<Option<Waker>>,
    ended: AtomicBool,
}

impl Line {
    pub(super) fn new(parameters: ServerParameters) -> std::io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (orders, received) = mpsc::channel(4);
        let (shared, watchdog) = (Arc::<Shared>::default(), Arc::new(Watchdog::new()));
        let thread = std::thread::Builder::new().name("gamelift".into()).spawn({
            let (shared, watchdog) = (shared.clone(), watchdog.clone());
            move || run(runtime, parameters, received, &shared, &watchdog)
        })?;
        Ok(Self {
            shared,
            watchdog,
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    pub(super) fn server(&self) -> Option<GameLiftServer> {
        self.shared.server.get().cloned()
    }

    /// The SDK's handle; the task is woken when there is one.
    pub(super) fn server_or_wake(&self, cx: &Context<'_>) -> Option<&GameLiftServer> {
        if self.shared.server.get().is_none() {
            *self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        }
        self.shared.server.get() // it may just have come
    }

    /// Connects, or returns the connection there is.
    pub(super) fn open(&self) -> BoxedFuture<Result<GameLiftServer, Error>> {
        if let Some(server) = self.server() {
            return Box::pin(std::future::ready(Ok(server)));
        }
        let orders = self.orders.clone();
        Box::pin(async move {
            let (order, answer) = oneshot::channel();
            orders.ok_or(Error::Ended)?.try_send(order).map_err(|_| Error::Busy)?;
            answer.await.unwrap_or(Err(Error::Ended))
        })
    }

    /// Says that the process ends and closes the connection.
    pub(super) fn end(&self) -> BoxedFuture<Result<(), Error>> {
        let shared = self.shared.clone();
        Box::pin(async move {
            if let Some(server) = shared.server.get() {
                match server.process_ending().await {
                    Ok(()) | Err(Error::Ended) => {}
                    Err(error) => return Err(error),
                }
                shared.ended.store(true, Ordering::Release);
                server.destroy().await?;
            }
            shared.ended.store(true, Ordering::Release);
            Ok(())
        })
    }

    pub(super) fn is_ended(&self) -> bool {
        self.shared.ended.load(Ordering::Acquire)
    }

    pub(super) fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.orders = None; // the thread says its last word and ends
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the connection to GameLift broke in a panic");
        }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("connected", &self.shared.server.get().is_some())
            .finish_non_exhaustive()
    }
}

fn run(
    runtime: Runtime,
    parameters: ServerParameters,
    mut orders: mpsc::Receiver<Order>,
    shared: &Arc<Shared>,
    watchdog: &Arc<Watchdog>,
) {
    runtime.block_on(async {
        while let Some(answer) = orders.recv().await {
            let (parameters, shared, watchdog) = (parameters.clone(), shared.clone(), watchdog.clone());
            tokio::spawn(async move {
                let opened = GameLiftServer::init(parameters).await;
                if let Ok(server) = &opened {
                    server.set_health_check(move || watchdog.is_content());
                    let _ = shared.server.set(server.clone());
                    let waiting = shared.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
                    waiting.into_iter().for_each(Waker::wake);
                }
                let _ = answer.send(opened); // nobody may wait any more
            });
        }
        if let Some(server) = shared.server.get()
            && !shared.ended.load(Ordering::Acquire)
        {
            tracing::warn!("the process goes without having shut down; GameLift is told that it ends");
            if tokio::time::timeout(LAST_WORD_TIME, server.shutdown()).await.is_err() {
                tracing::error!("GameLift did not hear in time that the process ends");
            }
        }
    });
    runtime.shutdown_background();
}
