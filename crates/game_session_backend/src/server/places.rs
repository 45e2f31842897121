//! How many connections there may be, in all and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::addresses::client_of;
use crate::config::{BehindProxy, Limits};
use crate::locks::locked;

/// How many connections there may be.
pub(super) struct Places {
    all: Arc<Semaphore>,
    /// By client, as `client_of` tells them apart.
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most_per_address: Option<usize>,
}

/// One connection's place; dropping it frees it.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Places {
    /// Behind a proxy all come from one address, and addresses are not told apart.
    pub(super) fn new(limits: &Limits, behind_proxy: BehindProxy) -> Self {
        let all = Arc::new(Semaphore::new(limits.connections));
        Self {
            all,
            by_address: Arc::default(),
            most_per_address: match behind_proxy {
                BehindProxy::No => Some(limits.connections_per_address),
                BehindProxy::Yes => None,
            },
        }
    }

    pub(super) fn take(&self, address: IpAddr) -> Option<Place> {
        let address = client_of(address);
        let permit = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut by_address = locked(&self.by_address);
        let count = by_address.entry(address).or_default();
        if self.most_per_address.is_some_and(|most| *count >= most) && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place {
            _permit: permit,
            address,
            by_address: Arc::clone(&self.by_address),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = locked(&self.by_address);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_place_is_given_back_and_behind_a_proxy_addresses_are_not_told_apart() {
        let limits = Limits::default().connections_per_address(1);
        let places = Places::new(&limits, BehindProxy::No);
        let stranger = "192.0.2.1".parse().unwrap();
        let first = places.take(stranger);
        assert!(first.is_some() && places.take(stranger).is_none());
        drop(first);
        assert!(places.take(stranger).is_some());
        assert!(locked(&places.by_address).is_empty());
        let network: [IpAddr; 3] = ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|it| it.parse().unwrap());
        let first = places.take(network[0]);
        assert!(
            first.is_some() && places.take(network[1]).is_none(),
            "one /64 is one client"
        );
        assert!(places.take(network[2]).is_some());
        let proxied = Places::new(&limits, BehindProxy::Yes);
        let held = [proxied.take(stranger), proxied.take(stranger)];
        assert!(held.iter().all(Option::is_some));
    }
}
