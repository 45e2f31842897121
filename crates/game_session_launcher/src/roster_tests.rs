//! The rules of the roster, in virtual time.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;

/// A roster and a clock that stands still.
struct Play {
    roster: Roster,
    now: Instant,
}

impl Play {
    fn with_places(places: usize) -> Self {
        let now = Instant::now();
        Self {
            roster: Roster::new(
                Settings {
                    places,
                    ..Settings::default()
                },
                now,
            ),
            now,
        }
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.roster.poll_output()).collect()
    }

    fn give(&mut self, input: Input) -> Vec<Output> {
        self.roster.handle(self.now, input).unwrap();
        self.outputs()
    }

    fn ends(&mut self, process: u64, life: Life) -> Vec<Output> {
        self.give(Input::Ended {
            process,
            life,
            reason: "exit code 1".to_owned(),
        })
    }

    /// Jumps to the next timeout and says how long that was.
    fn jump_to_timeout(&mut self) -> (Duration, Vec<Output>) {
        let next = self.roster.poll_timeout().unwrap();
        let waited = next - self.now;
        self.now = next;
        (waited, self.give(Input::Tick))
    }
}

fn ended(process: u64, then: Then) -> Output {
    Output::Ended {
        process,
        reason: "exit code 1".to_owned(),
        then,
    }
}

#[test]
fn every_place_gets_a_process_at_once_and_no_timer_runs() {
    let mut play = Play::with_places(3);
    assert_eq!(play.outputs(), [Output::Start(1), Output::Start(2), Output::Start(3)]);
    assert_eq!(play.roster.poll_timeout(), None);
}

#[test]
fn a_process_that_hosted_is_replaced_at_once_under_a_new_number() {
    let mut play = Play::with_places(1);
    play.outputs();
    assert_eq!(
        play.ends(1, Life::Hosted),
        [ended(1, Then::ReplacedNow), Output::Start(2)]
    );
}

#[test]
fn a_process_that_ran_long_is_replaced_at_once_even_if_it_never_hosted() {
    let mut play = Play::with_places(1);
    play.outputs();
    play.now += Duration::from_secs(5);
    assert_eq!(
        play.ends(1, Life::Idle),
        [ended(1, Then::ReplacedNow), Output::Start(2)]
    );
}

#[test]
fn failures_in_a_row_wait_half_a_second_then_twice_as_long_each_up_to_half_a_minute() {
    let mut play = Play::with_places(1);
    play.outputs();
    let mut waits = Vec::new();
    for process in 1..=9 {
        let outputs = play.ends(
            process,
            if process % 2 == 0 {
                Life::Idle
            } else {
                Life::NeverStarted
            },
        );
        assert!(!outputs.contains(&Output::Start(process + 1)), "the replacement waits");
        let (waited, outputs) = play.jump_to_timeout();
        assert_eq!(outputs, [Output::Start(process + 1)]);
        waits.push(waited.as_secs_f64());
    }
    assert_eq!(waits, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]);
}

#[test]
fn the_wait_starts_over_after_a_process_that_hosted() {
    let mut play = Play::with_places(1);
    play.outputs();
    play.ends(1, Life::Idle);
    play.jump_to_timeout();
    play.ends(2, Life::Idle);
    play.jump_to_timeout();
    play.ends(3, Life::Hosted);
    let delay = Duration::from_millis(500);
    assert_eq!(
        play.ends(4, Life::Idle),
        [ended(4, Then::ReplacedAfter { delay, failures: 1 })]
    );
}

#[test]
fn a_place_that_fails_does_not_hold_up_the_others() {
    let mut play = Play::with_places(2);
    play.outputs();
    play.ends(1, Life::Idle);
    assert_eq!(
        play.ends(2, Life::Hosted),
        [ended(2, Then::ReplacedNow), Output::Start(3)]
    );
}

#[test]
fn a_tick_before_its_time_starts_nothing() {
    let mut play = Play::with_places(1);
    play.outputs();
    play.ends(1, Life::Idle);
    play.now += Duration::from_millis(499);
    assert_eq!(play.give(Input::Tick), []);
}

#[test]
fn at_a_stop_every_pipe_is_closed_and_nothing_is_replaced() {
    let mut play = Play::with_places(3);
    play.outputs();
    play.ends(2, Life::Idle);
    assert_eq!(play.give(Input::Stop), [Output::ClosePipe(1), Output::ClosePipe(3)]);
    assert_eq!(play.ends(1, Life::Hosted), [ended(1, Then::Nothing)]);
    assert!(!play.roster.is_over());
    assert_eq!(play.ends(3, Life::Idle), [ended(3, Then::Nothing)]);
    assert!(play.roster.is_over());
    assert_eq!(play.roster.poll_timeout(), None);
}

#[test]
fn who_does_not_end_by_itself_is_killed_and_at_last_given_up() {
    let mut play = Play::with_places(2);
    play.outputs();
    play.give(Input::Stop);
    play.ends(1, Life::Idle);
    assert_eq!(play.jump_to_timeout(), (Duration::from_secs(5), vec![Output::Kill(2)]));
    assert!(!play.roster.is_over());
    assert_eq!(
        play.jump_to_timeout(),
        (Duration::from_secs(5), vec![Output::GivenUp(2)])
    );
    assert!(play.roster.is_over());
}

#[test]
fn a_second_stop_changes_nothing() {
    let mut play = Play::with_places(1);
    play.outputs();
    play.give(Input::Stop);
    let due = play.roster.poll_timeout();
    play.now += Duration::from_secs(1);
    assert_eq!(play.give(Input::Stop), []);
    assert_eq!(play.roster.poll_timeout(), due);
}

#[test]
fn a_stop_with_nothing_running_is_over_at_once() {
    let mut play = Play::with_places(1);
    play.outputs();
    play.ends(1, Life::NeverStarted);
    assert_eq!(play.give(Input::Stop), []);
    assert!(play.roster.is_over());
}

#[test]
fn the_end_of_a_process_that_does_not_run_is_an_error_that_names_it() {
    let mut play = Play::with_places(1);
    play.outputs();
    play.ends(1, Life::Hosted);
    let again = Input::Ended {
        process: 1,
        life: Life::Idle,
        reason: String::new(),
    };
    assert_eq!(play.roster.handle(play.now, again), Err(NotRunning(1)));
    assert_eq!(play.outputs(), [], "and it changes nothing");
}
