//! The newest ticket of a seat: who shows a newer one takes the seat over, and nobody comes back with an older one.

/// The most tickets of one millisecond that are told apart.
const MOST_OF_ONE_TIME: usize = 16;

/// The newest ticket of a seat that was shown here. Tickets of the same millisecond are told apart by their client
/// ids, which are new for every ticket; each of them counts once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewestTicket {
    issued_at_ms: u64,
    client_ids: Vec<u64>,
}

impl NewestTicket {
    pub(super) fn new(issued_at_ms: u64, client_id: u64) -> Self {
        Self {
            issued_at_ms,
            client_ids: vec![client_id],
        }
    }

    /// Older than every ticket: a seat that was taken without one.
    pub(super) fn none() -> Self {
        Self {
            issued_at_ms: 0,
            client_ids: Vec::new(),
        }
    }

    /// Whether `other` is the newer ticket; then it is the newest from now on. No ticket at all is never newer.
    pub(super) fn renew(&mut self, other: &Self) -> bool {
        if other.issued_at_ms > self.issued_at_ms {
            *self = other.clone();
            return true;
        }
        let is_new = other.issued_at_ms == self.issued_at_ms
            && self.client_ids.len() < MOST_OF_ONE_TIME
            && !other.client_ids.is_empty()
            && !other.client_ids.iter().any(|id| self.client_ids.contains(id));
        if is_new {
            self.client_ids.extend(&other.client_ids);
        }
        is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_counts_once_and_only_while_no_newer_one_was_shown() {
        let mut newest = NewestTicket::new(5, 1);
        assert!(!newest.renew(&NewestTicket::new(5, 1)), "the same ticket");
        assert!(newest.renew(&NewestTicket::new(5, 2)), "another one of the same time");
        assert!(!newest.renew(&NewestTicket::new(5, 1)));
        assert!(newest.renew(&NewestTicket::new(6, 3)));
        assert!(!newest.renew(&NewestTicket::new(5, 4)), "an older one");
    }

    #[test]
    fn no_ticket_takes_nothing_over() {
        assert!(!NewestTicket::none().renew(&NewestTicket::none()));
        assert!(!NewestTicket::new(5, 1).renew(&NewestTicket::none()));
    }

    #[test]
    fn the_tickets_of_one_time_are_bounded() {
        let mut newest = NewestTicket::none();
        let renewed = (1..100).filter(|id| newest.renew(&NewestTicket::new(0, *id))).count();
        assert_eq!(renewed, MOST_OF_ONE_TIME);
    }
}
