//! One host in the list: what it said, and the addresses that said it.

use std::net::SocketAddr;
use std::time::Duration;

use super::description::Description;

/// An address that was not heard for so long no longer speaks alone for its host.
const PRIMARY_FOR: Duration = Duration::from_secs(2);
const MOST_ADDRESSES: usize = 4;

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) tags: Vec<[u8; 8]>,
    pub(super) addresses: Vec<Address>,
    pub(super) revision: u32,
    pub(super) parts: Vec<Option<Vec<u8>>>,
    pub(super) known: Option<(u64, Description)>,
    pub(super) heard: Duration,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Address {
    pub(super) at: SocketAddr,
    pub(super) heard: Duration,
    pub(super) round_trip: Duration,
}

impl Entry {
    pub(super) fn new(heard: Duration) -> Self {
        Self {
            tags: Vec::new(),
            addresses: Vec::new(),
            revision: 0,
            parts: Vec::new(),
            known: None,
            heard,
        }
    }

    /// Notes the address; whether what it says counts.
    pub(super) fn may_speak(&mut self, address: Address) -> bool {
        if let Some(at) = self.addresses.iter().position(|known| known.at == address.at) {
            let known = &mut self.addresses[at];
            known.round_trip = if address.heard > known.heard + PRIMARY_FOR {
                address.round_trip
            } else {
                known.round_trip.min(address.round_trip)
            };
            known.heard = address.heard;
            if at > 0 && address.heard > self.addresses[0].heard + PRIMARY_FOR {
                self.addresses.swap(0, at);
                return true;
            }
            return at == 0;
        }
        if self.addresses.len() < MOST_ADDRESSES {
            self.addresses.push(address);
        }
        self.addresses.len() == 1
    }

    /// Those that answer before those that fell silent, and of them IPv4 first: the game's own traffic prefers it. A host
    /// answers from its door's own port, so that no other answerer can say where it is.
    pub(super) fn doors(&self) -> Vec<SocketAddr> {
        let newest = self.addresses.iter().map(|address| address.heard).max();
        let is_silent = |address: &Address| newest.is_some_and(|newest| newest > address.heard + PRIMARY_FOR);
        let mut by_use = self.addresses.clone();
        by_use.sort_by_key(|address| (is_silent(address), address.at.is_ipv6()));
        by_use.into_iter().map(|address| address.at).collect()
    }
}
