//! Memory per connected server process: the growth of the emulator's own process, shared out.

use futures_util::future::join_all;
use tokio_tungstenite::connect_async;

use crate::{Size, process::Processes, served::Served};

pub(crate) async fn measure(size: Size) {
    let emulator = Served::start("emulator");
    // what is needed once is there before it is looked at
    let first = Processes::start(&emulator.host, "first", 8).await;
    let before = emulator.resident();
    let processes = Processes::start(&emulator.host, "idle", size.processes).await;
    report(
        "the emulator (aim: below 20 KiB)",
        size.processes,
        before,
        emulator.resident(),
    );
    drop((first, processes));

    let bare = Served::start("websocket");
    let connect = async |count: usize| {
        let mut sockets = Vec::new();
        for _ in 0..count.div_ceil(50) {
            let url = || connect_async(format!("ws://{}/", bare.host));
            sockets.extend(join_all((0..50.min(count)).map(|_| url())).await);
        }
        sockets
    };
    let first = connect(8).await;
    let before = bare.resident();
    let sockets = connect(size.processes).await;
    report("a bare websocket", sockets.len(), before, bare.resident());
    drop(first);
}

fn report(what: &str, count: usize, before: Option<u64>, after: Option<u64>) {
    match (before, after) {
        (Some(before), Some(after)) => println!(
            "{count} connected server processes, {what}: {:.1} KiB each",
            after.saturating_sub(before) as f64 / count as f64
        ),
        _ => println!("memory of {what}: this system does not tell"),
    }
}
