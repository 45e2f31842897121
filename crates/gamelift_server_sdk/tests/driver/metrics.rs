//! Metrics over real sockets: packets to a collector, words to a crash reporter, both played by the test.

use std::{collections::BTreeSet, time::Duration};

use gamelift_server_sdk::{Metrics, MetricsParameters};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, UdpSocket},
    time::timeout,
};

use super::service::{GAME, LIMIT, Service, event, game_session};

/// A collector and a crash reporter.
struct Beside {
    statsd: UdpSocket,
    reporter: TcpListener,
}

impl Beside {
    async fn start() -> Self {
        Self {
            statsd: UdpSocket::bind(("127.0.0.1", 0)).await.unwrap(),
            reporter: TcpListener::bind(("127.0.0.1", 0)).await.unwrap(),
        }
    }

    fn parameters(&self) -> MetricsParameters {
        MetricsParameters::default()
            .statsd("127.0.0.1", self.statsd.local_addr().unwrap().port())
            .crash_reporter("127.0.0.1", self.reporter.local_addr().unwrap().port())
            .flush_interval(Duration::from_millis(20))
    }

    async fn packet(&self) -> String {
        let mut packet = vec![0; 65_536];
        let length = timeout(LIMIT, self.statsd.recv(&mut packet)).await.unwrap().unwrap();
        packet.truncate(length);
        String::from_utf8(packet).unwrap()
    }

    /// The first line that begins so.
    async fn line(&self, begin: &str) -> String {
        loop {
            let packet = self.packet().await;
            if let Some(line) = packet.lines().find(|line| line.starts_with(begin)) {
                return line.to_owned();
            }
        }
    }

    /// What the crash reporter is asked next.
    async fn report(&self) -> String {
        let (mut stream, _) = timeout(LIMIT, self.reporter.accept()).await.unwrap().unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await.unwrap());
        }
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        let request = String::from_utf8(request).unwrap();
        request.split(' ').nth(1).unwrap().to_owned()
    }
}

#[tokio::test]
async fn up_1_periodic_and_0_at_end() {
    let beside = Beside::start().await;
    let metrics = Metrics::start(beside.parameters()).unwrap();
    let up = format!("server_up:1|g|#process_pid:{}", std::process::id());
    for _ in 0..3 {
        assert_eq!(beside.line("server_up:").await, up);
    }
    let reported = async { [beside.report().await, beside.report().await] };
    let ((), _) = tokio::join!(metrics.stop(), reported);
    assert!(beside.line("server_up:0|g").await.ends_with(&up[13..]));
    metrics.gauge("late").unwrap().set(1.0);
    metrics.stop().await;
}

#[tokio::test]
async fn dropping_the_last_handle_is_stopping() {
    let beside = Beside::start().await;
    let metrics = Metrics::start(beside.parameters()).unwrap();
    beside.line("server_up:1").await;
    drop(metrics);
    beside.line("server_up:0").await;
}

#[tokio::test]
async fn packet_split_at_512() {
    let beside = Beside::start().await;
    let metrics = Metrics::start(beside.parameters()).unwrap();
    let mut expected = BTreeSet::new();
    for number in 0..40 {
        let name = format!("gauge_{number}");
        metrics.gauge(&name).unwrap().set(f64::from(number) + 0.5);
        expected.insert(name);
    }
    while !expected.is_empty() {
        let packet = beside.packet().await;
        assert!(packet.len() <= 512, "{} bytes", packet.len());
        for line in packet.lines() {
            expected.remove(line.split(':').next().unwrap());
        }
    }
    metrics.gauge("long").unwrap();
    let long = metrics.with_tag("long", &"x".repeat(200)).unwrap();
    let long = long.with_tag("longer", &"y".repeat(200)).unwrap();
    long.gauge(&"z".repeat(200)).unwrap().set(1.0);
    let alone = beside.line("zzz").await;
    assert!(alone.len() > 512, "a line is never cut");
}

#[tokio::test]
async fn sampler_rate_suffix() {
    let beside = Beside::start().await;
    let metrics = Metrics::start(beside.parameters().flush_interval(LIMIT)).unwrap();
    beside.line("server_up:1").await;
    let timer = metrics.timer("tick").unwrap().sampled(0.5).unwrap();
    assert!(timer.clone().sampled(0.0).is_err() && timer.clone().percentiles(&[100]).is_err());
    for micros in [250, 1_500, 16_600, 33_000] {
        timer.record(Duration::from_micros(micros));
    }
    let ((), _) = tokio::join!(metrics.stop(), async { [beside.report().await, beside.report().await] });
    let packet = beside.packet().await;
    let ticks: Vec<_> = packet.lines().filter(|line| line.starts_with("tick")).collect();
    let tags = format!("#process_pid:{}", std::process::id());
    assert_eq!(
        ticks,
        [format!("tick:1.5|ms|@0.5|{tags}"), format!("tick:33|ms|@0.5|{tags}")],
        "{packet}"
    );
}

#[tokio::test]
async fn crash_reporter_register_update_deregister() {
    let (beside, service) = (Beside::start().await, Service::start().await);
    let metrics = Metrics::start(beside.parameters()).unwrap();
    let pid = std::process::id();
    assert_eq!(beside.report().await, format!("/register?process_pid={pid}"));
    let (server, mut line) = service.ready().await;
    server.set_metrics(&metrics);
    line.push(game_session()).await;
    event(&server).await;
    assert_eq!(
        beside.report().await,
        format!("/update?process_pid={pid}&session_id={GAME}")
    );
    let tags = format!("gamelift_process_id:proc-1,session_id:{GAME}");
    while !beside.line("server_up:1").await.ends_with(&tags) {}
    let destroyed = async {
        tokio::join!(server.destroy(), line.message()).0.unwrap();
    };
    let ((), report) = tokio::join!(destroyed, beside.report());
    assert_eq!(report, format!("/deregister?process_pid={pid}"));
    beside.line("server_up:0").await;
}

#[tokio::test]
async fn crash_reporter_absent_is_silent() {
    let beside = Beside::start().await;
    let Beside { statsd, reporter } = beside;
    let nobody = reporter.local_addr().unwrap().port();
    drop(reporter);
    let to = statsd.local_addr().unwrap().port();
    let parameters = MetricsParameters::default()
        .statsd("localhost", to)
        .crash_reporter("127.0.0.1", nobody);
    let metrics = Metrics::start(parameters).unwrap();
    let mut packet = [0; 512];
    timeout(LIMIT, statsd.recv(&mut packet)).await.unwrap().unwrap();
    metrics.stop().await;
}

#[test]
fn without_a_runtime_there_are_no_metrics() {
    assert!(Metrics::start(MetricsParameters::default()).is_err());
}
