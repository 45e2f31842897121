//! DNS-SD: game sessions announced to any browser of services, and announcements heard. The one file that knows `mdns-sd`.
//!
//! Names and keys are in `announce.md`. An announcement is only believed to be an address worth asking.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::sync::OnceLock;
use std::time::Duration;

use game_session_protocol::PlayerSessionPolicy;
use mdns_sd::{Receiver, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo};

use crate::id::HostId;
use crate::query::description::Description;
use crate::secret::Lock;

/// The service type under which game sessions are announced.
pub const SERVICE_TYPE: &str = "_bgsession._udp.local.";
/// How long a farewell may take.
const FAREWELL: Duration = Duration::from_millis(250);

/// The announcing and hearing side of DNS-SD; opened when it is first needed.
#[derive(Default)]
pub(crate) struct DnsSd(OnceLock<Option<ServiceDaemon>>);

/// What is announced now.
#[derive(PartialEq, Eq)]
pub(crate) struct Announced(String);

impl DnsSd {
    fn daemon(&self) -> Option<&ServiceDaemon> {
        let open = || match ServiceDaemon::new() {
            Ok(daemon) => Some(daemon),
            Err(error) => {
                tracing::warn!(%error, "no DNS-SD: sessions are found by direct and group queries only");
                None
            }
        };
        self.0.get_or_init(open).as_ref()
    }

    /// Announces, or changes what is announced under the same name.
    pub(crate) fn announce(&self, game: &str, host: HostId, description: &Description) -> Option<Announced> {
        let info = service_of(game, host, description)?;
        let name = info.get_fullname().to_owned();
        match self.daemon()?.register(info) {
            Ok(()) => Some(Announced(name)),
            Err(error) => {
                tracing::debug!(%error, "not announced");
                None
            }
        }
    }

    /// Takes an announcement back, with goodbye packets.
    pub(crate) async fn withdraw(&self, announced: Announced) {
        let Some(daemon) = self.0.get().and_then(Option::as_ref) else {
            return;
        };
        if let Ok(done) = daemon.unregister(&announced.0) {
            let _in_time = tokio::time::timeout(FAREWELL, done.recv_async()).await;
        }
    }

    /// Looks for announcements until dropped.
    pub(crate) fn browse(&self) -> Option<Browse<'_>> {
        let daemon = self.daemon()?;
        let events = daemon.browse(SERVICE_TYPE).ok()?;
        Some(Browse { daemon, events })
    }

    pub(crate) async fn close(&self) {
        if let Some(Ok(done)) = self.0.get().and_then(Option::as_ref).map(ServiceDaemon::shutdown) {
            let _in_time = tokio::time::timeout(FAREWELL, done.recv_async()).await;
        }
    }
}

/// Announcements as they come.
pub(crate) struct Browse<'a> {
    daemon: &'a ServiceDaemon,
    events: Receiver<ServiceEvent>,
}

impl Browse<'_> {
    /// The doors of the next announcement of the game; `None` when there will be no more.
    pub(crate) async fn next(&mut self, game: &str) -> Option<Vec<SocketAddr>> {
        loop {
            let ServiceEvent::ServiceResolved(service) = self.events.recv_async().await.ok()? else {
                continue;
            };
            if service.get_property_val_str("game") == Some(game) {
                let port = service.get_port();
                return Some(service.get_addresses().iter().map(|ip| door(ip, port)).collect());
            }
        }
    }
}

impl Drop for Browse<'_> {
    fn drop(&mut self) {
        let _gone_already = self.daemon.stop_browse(SERVICE_TYPE);
    }
}

fn door(ip: &ScopedIp, port: u16) -> SocketAddr {
    match (ip.to_ip_addr(), ip) {
        (IpAddr::V6(address), ScopedIp::V6(v6)) => {
            let scope = if address.is_unicast_link_local() {
                v6.scope_id().index
            } else {
                0
            };
            SocketAddrV6::new(address, port, 0, scope).into()
        }
        (address, _) => SocketAddr::new(address, port),
    }
}

fn service_of(game: &str, host: HostId, description: &Description) -> Option<ServiceInfo> {
    let host_text = host.to_string();
    let short = host_text.get(..8)?;
    let id = host.session(description.number).to_string();
    let lock = match description.lock {
        Lock::Open => "none",
        Lock::Password => "password",
        Lock::Code => "code",
    };
    let open = match description.policy {
        PlayerSessionPolicy::AcceptAll => "yes",
        PlayerSessionPolicy::DenyAll => "no",
    };
    let (players, max) = (
        description.current_players.to_string(),
        description.max_players.to_string(),
    );
    let name = shortened(&description.name, 200);
    let texts = [
        ("txtvers", "1"),
        ("game", game),
        ("id", &id),
        ("name", &name),
        ("build", description.build.as_str()),
        ("players", &players),
        ("max", &max),
        ("open", open),
        ("lock", lock),
    ];
    let instance = format!("{} ({short})", shortened(&description.name, 48));
    let info = ServiceInfo::new(
        SERVICE_TYPE,
        &instance,
        &format!("bgsession-{short}.local."),
        (),
        description.door,
        &texts[..],
    );
    match info {
        Ok(info) => Some(info.enable_addr_auto()),
        Err(error) => {
            tracing::debug!(%error, "not announced");
            None
        }
    }
}

/// The text cut to so many bytes, between two characters. A label of DNS holds 63.
fn shortened(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_name_is_cut_between_characters(text in any::<String>(), most in 0usize..80) {
            let cut = shortened(&text, most);
            prop_assert!(cut.len() <= most && text.starts_with(&cut));
        }
    }
}
