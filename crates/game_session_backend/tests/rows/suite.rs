//! What shared rows must do, wherever they live. Each home of them runs all of it.

use std::pin::Pin;
use std::time::Duration;

use game_session_backend::shared_state::SharedState;

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

async fn all<T: Send + 'static>(futures: Vec<game_session_protocol::BoxedFuture<T>>) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}
