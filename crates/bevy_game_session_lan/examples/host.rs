//! Hosts a game session on the network until the standard input ends: something to look at with `avahi-browse`. The session's
//! name is the first argument.

use std::error::Error;
use std::io::Read as _;

use bevy_game_session_lan::{Lan, LanConfig, LanDoor};
use futures_lite::future::block_on;
use game_session_protocol::{CreateGameSession, HostEvent, ReadyProcess, SessionHost as _};

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "a session".into());
    let lan = Lan::new(LanConfig::new("avahi", LanDoor::Open))?;
    let host = lan.host();
    block_on(async {
        host.ready(ReadyProcess {
            port: 7777,
            log_paths: vec![],
        })
        .await?;
        let hosted = lan.host_game_session(CreateGameSession::new(name, 4, "dev".parse()?));
        let HostEvent::GameSessionStarted(session) = std::future::poll_fn(|cx| host.poll_event(cx)).await else {
            return Err("no game session started".into());
        };
        host.activate(session.id).await?;
        println!("hosting {}", hosted.await?);
        Ok::<_, Box<dyn Error>>(())
    })?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    block_on(host.shut_down())?;
    Ok(())
}
