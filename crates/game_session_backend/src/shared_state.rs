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

const MOST_ROWS: usize = 65_536;

/// What a call comes to.
pub type Stored<T> = BoxedFuture<Result<T, SharedStateError>>;

/// Rows that instances share.
pub trait SharedState: Send + Sync + 'static {
    /// Writes a row unless there is one, and gives what is there then: the first writer wins.
    fn put_if_absent(&self, key: String, value: String, life: Duration) -> Stored<String>;

    /// A row that has not ended.
    fn get(&self, key: String) -> Stored<Option<String>>;

    /// Adds to a counter that begins anew `window` after its first count, and gives its sum; adding 0 only looks.
    fn count(&self, key: String, add: u32, window: Duration) -> Stored<u32>;
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
            }) if *until > now => known.clone(),
            _ => {
                let row = Row {
                    value: Value::Text(value.clone()),
                    until: now + life,
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
            }) if *until > now => Some(known.clone()),
            _ => None,
        })
    }

    fn count(&self, key: String, add: u32, window: Duration) -> Stored<u32> {
        let now = Instant::now();
        self.change(move |rows| {
            let known = match rows.get(&key) {
                Some(Row {
                    value: Value::Sum(sum),
                    until,
                }) if *until > now => Some((*sum, *until)),
                _ => None,
            };
            let (sum, until) = known.unwrap_or((0, now + window));
            let sum = sum.saturating_add(add);
            if add > 0 {
                let value = Value::Sum(sum);
                rows.insert(key, Row { value, until });
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
