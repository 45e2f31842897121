//! What the server's transport dropped, counted and never logged per packet.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bevy_ecs::prelude::*;

/// What the server's transport dropped since the app began. Datagrams that netcode itself cannot authenticate are
/// dropped before they can be counted here.
#[derive(Resource, Debug, Clone, Default)]
pub struct ServerTraffic(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    malformed: AtomicU64,
    out_of_place: AtomicU64,
    turned_away: AtomicU64,
    dropped: AtomicU64,
}

impl ServerTraffic {
    /// Payloads of authenticated clients that were no frame of this transport.
    pub fn malformed(&self) -> u64 {
        self.0.malformed.load(Ordering::Relaxed)
    }

    /// Frames of clients that were not admitted (any more), or that only a server sends.
    pub fn out_of_place(&self) -> u64 {
        self.0.out_of_place.load(Ordering::Relaxed)
    }

    /// Connections cut at once because the game's loop did not keep up.
    pub fn turned_away(&self) -> u64 {
        self.0.turned_away.load(Ordering::Relaxed)
    }

    /// Packets of admitted players, in either direction, for which there was no room between thread and game.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn count_dropped(&self, packets: u64) {
        self.0.dropped.fetch_add(packets, Ordering::Relaxed);
    }

    pub(crate) fn count_malformed(&self) {
        self.0.malformed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_out_of_place(&self) {
        self.0.out_of_place.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_turned_away(&self) {
        self.0.turned_away.fetch_add(1, Ordering::Relaxed);
    }
}
