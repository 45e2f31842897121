//! Complete flows: `CreateGameSession`, the push, `ActivateGameSession` and its reply, `CreatePlayerSession`.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
};

use crate::{
    Size,
    http::Caller,
    process::Processes,
    served::{Served, busy},
};

/// Callers at the same time.
const CALLERS: usize = 16;
const CREATE: &str = r#"{"FleetId":"fleet-local","Location":"custom-local","MaximumPlayerSessionCount":4}"#;

pub(crate) async fn measure(size: Size) {
    let emulator = Served::start("emulator");
    let mut best = 0.0_f64;
    for round in 1..=size.rounds {
        let processes = Processes::start(&emulator.host, &format!("round-{round}"), size.flows).await;
        let before = (emulator.busy(), busy("self"));
        let took = run(&emulator.host, processes).await;
        let each = |before: Option<Duration>, after: Option<Duration>| {
            let busy = after.unwrap_or_default().saturating_sub(before.unwrap_or_default());
            busy.as_secs_f64() * 1e6 / size.flows as f64
        };
        let rate = size.flows as f64 / took.as_secs_f64();
        best = best.max(rate);
        println!(
            "{} flows create -> activate -> player session: {rate:.0} per second; processor time of one: emulator \
             {:.0} us, load generator {:.0} us",
            size.flows,
            each(before.0, emulator.busy()),
            each(before.1, busy("self"))
        );
    }
    println!(
        "best of {} rounds: {best:.0} flows per second (aim: 3000, load generator on the same two cores)",
        size.rounds
    );
}

/// Every process gets one game session and activates it, and one player gets a seat; how long that took.
async fn run(host: &str, processes: Processes) -> Duration {
    let count = processes.0.len();
    let (active, activated) = mpsc::unbounded_channel::<String>();
    let mut playing = JoinSet::new();
    for mut process in processes.0 {
        let active = active.clone();
        playing.spawn(async move {
            let id = process.play().await;
            active.send(id).unwrap();
            process
        });
    }
    let activated = Arc::new(Mutex::new(activated));
    let mut calling = JoinSet::new();
    let started = Instant::now();
    for caller in 0..CALLERS {
        let (host, activated) = (host.to_owned(), Arc::clone(&activated));
        calling.spawn(async move {
            let mut http = Caller::connect(&host).await;
            for _ in (caller..count).step_by(CALLERS) {
                http.call("CreateGameSession", CREATE).await;
                let id = activated.lock().await.recv().await.unwrap();
                let join = format!(r#"{{"GameSessionId":"{id}","PlayerId":"ann"}}"#);
                http.call("CreatePlayerSession", &join).await;
            }
        });
    }
    calling.join_all().await;
    let took = started.elapsed();
    for mut process in playing.join_all().await {
        process.end().await;
    }
    took
}
