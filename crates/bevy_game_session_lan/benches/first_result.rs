//! How long a player waits for the first result of a search, beside the round trip it rests on and the fixed windows of
//! others. Without `--bench` it makes one search and no figures.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use bevy_game_session_lan::{Lan, LanConfig, LanDoor};
use futures_lite::future::block_on;
use game_session_protocol::{
    CreateGameSession, FindGameSessions, HostEvent, Progress, ReadyProcess, SessionHost as _, SessionService as _,
};

type Figures = Vec<Duration>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = if std::env::args().any(|argument| argument == "--bench") {
        100
    } else {
        1
    };
    let group = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let config = || {
        LanConfig::new("bench", LanDoor::Open)
            .on_loopback()
            .group_port(group)
            .door_ports(0..=0)
    };
    let lan = Lan::new(config())?;
    let host = lan.host();
    block_on(async {
        host.ready(ReadyProcess {
            port: 7777,
            log_paths: vec![],
        })
        .await?;
        let seat = lan
            .service()
            .create(CreateGameSession::new("bench", 4, "dev".parse()?), Progress::ignored());
        let HostEvent::GameSessionStarted(session) = std::future::poll_fn(|cx| host.poll_event(cx)).await else {
            return Err("no game session started".into());
        };
        host.activate(session.id).await?;
        seat.await?;
        Ok::<_, Box<dyn std::error::Error>>(())
    })?;

    let floor = round_trips(rounds)?;
    let mut first = Figures::new();
    for _ in 0..rounds {
        // A player who never searched: thread, sockets and all are new.
        let player = Lan::new(config())?;
        let service = player.service();
        let asked = Instant::now();
        let page = block_on(service.find(FindGameSessions::default()))?;
        first.push(asked.elapsed());
        assert_eq!(page.game_sessions.len(), 1, "the host is found by the first page");
    }
    if rounds > 1 {
        println!("time to the first result of a search, {rounds} times, host and player in one process");
        print("round trip of 1200 bytes over loopback UDP", floor);
        print("first page of LanService::find", first);
        println!(
            "{:<46} within 21.7 ms beside the round trip",
            "aim: a frame of 60 Hz and 5 ms"
        );
        println!("{:<46} 5000 ms always", "a search that waits its window (5 s, Unreal)");
    }
    Ok(())
}

/// What the search rests on: a datagram of its size there and back between two threads.
fn round_trips(rounds: usize) -> std::io::Result<Figures> {
    let (near, far) = (
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
        UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?,
    );
    for socket in [&near, &far] {
        socket.set_read_timeout(Some(Duration::from_secs(10)))?;
    }
    let at = far.local_addr()?;
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let mut buffer = [0; 1200];
        for _ in 0..rounds {
            let (length, from) = far.recv_from(&mut buffer)?;
            far.send_to(&buffer[..length], from)?;
        }
        Ok(())
    });
    let mut buffer = [0; 1200];
    let mut times = Figures::new();
    for _ in 0..rounds {
        let asked = Instant::now();
        near.send_to(&buffer, at)?;
        near.recv_from(&mut buffer)?;
        times.push(asked.elapsed());
    }
    echo.join().map_err(|_| std::io::Error::other("the echo panicked"))??;
    Ok(times)
}

fn print(what: &str, mut times: Figures) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    println!("{what:<46} median {:.3} ms, 99 of 100 within {:.3} ms", at(50), at(99));
}
