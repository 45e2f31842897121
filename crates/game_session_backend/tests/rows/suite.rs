//! What shared rows must do, wherever they live. Each home of them runs all of it.

use std::pin::Pin;
use std::time::Duration;

use game_session_backend::shared_state::{Listed, SharedState};

const MINUTE: Duration = Duration::from_mins(1);

/// Rows, and a way to let time pass for them.
pub(crate) struct Stage<'a> {
    pub(crate) rows: &'a dyn SharedState,
    pub(crate) pass: &'a dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()>>>,
}

pub(crate) async fn the_whole_suite(stage: &Stage<'_>) {
    the_first_writer_wins_until_the_row_ends(stage).await;
    of_parallel_writers_one_wins_and_all_hear_the_same(stage).await;
    a_counter_begins_anew_after_its_window_and_a_look_does_not_begin_it(stage).await;
    parallel_counts_are_all_counted(stage).await;
    rows_do_not_know_of_each_other(stage).await;
    a_list_gives_what_is_due_the_longest_due_first_and_no_more_than_was_asked_for(stage).await;
    a_row_of_a_list_is_replaced_struck_and_ended(stage).await;
}

async fn the_first_writer_wins_until_the_row_ends(stage: &Stage<'_>) {
    let put = |value: &str| stage.rows.put_if_absent("row".into(), value.into(), MINUTE);
    assert_eq!(put("a").await, Ok("a".to_owned()));
    assert_eq!(put("b").await, Ok("a".to_owned()));
    assert_eq!(stage.rows.get("row".into()).await, Ok(Some("a".to_owned())));
    (stage.pass)(MINUTE).await;
    assert_eq!(stage.rows.get("row".into()).await, Ok(None));
    assert_eq!(put("b").await, Ok("b".to_owned()), "an ended row makes room");
}

async fn of_parallel_writers_one_wins_and_all_hear_the_same(stage: &Stage<'_>) {
    let writers = (0..8).map(|at| stage.rows.put_if_absent("race".into(), at.to_string(), MINUTE));
    let heard = all(writers.collect()).await;
    assert!(heard.iter().all(|value| *value == heard[0]), "{heard:?}");
    assert_eq!(stage.rows.get("race".into()).await, heard[0].clone().map(Some));
}

async fn a_counter_begins_anew_after_its_window_and_a_look_does_not_begin_it(stage: &Stage<'_>) {
    let count = |add| stage.rows.count("tries".into(), add, MINUTE);
    assert_eq!(count(0).await, Ok(0));
    (stage.pass)(MINUTE / 2).await;
    assert_eq!((count(1).await, count(2).await, count(0).await), (Ok(1), Ok(3), Ok(3)));
    (stage.pass)(MINUTE / 2).await;
    assert_eq!(count(0).await, Ok(3), "the window began with the first count");
    (stage.pass)(MINUTE / 2).await;
    assert_eq!(count(0).await, Ok(0));
    assert_eq!(count(1).await, Ok(1));
}

async fn parallel_counts_are_all_counted(stage: &Stage<'_>) {
    let counts = all((0..8).map(|_| stage.rows.count("together".into(), 1, MINUTE)).collect()).await;
    let mut sums: Vec<u32> = counts.into_iter().map(|sum| sum.unwrap()).collect();
    sums.sort_unstable();
    assert_eq!(sums, (1..=8).collect::<Vec<_>>());
}

async fn rows_do_not_know_of_each_other(stage: &Stage<'_>) {
    stage
        .rows
        .put_if_absent("one".into(), "1".into(), MINUTE)
        .await
        .unwrap();
    assert_eq!(stage.rows.get("other".into()).await, Ok(None));
    assert_eq!(stage.rows.count("another".into(), 0, MINUTE).await, Ok(0));
}

fn listed(list: &'static str, key: &str, value: &str, due_in: Duration) -> Listed {
    Listed {
        list,
        key: key.into(),
        value: value.into(),
        due_in,
        life: 10 * MINUTE,
    }
}

async fn keys_due(stage: &Stage<'_>, list: &'static str, most: u16) -> Vec<String> {
    let due = stage.rows.due(list, most).await.unwrap();
    due.into_iter()
        .map(|entry| format!("{}={}", entry.key, entry.value))
        .collect()
}

async fn a_list_gives_what_is_due_the_longest_due_first_and_no_more_than_was_asked_for(stage: &Stage<'_>) {
    for (key, minutes) in [("c", 3), ("a", 1), ("b", 2)] {
        stage
            .rows
            .enlist(listed("first", key, "x", minutes * MINUTE))
            .await
            .unwrap();
    }
    stage
        .rows
        .enlist(listed("second", "d", "x", Duration::ZERO))
        .await
        .unwrap();
    assert!(keys_due(stage, "first", 10).await.is_empty());
    (stage.pass)(2 * MINUTE).await;
    assert_eq!(keys_due(stage, "first", 10).await, ["a=x", "b=x"]);
    (stage.pass)(MINUTE).await;
    assert_eq!(keys_due(stage, "first", 2).await, ["a=x", "b=x"]);
    assert_eq!(
        keys_due(stage, "second", 2).await,
        ["d=x"],
        "lists do not know of each other"
    );
}

async fn a_row_of_a_list_is_replaced_struck_and_ended(stage: &Stage<'_>) {
    let enlist = |key: &str, value: &str, due_in| stage.rows.enlist(listed("third", key, value, due_in));
    enlist("one", "old", Duration::ZERO).await.unwrap();
    enlist("one", "new", Duration::ZERO).await.unwrap();
    enlist("two", "x", Duration::ZERO).await.unwrap();
    assert_eq!(stage.rows.get("one".into()).await, Ok(Some("new".to_owned())));
    stage.rows.strike("two".into()).await.unwrap();
    stage.rows.strike("never there".into()).await.unwrap();
    assert_eq!(keys_due(stage, "third", 10).await, ["one=new"]);
    assert_eq!(stage.rows.get("two".into()).await, Ok(None));
    enlist("one", "later", MINUTE).await.unwrap();
    assert!(keys_due(stage, "third", 10).await.is_empty(), "it is due later now");
    (stage.pass)(10 * MINUTE).await;
    assert!(keys_due(stage, "third", 10).await.is_empty(), "it has ended");
    assert_eq!(stage.rows.get("one".into()).await, Ok(None));
}

async fn all<T: Send + 'static>(futures: Vec<game_session_protocol::BoxedFuture<T>>) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}
