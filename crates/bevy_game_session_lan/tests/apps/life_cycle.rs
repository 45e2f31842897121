//! The client's life-cycle suite, unchanged, over a LAN's sockets.

use std::net::{Ipv4Addr, UdpSocket};

use bevy_app::prelude::*;
use bevy_game_session_client::{SessionClientPlugin, TravelPolicy};
use bevy_game_session_lan::{Lan, LanConfig, LanDoor, LanHost};
use futures_lite::future::block_on;
use game_session_protocol::{ReadyProcess, SessionHost as _};

use super::common::app_with;
use crate::suite::{Orchestrator, life_cycle};

struct OverLan {
    group: u16,
    owner: Lan,
}

fn config(group: u16) -> LanConfig {
    LanConfig::new("apps", LanDoor::Open)
        .on_loopback()
        .group_port(group)
        .door_ports(0..=0)
}

/// An app of a player on the network.
fn player(lan: &Lan) -> App {
    app_with(SessionClientPlugin::lan_only(lan.service()).travel(TravelPolicy::Manual))
}

pub(super) fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

impl Orchestrator for OverLan {
    type Host = LanHost;

    fn new() -> Self {
        let group = free_port();
        Self {
            group,
            owner: Lan::new(config(group)).unwrap(),
        }
    }

    fn host(&self) -> LanHost {
        let host = self.owner.host();
        block_on(host.ready(ReadyProcess {
            port: free_port(),
            log_paths: vec![],
        }))
        .unwrap();
        host
    }

    fn owner(&self) -> App {
        player(&self.owner)
    }

    fn guest(&self) -> App {
        player(&Lan::new(config(self.group)).unwrap())
    }
}

life_cycle!(OverLan);
