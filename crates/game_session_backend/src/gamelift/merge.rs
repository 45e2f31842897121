//! Lists of several fleets as one: in one order, page by page, with one page token for all.
//!
//! The token says for each fleet that has more which of its pages is being read and how many of that page are used up.
//! A fleet that is not in it is read to its end.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::{GameSessionRecord, RecordPage};

/// How far one fleet's list is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Which fleet.
    pub(super) of: String,
    /// The token of the page that is being read; none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) page: Option<String>,
    /// How many of that page are used up.
    #[serde(default)]
    pub(super) used: usize,
}

impl Cursor {
    pub(super) fn start(of: String) -> Self {
        Self {
            of,
            page: None,
            used: 0,
        }
    }
}

/// The cursors of a page token; `None` when it is not one.
pub(super) fn read(token: &str) -> Option<Vec<Cursor>> {
    serde_json::from_str(token).ok()
}

/// The next records of all fleets, at most `limit`, and the token for more. A fleet whose page is used up and that has
/// another one ends it: what comes next may be there.
pub(super) fn merge(pages: Vec<(Cursor, RecordPage)>, sort: &str, limit: usize) -> RecordPage {
    let mut lanes: Vec<Lane> = pages.into_iter().map(Lane::new).collect();
    let mut records = Vec::new();
    while records.len() < limit && !lanes.iter().any(Lane::is_between_pages) {
        let heads = lanes
            .iter()
            .enumerate()
            .filter_map(|(at, lane)| Some((at, lane.head()?)));
        // Of equal ones the first fleet's comes first, as `min_by` has it.
        let Some((at, _)) = heads.min_by(|(_, one), (_, other)| compare(sort, one, other)) else {
            break;
        };
        records.extend(lanes[at].take());
    }
    let more: Vec<Cursor> = lanes.into_iter().filter_map(Lane::rest).collect();
    RecordPage {
        records,
        next_token: (!more.is_empty())
            .then(|| serde_json::to_string(&more).expect("a list of strings and numbers always serialises")),
    }
}

struct Lane {
    cursor: Cursor,
    page: Vec<Option<GameSessionRecord>>,
    next: Option<String>,
}

impl Lane {
    fn new((cursor, page): (Cursor, RecordPage)) -> Self {
        Self {
            cursor,
            page: page.records.into_iter().map(Some).collect(),
            next: page.next_token,
        }
    }

    fn head(&self) -> Option<&GameSessionRecord> {
        self.page.get(self.cursor.used)?.as_ref()
    }

    fn take(&mut self) -> Option<GameSessionRecord> {
        let record = self.page.get_mut(self.cursor.used)?.take();
        self.cursor.used += 1;
        record
    }

    fn is_between_pages(&self) -> bool {
        self.cursor.used >= self.page.len() && self.next.is_some()
    }

    /// Where to go on; `None` at the end.
    fn rest(self) -> Option<Cursor> {
        if self.cursor.used < self.page.len() {
            return Some(self.cursor);
        }
        Some(Cursor {
            of: self.cursor.of,
            page: Some(self.next?),
            used: 0,
        })
    }
}

/// GameLift's orders, as far as this backend asks for them.
pub(crate) fn compare(sort: &str, one: &GameSessionRecord, other: &GameSessionRecord) -> Ordering {
    let (operand, direction) = sort.split_once(' ').unwrap_or((sort, "ASC"));
    let order = match operand {
        "playerSessionCount" => one.current_players.cmp(&other.current_players),
        "gameSessionName" => one.name.cmp(&other.name),
        _ => one.created_at_ms.cmp(&other.created_at_ms),
    };
    if direction == "DESC" { order.reverse() } else { order }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::collections::BTreeMap;

    use game_session_protocol::host::SecretText;
    use game_session_protocol::{GameProperties, PlayerSessionPolicy};
    use proptest::prelude::*;

    use super::*;
    use crate::gamelift::GameSessionStatus;

    fn record(name: String, created: u64) -> GameSessionRecord {
        GameSessionRecord {
            arn: format!("arn:aws:gamelift:r::gamesession/{name}").parse().unwrap(),
            status: GameSessionStatus::Active,
            name,
            max_players: 4,
            current_players: 0,
            policy: PlayerSessionPolicy::AcceptAll,
            properties: GameProperties::new(),
            ip_address: None,
            port: None,
            location: None,
            created_at_ms: Some(created),
            session_data: SecretText::new(""),
        }
    }

    /// One page of a fleet, as GameLift would give it.
    fn page(all: &[GameSessionRecord], token: Option<&str>, size: usize) -> RecordPage {
        let from: usize = token.map_or(0, |token| token.parse().unwrap());
        let to = (from + size).min(all.len());
        RecordPage {
            records: all[from..to].to_vec(),
            next_token: (to < all.len()).then(|| to.to_string()),
        }
    }

    proptest! {
        #[test]
        fn all_pages_together_are_all_records_of_all_fleets_once_and_in_order(
            fleets in prop::collection::vec(prop::collection::vec(0..50u64, 0..12), 1..4),
            (size, limit) in (1..6usize, 1..8usize),
        ) {
            let fleets: BTreeMap<String, Vec<_>> = fleets.into_iter().enumerate().map(|(fleet, mut created)| {
                created.sort_unstable_by(|a, b| b.cmp(a));
                let records = created.into_iter().enumerate().map(|(at, created)| record(format!("{fleet}-{at}"), created));
                (fleet.to_string(), records.collect())
            }).collect();
            let mut cursors: Vec<_> = fleets.keys().cloned().map(Cursor::start).collect();
            let mut seen = Vec::new();
            loop {
                let pages = cursors.into_iter().map(|cursor| {
                    let page = page(&fleets[&cursor.of], cursor.page.as_deref(), size);
                    (cursor, page)
                });
                let merged = merge(pages.collect(), "creationTimeMillis DESC", limit);
                prop_assert!(merged.records.len() <= limit);
                seen.extend(merged.records);
                let Some(token) = merged.next_token else { break };
                cursors = read(&token).unwrap();
            }
            prop_assert!(seen.windows(2).all(|pair| pair[0].created_at_ms >= pair[1].created_at_ms));
            let mut names: Vec<_> = seen.iter().map(|record| &record.name).collect();
            names.sort();
            names.dedup();
            prop_assert_eq!((names.len(), seen.len()), {
                let all = fleets.values().map(Vec::len).sum();
                (all, all)
            });
        }
    }
}
