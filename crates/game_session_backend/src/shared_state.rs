//! What instances of a backend share besides GameLift: small rows that end by themselves.
//!
//! A backend of one process keeps them in memory ([`InMemoryState`]); several instances, or a Lambda, want one table
//! for all behind the same trait. Values hold nothing secret: ids in them are sealed.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use game_session_protocol::BoxedFuture;
use tokio::time::Instant;

use crate::locks::locked;

const MOST_ROWS: usize = 262_144;
/// A full memory is searched for rows that have ended no more often.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(1);

/// What a call comes to.
pub type Stored<T> = BoxedFuture<Result<T, SharedStateError>>;

/// Rows that instances share.
pub trait SharedState: Send + Sync + 'static {
    /// Writes a row unless there is one, and gives what is there then: the first writer wins.
    fn put_if_absent(&self, key: String, value: String, life: Duration) -> Stored<String>;

    /// A row that has not ended.
    fn get(&self, key: String) -> Stored<Option<String>>;

    /// Writes a row, whatever is there, and puts it on a list. It is read as any other too.
    fn enlist(&self, row: Listed) -> Stored<()>;

    /// Removes a row, also from its list; one that is not there is no error.
    fn strike(&self, key: String) -> Stored<()>;

    /// The rows of a list that are due and have not ended, those that have been due for longest first, at most so many.
    /// What was written or removed a moment ago may not show yet.
    fn due(&self, list: &'static str, most: u16) -> Stored<Vec<Entry>>;

    /// Adds to a counter that begins anew `window` after its first count, and gives its sum; adding 0 only looks.
    fn count(&self, key: String, add: u32, window: Duration) -> Stored<u32>;
}

/// A row for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Which list.
    pub list: &'static str,
    /// The row's key.
    pub key: String,
    /// What it says.
    pub value: String,
    /// It is due after so long.
    pub due_in: Duration,
    /// It ends after so long.
    pub life: Duration,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The row's key.
    pub key: String,
    /// What it says.
    pub value: String,
}

/// Shared state that cannot be used at the moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the shared state cannot be used: {reason}")]
pub struct SharedStateError {
    /// Why, for the log.
    pub reason: String,
}

/// Rows in the memory of one process. When there are too many, new ones are refused until others end; those that are
/// there can be read and written still.
#[derive(Debug, Default)]
pub struct InMemoryState(Mutex<Rows>);

#[derive(Debug, Default)]
struct Rows {
    by_key: HashMap<String, Row>,
    swept: Option<Instant>,
}

#[derive(Debug)]
struct Row {
    value: Value,
    until: Instant,
    listed: Option<Due>,
}

/// On which list, and from when on.
#[derive(Debug)]
struct Due {
    list: &'static str,
    from: Instant,
}

#[derive(Debug)]
enum Value {
    Text(String),
    Sum(u32),
}

impl Rows {
    fn text(&self, key: &str, now: Instant) -> Option<&String> {
        match self.by_key.get(key) {
            Some(Row {
                value: Value::Text(known),
                until,
                ..
            }) if *until > now => Some(known),
            _ => None,
        }
    }

    /// The sum of a counter, and when it begins anew.
    fn sum(&self, key: &str, now: Instant) -> Option<(u32, Instant)> {
        match self.by_key.get(key) {
            Some(Row {
                value: Value::Sum(sum),
                until,
                ..
            }) if *until > now => Some((*sum, *until)),
            _ => None,
        }
    }

    fn write(&mut self, key: String, row: Row, now: Instant) -> Result<(), SharedStateError> {
        if self.by_key.len() >= MOST_ROWS && !self.by_key.contains_key(&key) && !self.sweep(now) {
            return Err(SharedStateError {
                reason: "there are too many rows".to_owned(),
            });
        }
        self.by_key.insert(key, row);
        Ok(())
    }

    /// Removes the rows that have ended, at most once a second; whether there is room then.
    fn sweep(&mut self, now: Instant) -> bool {
        if self.swept.is_none_or(|at| now - at >= BETWEEN_SWEEPS) {
            self.swept = Some(now);
            self.by_key.retain(|_, row| row.until > now);
        }
        self.by_key.len() < MOST_ROWS
    }
}

impl InMemoryState {
    fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Rows, Instant) -> Result<T, SharedStateError>,
    ) -> Stored<T> {
        let answer = act(&mut locked(&self.0), Instant::now());
        Box::pin(std::future::ready(answer))
    }
}

impl SharedState for InMemoryState {
    fn put_if_absent(&self, key: String, value: String, life: Duration) -> Stored<String> {
        self.with(|rows, now| {
            if let Some(known) = rows.text(&key, now) {
                return Ok(known.clone());
            }
            let row = Row {
                value: Value::Text(value.clone()),
                until: now + life,
                listed: None,
            };
            rows.write(key, row, now)?;
            Ok(value)
        })
    }

    fn get(&self, key: String) -> Stored<Option<String>> {
        self.with(|rows, now| Ok(rows.text(&key, now).cloned()))
    }

    fn enlist(&self, row: Listed) -> Stored<()> {
        self.with(|rows, now| {
            let due = Due {
                list: row.list,
                from: now + row.due_in,
            };
            let entry = Row {
                value: Value::Text(row.value),
                until: now + row.life,
                listed: Some(due),
            };
            rows.write(row.key, entry, now)
        })
    }

    fn strike(&self, key: String) -> Stored<()> {
        self.with(|rows, _| {
            rows.by_key.remove(&key);
            Ok(())
        })
    }

    fn due(&self, list: &'static str, most: u16) -> Stored<Vec<Entry>> {
        self.with(|rows, now| {
            let mut due: Vec<_> = rows
                .by_key
                .iter()
                .filter_map(|(key, row)| match (&row.listed, &row.value) {
                    (Some(due), Value::Text(value)) if due.list == list && due.from <= now && row.until > now => {
                        Some((due.from, key, value))
                    }
                    _ => None,
                })
                .collect();
            due.sort_unstable();
            let entry = |(_, key, value): (Instant, &String, &String)| Entry {
                key: key.clone(),
                value: value.clone(),
            };
            Ok(due.into_iter().take(usize::from(most)).map(entry).collect())
        })
    }

    fn count(&self, key: String, add: u32, window: Duration) -> Stored<u32> {
        self.with(|rows, now| {
            let (sum, until) = rows.sum(&key, now).unwrap_or((0, now + window));
            let sum = sum.saturating_add(add);
            if add > 0 {
                let row = Row {
                    value: Value::Sum(sum),
                    until,
                    listed: None,
                };
                rows.write(key, row, now)?;
            }
            Ok(sum)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    async fn full() -> InMemoryState {
        let state = InMemoryState::default();
        for row in 0..MOST_ROWS {
            state
                .put_if_absent(row.to_string(), "old".to_owned(), MINUTE)
                .await
                .unwrap_or_default();
        }
        state
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_rows_that_ended_make_room() {
        let state = full().await;
        assert!(state.count("one more".into(), 1, MINUTE).await.is_err());
        tokio::time::advance(MINUTE).await;
        assert_eq!(state.count("one more".into(), 1, MINUTE).await, Ok(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_memory_refuses_new_rows_and_nothing_else() {
        let state = full().await;
        let listed = |key: &str| Listed {
            list: "list",
            key: key.to_owned(),
            value: "new".to_owned(),
            due_in: Duration::ZERO,
            life: MINUTE,
        };
        assert_eq!(state.get("7".into()).await, Ok(Some("old".to_owned())));
        assert_eq!(state.get("none".into()).await, Ok(None));
        assert_eq!(state.count("none".into(), 0, MINUTE).await, Ok(0));
        let put = |key: &str| state.put_if_absent(key.to_owned(), "new".to_owned(), MINUTE);
        assert_eq!(put("7").await, Ok("old".to_owned()));
        assert_eq!(state.enlist(listed("7")).await, Ok(()));
        assert_eq!(state.due("list", 10).await.map(|due| due.len()), Ok(1));
        assert!(put("none").await.is_err() && state.enlist(listed("none")).await.is_err());
        assert_eq!(state.strike("8".into()).await, Ok(()));
        assert_eq!(
            put("none").await,
            Ok("new".to_owned()),
            "a row that was struck makes room"
        );
    }
}
