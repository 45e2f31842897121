//! Rows that all instances of the function share, in one DynamoDB table: the only file that knows DynamoDB.
//!
//! A row is `{pk, text | sum, until_ms, ttl}`, and `{list, due_ms}` besides where it is on a list. `until_ms` is when it ends, by the backend's clock; `ttl` (seconds) lets
//! DynamoDB clear it away some time later, so a row that ended may still be there and does not count. Every write is
//! conditional: whoever comes first wins, on whatever instance. Rows of a list are replaced and removed by whoever comes
//! last; they are found through a sparse index, a moment late.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use game_session_backend::Clock;
use game_session_backend::shared_state::{Entry, Listed, SharedState, SharedStateError, Stored};

/// The index over `list` and `due_ms`, with all attributes.
pub const LIST_INDEX: &str = "by-list";

/// What DynamoDB may take longer to clear rows away than they live, in seconds.
const TTL_SLACK: u64 = 60 * 60;
/// A counter whose window changes hands under a count is tried again so often.
const TRIES: usize = 5;

type Item = HashMap<String, AttributeValue>;

/// [`SharedState`] in a DynamoDB table with the partition key `pk` (a string), no sort key, `ttl` as its time to live, and
/// the index [`LIST_INDEX`] with the keys `list` (a string) and `due_ms` (a number). Cheap to clone.
#[derive(Debug, Clone)]
pub struct DynamoRows {
    client: Client,
    table: String,
    clock: Clock,
}

impl DynamoRows {
    /// The rows in this table. Makes no call yet.
    pub fn new(client: Client, table: impl Into<String>, clock: Clock) -> Self {
        Self {
            client,
            table: table.into(),
            clock,
        }
    }

    fn row(&self, key: String, life: Duration) -> (Item, u64) {
        let now = self.clock.now_ms();
        let until = now.saturating_add(life.as_millis().try_into().unwrap_or(u64::MAX));
        let item = [
            ("pk", AttributeValue::S(key)),
            ("until_ms", number(until)),
            ("ttl", number((until / 1000).saturating_add(TTL_SLACK))),
        ];
        let item = item.map(|(name, value)| (name.to_owned(), value));
        (item.into_iter().collect(), now)
    }

    async fn live(&self, key: String) -> Result<Option<Item>, SharedStateError> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(key))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let now = self.clock.now_ms();
        Ok(answer.item.filter(|item| number_of(item, "until_ms") > now))
    }

    async fn put(&self, key: String, text: String, life: Duration) -> Result<String, SharedStateError> {
        let (mut item, now) = self.row(key, life);
        item.insert("text".to_owned(), AttributeValue::S(text.clone()));
        match self.put_if_over(item, now).await? {
            None => Ok(text),
            Some(known) => text_of(&known).ok_or_else(foreign),
        }
    }

    /// Writes a row unless a live one is there, and gives that.
    async fn put_if_over(&self, item: Item, now: u64) -> Result<Option<Item>, SharedStateError> {
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk) OR until_ms <= :now")
            .expression_attribute_values(":now", number(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(None),
            Err(SdkError::ServiceError(refused)) if refused.err().is_conditional_check_failed_exception() => {
                match refused.into_err() {
                    aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(refused) => {
                        refused.item.map(Some).ok_or_else(foreign)
                    }
                    _ => Err(foreign()),
                }
            }
            Err(error) => Err(failed(&error)),
        }
    }

    async fn put_listed(&self, row: Listed) -> Result<(), SharedStateError> {
        let (mut item, now) = self.row(row.key, row.life);
        let due = now.saturating_add(row.due_in.as_millis().try_into().unwrap_or(u64::MAX));
        item.insert("text".to_owned(), AttributeValue::S(row.value));
        item.insert("list".to_owned(), AttributeValue::S(row.list.to_owned()));
        item.insert("due_ms".to_owned(), number(due));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(|error| failed(&error))
    }

    async fn remove(&self, key: String) -> Result<(), SharedStateError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete.key("pk", AttributeValue::S(key));
        delete.send().await.map(drop).map_err(|error| failed(&error))
    }

    async fn listed(&self, list: &str, most: u16) -> Result<Vec<Entry>, SharedStateError> {
        let now = self.clock.now_ms();
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(LIST_INDEX)
            .key_condition_expression("#list = :list AND due_ms <= :now")
            .expression_attribute_names("#list", "list")
            .expression_attribute_values(":list", AttributeValue::S(list.to_owned()))
            .expression_attribute_values(":now", number(now))
            .limit(i32::from(most))
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let mut entries = Vec::new();
        for item in answer.items.unwrap_or_default() {
            let (Some(AttributeValue::S(key)), Some(value)) = (item.get("pk"), text_of(&item)) else {
                continue;
            };
            let key = key.clone();
            if number_of(&item, "until_ms") > now {
                entries.push(Entry { key, value });
            } else {
                // It would stand before those that follow until DynamoDB clears it away.
                self.remove_ended(key, now).await?;
            }
        }
        Ok(entries)
    }

    async fn remove_ended(&self, key: String, now: u64) -> Result<(), SharedStateError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete
            .key("pk", AttributeValue::S(key))
            .condition_expression("until_ms <= :now")
            .expression_attribute_values(":now", number(now));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(refused)) if refused.err().is_conditional_check_failed_exception() => Ok(()),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn add(&self, key: String, add: u32, window: Duration) -> Result<u32, SharedStateError> {
        for _ in 0..TRIES {
            let answer = self
                .client
                .update_item()
                .table_name(&self.table)
                .key("pk", AttributeValue::S(key.clone()))
                .update_expression("ADD #sum :add")
                .condition_expression("until_ms > :now")
                .expression_attribute_names("#sum", "sum")
                .expression_attribute_values(":add", number(add.into()))
                .expression_attribute_values(":now", number(self.clock.now_ms()))
                .return_values(ReturnValue::UpdatedNew)
                .send()
                .await;
            match answer {
                Ok(answer) => return Ok(sum_of(&answer.attributes.unwrap_or_default())),
                Err(SdkError::ServiceError(refused)) if refused.err().is_conditional_check_failed_exception() => {}
                Err(error) => return Err(failed(&error)),
            }
            let (mut item, now) = self.row(key.clone(), window);
            item.insert("sum".to_owned(), number(add.into()));
            if self.put_if_over(item, now).await?.is_none() {
                return Ok(add);
            }
        }
        Err(SharedStateError {
            reason: "a counter changes too fast".to_owned(),
        })
    }
}

impl SharedState for DynamoRows {
    fn put_if_absent(&self, key: String, value: String, life: Duration) -> Stored<String> {
        let rows = self.clone();
        Box::pin(async move { rows.put(key, value, life).await })
    }

    fn get(&self, key: String) -> Stored<Option<String>> {
        let rows = self.clone();
        Box::pin(async move { Ok(rows.live(key).await?.as_ref().and_then(text_of)) })
    }

    fn enlist(&self, row: Listed) -> Stored<()> {
        let rows = self.clone();
        Box::pin(async move { rows.put_listed(row).await })
    }

    fn strike(&self, key: String) -> Stored<()> {
        let rows = self.clone();
        Box::pin(async move { rows.remove(key).await })
    }

    fn due(&self, list: &'static str, most: u16) -> Stored<Vec<Entry>> {
        let rows = self.clone();
        Box::pin(async move { rows.listed(list, most).await })
    }

    fn count(&self, key: String, add: u32, window: Duration) -> Stored<u32> {
        let rows = self.clone();
        Box::pin(async move {
            if add == 0 {
                return Ok(rows.live(key).await?.as_ref().map_or(0, sum_of));
            }
            rows.add(key, add, window).await
        })
    }
}

fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn number_of(item: &Item, name: &str) -> u64 {
    match item.get(name) {
        Some(AttributeValue::N(text)) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

fn sum_of(item: &Item) -> u32 {
    u32::try_from(number_of(item, "sum")).unwrap_or(u32::MAX)
}

fn text_of(item: &Item) -> Option<String> {
    match item.get("text") {
        Some(AttributeValue::S(text)) => Some(text.clone()),
        _ => None,
    }
}

fn foreign() -> SharedStateError {
    SharedStateError {
        reason: "the row there is not one of a backend".to_owned(),
    }
}

/// Only what kind of failure it is: the text of AWS may name resources.
fn failed<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> SharedStateError {
    let reason = match error {
        SdkError::TimeoutError(_) => "DynamoDB did not answer in time".to_owned(),
        SdkError::DispatchFailure(_) => "DynamoDB cannot be reached".to_owned(),
        other => format!("DynamoDB refused: {}", other.code().unwrap_or("unknown")),
    };
    SharedStateError { reason }
}
