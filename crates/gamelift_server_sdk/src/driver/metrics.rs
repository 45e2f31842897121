//! Sends metrics: one task that wakes every few seconds. The library that writes `StatsD` is named here only.

use std::{
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use cadence::{
    BufferedUdpMetricSink, MetricBuilder, StatsdClient,
    ext::{MetricValue, ToTimerValue},
    prelude::*,
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::{MissedTickBehavior, timeout},
};

use super::http;
use crate::{
    Error, MetricsParameters,
    container::HttpUrl,
    metrics::{Book, Line, Measured},
};

/// Words to the crash reporter that may wait: one of each kind does.
const REPORTS: usize = 8;
/// How long the end may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// The game's end of the task.
pub(crate) struct MetricsLine {
    book: Arc<Mutex<Book>>,
    say: mpsc::Sender<Say>,
}

enum Say {
    GameSession(String),
    Stop(oneshot::Sender<()>),
}

impl MetricsLine {
    /// Starts the task.
    pub(crate) fn open(parameters: MetricsParameters) -> Result<Self, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let book = Arc::<Mutex<Book>>::default();
        let (say, said) = mpsc::channel(REPORTS);
        runtime.spawn(run(parameters, Arc::clone(&book), said));
        Ok(Self { book, say })
    }

    pub(crate) fn book(&self) -> MutexGuard<'_, Book> {
        locked(&self.book)
    }

    pub(crate) fn set_game_session(&self, id: &str) {
        self.book().set_game_session(id);
        // it is full only when the same was said again and again
        let _ = self.say.try_send(Say::GameSession(id.to_owned()));
    }

    pub(crate) async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        // no timer here, because the caller may be on another executor: the task keeps to its own limit
        if self.say.send(Say::Stop(done)).await.is_ok() {
            let _ = ended.await;
        }
    }
}

fn locked(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until it is stopped, or the last handle is dropped.
async fn run(parameters: MetricsParameters, book: Arc<Mutex<Book>>, mut said: mpsc::Receiver<Say>) {
    let mut tick = tokio::time::interval(parameters.flush_interval);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let reporter = Reporter::start(&parameters);
    let mut collector = Collector::new(parameters);
    reporter.say("register", None);
    let stopped = loop {
        tokio::select! {
            _ = tick.tick() => {
                let lines = locked(&book).take(true);
                collector.send(lines).await;
            }
            said = said.recv() => match said {
                Some(Say::GameSession(id)) => reporter.say("update", Some(&id)),
                Some(Say::Stop(done)) => break Some(done),
                None => break None,
            },
        }
    };
    let lines = locked(&book).take(false);
    let ending = async {
        collector.send(lines).await;
        reporter.end().await;
    };
    let _ = timeout(GOODBYE, ending).await;
    if let Some(done) = stopped {
        let _ = done.send(());
    }
}

/// The `StatsD` collector.
struct Collector {
    parameters: MetricsParameters,
    client: Option<StatsdClient>,
}

/// A time that is not cut to whole milliseconds.
struct Millis(f64);

impl ToTimerValue for Millis {
    fn try_to_value(self) -> cadence::MetricResult<MetricValue> {
        Ok(MetricValue::Float(self.0))
    }
}

impl Collector {
    fn new(parameters: MetricsParameters) -> Self {
        Self {
            parameters,
            client: None,
        }
    }

    /// Sends packets as full as they may be. What the network does not take is lost, as UDP is.
    async fn send(&mut self, lines: Vec<Line>) {
        if self.client.is_none() {
            self.client = match self.connect().await {
                Ok(client) => Some(client),
                Err(error) => return tracing::debug!(%error, "metrics cannot be sent"),
            };
        }
        let Some(client) = &self.client else { return };
        for line in &lines {
            match line.measured {
                Measured::Gauge(value) => emit(client.gauge_with_tags(&line.name, value), line),
                Measured::Count(value) => emit(client.count_with_tags(&line.name, value), line),
                Measured::Millis(value) => emit(client.time_with_tags(&line.name, Millis(value)), line),
            }
        }
        if let Err(error) = client.flush() {
            tracing::debug!(%error, "metrics were lost");
        }
    }

    async fn connect(&self) -> io::Result<StatsdClient> {
        let MetricsParameters {
            statsd_host,
            statsd_port,
            max_packet_size,
            ..
        } = &self.parameters;
        let looked_up = tokio::net::lookup_host((statsd_host.as_str(), *statsd_port));
        let found: Vec<SocketAddr> = timeout(GOODBYE, looked_up).await??.collect();
        // collectors listen on IPv4 first of all
        let to = found.iter().find(|address| address.is_ipv4()).or(found.first());
        let to = *to.ok_or_else(|| io::Error::other("the host has no address"))?;
        let from = if to.is_ipv4() {
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
        } else {
            SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
        };
        let socket = UdpSocket::bind(from)?;
        socket.set_nonblocking(true)?;
        let sink = BufferedUdpMetricSink::with_capacity(to, socket, *max_packet_size).map_err(io::Error::other)?;
        Ok(StatsdClient::from_sink("", sink))
    }
}

fn emit<'a, T: cadence::Metric + From<String>>(mut metric: MetricBuilder<'a, 'a, T>, line: &'a Line) {
    for (key, value) in &line.tags {
        metric = metric.with_tag(key, value);
    }
    if line.rate < 1.0 {
        metric = metric.with_sampling_rate(line.rate);
    }
    metric.send();
}

/// The crash reporter, which hears of this process in order: one GET after the other.
struct Reporter {
    queue: mpsc::Sender<String>,
    task: JoinHandle<()>,
}

impl Reporter {
    fn start(parameters: &MetricsParameters) -> Self {
        let (host, port) = (parameters.crash_reporter_host.clone(), parameters.crash_reporter_port);
        let (queue, mut waiting) = mpsc::channel(REPORTS);
        let task = tokio::spawn(async move {
            while let Some(target) = waiting.recv().await {
                let url = HttpUrl {
                    host: host.clone(),
                    port,
                    target,
                    authorization: None,
                };
                if let Err(cause) = http::get(&url).await {
                    tracing::debug!(%cause, "the crash reporter does not hear of this process");
                }
            }
        });
        Self { queue, task }
    }

    fn say(&self, what: &str, game_session_id: Option<&str>) {
        let mut target = format!("/{what}?process_pid={}", std::process::id());
        if let Some(id) = game_session_id {
            // as the official SDKs write it: what an ARN has needs no escape
            if !id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":/-_.".contains(&byte))
            {
                return;
            }
            target.push_str("&session_id=");
            target.push_str(id);
        }
        if self.queue.try_send(target).is_err() {
            tracing::debug!(what, "too much waits for the crash reporter");
        }
    }

    /// Says that the process ends well, after everything that waits.
    async fn end(self) {
        self.say("deregister", None);
        let Self { queue, task } = self;
        drop(queue);
        let _ = task.await;
    }
}
