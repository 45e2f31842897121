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

/// Rows in the memory of one process.
#[derive(Debug, Default)]
pub struct InMemoryState(Mutex<HashMap<String, Row>>);

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

impl InMemoryState {
    fn change<T: Send + 'static>(&self, act: impl FnOnce(&mut HashMap<String, Row>) -> T) -> Stored<T> {
        let now = Instant::now();
        let mut rows = locked(&self.0);
        if rows.len() >= MOST_ROWS {
            rows.retain(|_, row| row.until > now);
        }
        let full = rows.len() >= MOST_ROWS;
        let answer = if full {
            Err(SharedStateError {
                reason: "there are too many rows".to_owned(),
            })
        } else {
            Ok(act(&mut rows))
        };
        Box::pin(std::future::ready(answer))
    }
}

impl SharedState for InMemoryState {
    fn put_if_absent(&self, key: String, value: String, life: Duration) -> Stored<String> {
        let now = Instant::now();
        self.change(move |rows| match rows.get(&key) {
            Some(Row {
                value: Value::Text(known),
                until,
                ..
            }) if *until > now => known.clone(),
            _ => {
                let row = Row {
                    value: Value::Text(value.clone()),
                    until: now + life,
                    listed: None,
                };
                rows.insert(key, row);
                value
            }
        })
    }

    fn get(&self, key: String) -> Stored<Option<String>> {
        let now = Instant::now();
        self.change(move |rows| match rows.get(&key) {
            Some(Row {
                value: Value::Text(known),
                until,
                ..
            }) if *until > now => Some(known.clone()),
            _ => None,
        })
    }

    fn enlist(&self, row: Listed) -> Stored<()> {
        let now = Instant::now();
        self.change(move |rows| {
            let due = Due {
                list: row.list,
                from: now + row.due_in,
            };
            let entry = Row {
                value: Value::Text(row.value),
                until: now + row.life,
                listed: Some(due),
            };
            rows.insert(row.key, entry);
        })
    }

    fn strike(&self, key: String) -> Stored<()> {
        locked(&self.0).remove(&key);
        Box::pin(std::future::ready(Ok(())))
    }

    fn due(&self, list: &'static str, most: u16) -> Stored<Vec<Entry>> {
        let now = Instant::now();
        let rows = locked(&self.0);
        let mut due: Vec<_> = rows
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
        let entries = due.into_iter().take(usize::from(most)).map(entry).collect();
        Box::pin(std::future::ready(Ok(entries)))
    }

    fn count(&self, key: String, add: u32, window: Duration) -> Stored<u32> {
        let now = Instant::now();
        self.change(move |rows| {
            let known = match rows.get(&key) {
                Some(Row {
                    value: Value::Sum(sum),
                    until,
                    ..
                }) if *until > now => Some((*sum, *until)),
                _ => None,
            };
            let (sum, until) = known.unwrap_or((0, now + window));
            let sum = sum.saturating_add(add);
            if add > 0 {
                let value = Value::Sum(sum);
                let listed = None;
                rows.insert(key, Row { value, until, listed });
            }
            sum
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_and_rows_that_ended_make_room() {
        let state = InMemoryState::default();
        for row in 0..MOST_ROWS {
            state
                .put_if_absent(row.to_string(), String::new(), MINUTE)
                .await
                .unwrap_or_default();
        }
        assert!(state.count("one more".into(), 1, MINUTE).await.is_err());
        tokio::time::advance(MINUTE).await;
        assert_eq!(state.count("one more".into(), 1, MINUTE).await, Ok(1));
    }
}
