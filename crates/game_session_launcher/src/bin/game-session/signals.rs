//! Ctrl-C and SIGTERM.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use game_session_launcher::LauncherError;

/// Ctrl-C and SIGTERM, caught on a thread of their own.
pub(crate) struct Signals(Receiver<()>);

impl Signals {
    /// From now on signals are caught.
    pub(crate) fn listen() -> Result<Self, LauncherError> {
        let (came, signals) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(LauncherError::Runtime)?;
        let (listening, listens) = channel();
        let listen = move || {
            runtime.block_on(async {
                let mut source = match SignalSource::new() {
                    Ok(source) => source,
                    Err(error) => return drop(listening.send(Err(error))),
                };
                let _ = listening.send(Ok(()));
                loop {
                    source.next().await;
                    if came.send(()).is_err() {
                        return;
                    }
                }
            });
        };
        std::thread::Builder::new()
            .name("game-session-signals".to_owned())
            .spawn(listen)
            .map_err(LauncherError::Runtime)?;
        match listens.recv() {
            Ok(Ok(())) => Ok(Self(signals)),
            Ok(Err(error)) => Err(LauncherError::Runtime(error)),
            Err(_) => Err(LauncherError::Stopped),
        }
    }

    /// The same for async code: each signal is a message.
    pub(crate) fn forward(self) -> Result<tokio::sync::mpsc::Receiver<()>, LauncherError> {
        let (sender, receiver) = tokio::sync::mpsc::channel(4);
        let forward = move || {
            while self.0.recv().is_ok() {
                if sender.blocking_send(()).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new()
            .name("game-session-forward".to_owned())
            .spawn(forward)
            .map_err(LauncherError::Runtime)?;
        Ok(receiver)
    }

    /// Waits so long at most for a signal, and says whether one came.
    pub(crate) fn came_within(&self, time: Duration) -> bool {
        self.0.recv_timeout(time) != Err(RecvTimeoutError::Timeout)
    }
}

#[cfg(unix)]
struct SignalSource {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl SignalSource {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct SignalSource;

#[cfg(not(unix))]
impl SignalSource {
    #[expect(clippy::unnecessary_wraps, reason = "the other platforms can fail")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    }
}
