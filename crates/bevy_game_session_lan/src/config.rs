//! The settings of a LAN.

use std::net::SocketAddr;
use std::ops::RangeInclusive;

use crate::identity::LanIdentity;

/// The UDP port on which hosts hear searches of the whole network.
pub const GROUP_PORT: u16 = 24_771;
/// The ports of which a host's door takes the first free one, TCP and UDP. Open these, [`GROUP_PORT`] and the game's own
/// UDP port in a firewall.
pub const DOOR_PORTS: RangeInclusive<u16> = 24_772..=24_787;

/// Who may knock at the door of listed game sessions without a password; private ones always open to their code alone.
/// There is no default: decide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LanDoor {
    /// Anyone on the network joins. Who listens on the network cannot read the tickets, who answers in the host's place can.
    Open,
    /// Only who was told the join code joins. Without it nobody gets a ticket, and nobody can answer in the host's place.
    JoinCode,
}

/// A bad network, for tests of games: discovery datagrams are lost and doubled on the way out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BadNetwork {
    /// The share that is lost, 0 to 1.
    pub loss: f64,
    /// The share that comes twice, 0 to 1.
    pub duplication: f64,
    /// The same seed loses the same datagrams.
    pub seed: u64,
}

/// The settings of a [`Lan`](crate::Lan).
#[derive(Debug, Clone)]
pub struct LanConfig {
    pub(crate) game: String,
    pub(crate) door: LanDoor,
    pub(crate) identity: LanIdentity,
    pub(crate) direct: Vec<SocketAddr>,
    pub(crate) group: Option<u16>,
    pub(crate) dns_sd: bool,
    pub(crate) loopback: bool,
    pub(crate) ports: RangeInclusive<u16>,
    pub(crate) bad_network: Option<BadNetwork>,
}

impl LanConfig {
    /// Sessions of the named game: 1 to 64 characters, the same in every build; other games are neither seen nor answered.
    ///
    /// Searches go to the whole network, by multicast and broadcast, and to what DNS-SD announces.
    pub fn new(game: impl Into<String>, door: LanDoor) -> Self {
        Self {
            game: game.into(),
            door,
            identity: LanIdentity::random(),
            direct: Vec::new(),
            group: Some(GROUP_PORT),
            dns_sd: true,
            loopback: false,
            ports: DOOR_PORTS,
            bad_network: None,
        }
    }

    /// Who this player is; a new player in every run unless said otherwise.
    #[must_use]
    pub fn identity(mut self, identity: LanIdentity) -> Self {
        self.identity = identity;
        self
    }

    /// Asks these addresses too: the way to hosts where the network blocks multicast and broadcast, or beyond a router. The
    /// port is that of a host's door, by default the first of [`DOOR_PORTS`].
    #[must_use]
    pub fn direct(mut self, doors: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.direct.extend(doors);
        self
    }

    /// Neither sends nor hears searches of the whole network.
    #[must_use]
    pub fn without_group(mut self) -> Self {
        self.group = None;
        self
    }

    /// Neither announces nor looks by DNS-SD.
    #[must_use]
    pub fn without_dns_sd(mut self) -> Self {
        self.dns_sd = false;
        self
    }

    /// The UDP port of searches of the whole network, the same for all players of the game; [`GROUP_PORT`] unless said
    /// otherwise.
    #[must_use]
    pub fn group_port(mut self, port: u16) -> Self {
        self.group = Some(port);
        self
    }

    /// The ports of which a host's door takes the first free one; [`DOOR_PORTS`] unless said otherwise. When none is free,
    /// or for `0..=0`, the system chooses one: searches of the whole network find it all the same.
    #[must_use]
    pub fn door_ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.ports = ports;
        self
    }

    /// This machine alone, without DNS-SD: for tests, and to try a game with itself.
    #[must_use]
    pub fn on_loopback(mut self) -> Self {
        self.loopback = true;
        self.dns_sd = false;
        self
    }

    /// Loses and doubles discovery datagrams.
    #[must_use]
    pub fn bad_network(mut self, bad: BadNetwork) -> Self {
        self.bad_network = Some(bad);
        self
    }
}
