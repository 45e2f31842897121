//! The thread that all waiting of a LAN happens on, so that no frame waits.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use game_session_protocol::BoxedFuture;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// How long blocking work may hold up the end.
const END: Duration = Duration::from_millis(100);

/// The thread. Dropping it ends what runs on it, after `farewell`.
pub(crate) struct Runtime {
    handle: Handle,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Runtime {
    /// Starts the thread. `farewell` runs at its end and must have a deadline of its own.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn start(farewell: impl Future<Output = ()> + Send + 'static) -> io::Result<Arc<Self>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new().name("lan".into()).spawn(move || {
            runtime.block_on(async {
                let _either_way = stopped.await;
                farewell.await;
            });
            runtime.shutdown_timeout(END);
        })?;
        Ok(Arc::new(Self {
            handle,
            stop: Mutex::new(Some(stop)),
            thread: Mutex::new(Some(thread)),
        }))
    }

    /// Runs a task for as long as the thread lives, or until it is aborted.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        self.handle.spawn(task).abort_handle()
    }

    /// Runs a future there and gives its answer here. Dropping the answer cancels it. `gone` is the answer when the thread
    /// is gone.
    pub(crate) fn ask<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = T> + Send + 'static,
        gone: impl FnOnce() -> T + Send + 'static,
    ) -> BoxedFuture<T> {
        self.ask_or_undo(work, gone, |_| std::future::ready(()))
    }

    /// The same; what `undo` makes of an answer that came and that nobody took runs there.
    pub(crate) fn ask_or_undo<T: Send + 'static, U: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = T> + Send + 'static,
        gone: impl FnOnce() -> T + Send + 'static,
        undo: impl FnOnce(T) -> U + Send + 'static,
    ) -> BoxedFuture<T> {
        let (tell, answer) = oneshot::channel();
        let task = self.spawn(async move {
            let _nobody_waits = tell.send(work.await);
        });
        let cancel = AbortOnDrop(task);
        let mut asked = Asked {
            answer,
            undo: Some(undo),
            runtime: self.clone(),
        };
        Box::pin(async move {
            let _cancel = cancel;
            let answer = (&mut asked.answer).await;
            drop(asked.undo.take());
            answer.unwrap_or_else(|_| gone())
        })
    }
}

/// An answer that is waited for. Dropped with the answer in it, it undoes what the answer says.
struct Asked<T, U, F>
where
    F: FnOnce(T) -> U,
    U: Future<Output = ()> + Send + 'static,
{
    answer: oneshot::Receiver<T>,
    undo: Option<F>,
    runtime: Arc<Runtime>,
}

impl<T, U, F> Drop for Asked<T, U, F>
where
    F: FnOnce(T) -> U,
    U: Future<Output = ()> + Send + 'static,
{
    fn drop(&mut self) {
        self.answer.close();
        if let (Ok(answer), Some(undo)) = (self.answer.try_recv(), self.undo.take()) {
            self.runtime.spawn(undo(answer));
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.thread().id() != std::thread::current().id()
        {
            let _it_panicked = thread.join();
        }
    }
}

/// Ends a task when dropped.
pub(crate) struct AbortOnDrop(pub(crate) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
