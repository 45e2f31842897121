//! Three hosts and two players in network namespaces on one bridge, with losses and doublings; on machines that do not allow
//! namespaces, on loopback alone: nothing reaches the network of a developer.
//!
//! The hosts are processes of this same file. The second host has two interfaces on the bridge, and IPv6.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bevy_game_session_lan::{BadNetwork, Lan, LanConfig, LanDoor};
use futures_lite::future::block_on;
use game_session_protocol::{
    CreateGameSession, FindGameSessions, HostEvent, JoinGameSession, Progress, ReadyProcess, SessionHost as _,
    SessionService as _,
};

const HOSTS: [&str; 3] = ["twin", "twin", "third"];
const SEARCHES: usize = 20;
/// The most searches of a second, one after another, until all hosts are in the list: one, but for very bad luck.
const MOST_SECONDS: usize = 10;
/// In the environment of the processes on loopback: the port of their group.
const LOOPBACK: &str = "LAN_TEST_LOOPBACK_GROUP";

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["role", "host", name, seed] => host(name, seed.parse().unwrap()),
        ["role", "player", seed] => player(seed.parse().unwrap()),
        ["role", "player-by-dns-sd"] => player_by_dns_sd(),
        // What a runner of tests asks a test for.
        _ if arguments.contains(&"--list") => {}
        _ => everything(),
    }
}

fn config(seed: u64) -> LanConfig {
    let config = LanConfig::new("namespaces", LanDoor::Open).bad_network(BadNetwork {
        loss: 0.2,
        duplication: 0.1,
        seed,
    });
    match std::env::var(LOOPBACK) {
        Ok(group) => config
            .on_loopback()
            .group_port(group.parse().unwrap())
            .door_ports(0..=0),
        Err(_) => config,
    }
}

/// Hosts until its standard input ends.
fn host(name: &str, seed: u64) {
    let lan = Lan::new(config(seed)).unwrap();
    let host = lan.host();
    block_on(host.ready(ReadyProcess {
        port: 7777,
        log_paths: vec![],
    }))
    .unwrap();
    let seat = lan.host_game_session(CreateGameSession::new(name, 100, "dev".parse().unwrap()));
    let event = block_on(std::future::poll_fn(|cx| host.poll_event(cx)));
    let HostEvent::GameSessionStarted(session) = event else {
        panic!("{event:?}")
    };
    block_on(host.activate(session.id)).unwrap();
    println!("{}", block_on(seat).unwrap());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    block_on(host.shut_down()).unwrap();
}

/// Searches anew again and again, joins every host it found, and says what it saw.
fn player(seed: u64) {
    let mut found = BTreeSet::new();
    for search in 0..SEARCHES as u64 {
        let lan = Lan::new(config(seed * 1000 + search).without_dns_sd()).unwrap();
        let began = Instant::now();
        let mut listed = BTreeSet::new();
        let (mut query, mut seconds) = (FindGameSessions::default(), 0);
        while listed.len() < HOSTS.len() && seconds <= MOST_SECONDS {
            seconds += usize::from(query.page.is_none());
            let page = block_on(lan.service().find(query.clone())).unwrap();
            let ids: BTreeSet<_> = page.game_sessions.iter().map(|found| found.id.clone()).collect();
            assert_eq!(ids.len(), page.game_sessions.len(), "no host is listed twice");
            listed.extend(ids);
            query.page = page.next_page;
        }
        println!("searched {} {seconds} {}", listed.len(), began.elapsed().as_micros());
        found.extend(listed);
        if search == 0 {
            for id in &found {
                let seat = block_on(lan.service().join(
                    JoinGameSession::new(id.clone(), "dev".parse().unwrap()),
                    Progress::ignored(),
                ));
                let seat = seat.unwrap();
                println!("joined {} at {}", seat.game_session.name, seat.address);
            }
        }
    }
    for id in &found {
        println!("found {id}");
    }
}

/// Finds by announcements alone.
fn player_by_dns_sd() {
    let lan = Lan::new(LanConfig::new("namespaces", LanDoor::Open).without_group()).unwrap();
    let began = Instant::now();
    let mut most = 0;
    while most < HOSTS.len() && began.elapsed() < Duration::from_mins(1) {
        let page = block_on(lan.service().find(FindGameSessions::default())).unwrap();
        most = most.max(page.game_sessions.len());
    }
    println!("announced {most}");
}

fn everything() {
    let stage = Stage::build();
    println!(
        "stage: {}",
        if stage.real {
            "network namespaces on one bridge"
        } else {
            "loopback"
        }
    );
    let mut hosts: Vec<_> = HOSTS
        .iter()
        .zip(1..)
        .map(|(name, number)| stage.start(number, &["role", "host", name, &number.to_string()]))
        .collect();
    let ids: BTreeSet<_> = hosts.iter_mut().map(Running::line).collect();
    assert_eq!(ids.len(), HOSTS.len(), "every host has an id of its own");
    for number in [4, 5] {
        let said = stage.start(number, &["role", "player", &number.to_string()]).said();
        let found: BTreeSet<_> = said
            .iter()
            .filter_map(|line| line.strip_prefix("found "))
            .map(str::to_owned)
            .collect();
        assert_eq!(found, ids, "player {number} found every host and nobody else: {said:?}");
        assert_eq!(
            said.iter().filter(|line| line.starts_with("joined ")).count(),
            HOSTS.len(),
            "{said:?}"
        );
        let searches: Vec<(usize, f64)> = said
            .iter()
            .filter_map(|line| line.strip_prefix("searched 3 ")?.split_once(' '))
            .map(|(seconds, micros)| (seconds.parse().unwrap(), micros.parse::<f64>().unwrap() / 1000.0))
            .collect();
        assert_eq!(searches.len(), SEARCHES, "every search found all: {said:?}");
        assert!(
            searches.iter().all(|(seconds, _)| *seconds <= MOST_SECONDS),
            "{searches:?}"
        );
        let mut times: Vec<_> = searches.iter().map(|(_, time)| *time).collect();
        times.sort_by(f64::total_cmp);
        let within = times.iter().filter(|time| **time <= 1000.0).count();
        println!(
            "player {number}: {SEARCHES} searches found all 3 hosts at 20 % loss, {within} of them within a second; \
             milliseconds: {times:.1?}"
        );
        said.iter()
            .filter(|line| line.starts_with("joined "))
            .for_each(|line| println!("player {number} {line}"));
    }
    if stage.real {
        let said = stage.start(5, &["role", "player-by-dns-sd"]).said();
        assert_eq!(said, ["announced 3"], "the announcements lead to every host");
    }
    drop(hosts);
    println!("\ntest result: ok. 1 passed; 0 failed");
}

/// Namespaces 1 to 5 on one bridge, or none.
struct Stage {
    real: bool,
    tag: String,
    group: u16,
}

impl Stage {
    fn build() -> Self {
        let mut stage = Self {
            real: true,
            tag: format!("l{}", std::process::id() % 100_000),
            group: free_port(),
        };
        if let Err(why) = stage.lay() {
            println!("no network namespaces here ({why})");
            stage.clear();
            stage.real = false;
        }
        stage
    }

    fn space(&self, number: u8) -> String {
        format!("{}n{number}", self.tag)
    }

    /// The bridge is in a namespace of its own, so that nothing of this machine's network changes.
    fn lay(&self) -> Result<(), String> {
        let bridge = self.space(0);
        ip(&["netns", "add", &bridge])?;
        ip(&["-n", &bridge, "link", "add", "br0", "type", "bridge"])?;
        ip(&["-n", &bridge, "link", "set", "br0", "up"])?;
        for number in 1..=5 {
            ip(&["netns", "add", &self.space(number)])?;
            ip(&["-n", &self.space(number), "link", "set", "lo", "up"])?;
            self.plug(number, 0)?;
        }
        // The same host on two interfaces.
        self.plug(2, 1)
    }

    fn plug(&self, number: u8, wire: u8) -> Result<(), String> {
        let (bridge, space) = (self.space(0), self.space(number));
        let (inside, outside) = (format!("eth{wire}"), format!("p{number}w{wire}"));
        ip(&[
            "-n", &bridge, "link", "add", &outside, "type", "veth", "peer", "name", &inside, "netns", &space,
        ])?;
        ip(&["-n", &bridge, "link", "set", &outside, "master", "br0", "up"])?;
        let address = format!("10.77.{wire}.{number}/16");
        ip(&["-n", &space, "addr", "add", &address, "brd", "+", "dev", &inside])?;
        ip(&["-n", &space, "link", "set", &inside, "up"])
    }

    fn start(&self, number: u8, arguments: &[&str]) -> Running {
        let own = std::env::current_exe().unwrap();
        let mut command = if self.real {
            let mut command = Command::new("ip");
            command.args(["netns", "exec", &self.space(number)]).arg(own);
            command
        } else {
            let mut command = Command::new(own);
            command.env(LOOPBACK, self.group.to_string());
            command
        };
        let child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Running { child, lines }
    }

    fn clear(&self) {
        if self.real {
            for number in 0..=5 {
                let _not_there = ip(&["netns", "del", &self.space(number)]);
            }
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.clear();
    }
}

fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let done = Command::new("ip")
        .args(arguments)
        .output()
        .map_err(|error| error.to_string())?;
    if done.status.success() {
        Ok(())
    } else {
        Err(format!(
            "ip {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&done.stderr).trim()
        ))
    }
}

/// A process of this file. Its standard input ends when this is dropped, and so does it.
struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
}

impl Running {
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the process said something");
        line.trim().to_owned()
    }

    fn said(mut self) -> Vec<String> {
        let mut said = String::new();
        self.lines.read_to_string(&mut said).unwrap();
        assert!(self.child.wait().unwrap().success(), "{said}");
        said.lines().map(str::to_owned).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut input) = self.child.stdin.take() {
            let _gone = input.flush();
        }
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(20) {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _gone = self.child.kill();
    }
}
