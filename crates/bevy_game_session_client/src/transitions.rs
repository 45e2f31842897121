//! The life of a session: one table, and nothing else decides a phase.
//!
//! The rules: a draft is started; a start that fails leaves the draft. A join makes the session; a join that fails
//! leaves nothing. Who has a seat may update, travel, leave or end. An end that fails changes nothing. A connection
//! that is lost ends the session for this player, also while the end is still being asked for. What has ended may be
//! rejoined, or replaced by a new session of the same name. Destroying is possible always.

use crate::components::SessionPhase;
use crate::operation::SessionOperation;

/// What happens to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Input {
    /// The game makes the call.
    Call,
    /// The call succeeded.
    Done,
    /// The call failed.
    Failed,
    /// The call was called off.
    Cancelled,
    /// The transport lost the connection that the call had made.
    Lost,
}

/// What comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// The phase stays.
    Stay,
    /// The phase becomes this.
    To(SessionPhase),
    /// The entity goes.
    Gone,
}

/// The table. `None`: it cannot happen in that phase; a call is then refused.
#[expect(clippy::match_same_arms, reason = "a table reads by its rows")]
pub(crate) fn next(phase: SessionPhase, input: Input, operation: SessionOperation) -> Option<Next> {
    use Input::{Call, Cancelled, Done, Failed, Lost};
    use Next::{Gone, Stay, To};
    use SessionOperation as Op;
    use SessionPhase as Is;

    Some(match (phase, input, operation) {
        (_, Call, Op::Destroy) => Gone,
        (Is::Pending, Call, Op::Start) => To(Is::Starting),
        (Is::Starting | Is::Joining, Call, Op::Cancel) => Stay,
        (Is::InProgress, Call, Op::Update | Op::Travel | Op::JoinCode) => Stay,
        (Is::InProgress, Call, Op::Leave) => To(Is::Leaving),
        (Is::InProgress, Call, Op::End) => To(Is::Ending),
        (Is::Ended, Call, Op::Create) => To(Is::Pending),
        (Is::Ended, Call, Op::Join | Op::QuickJoin | Op::JoinByCode | Op::Rejoin) => To(Is::Joining),

        (Is::Starting, Done, Op::Start) => To(Is::InProgress),
        (Is::Starting, Failed | Cancelled, Op::Start) => To(Is::Pending),
        (Is::Joining, Done, Op::Join | Op::QuickJoin | Op::JoinByCode | Op::Rejoin) => To(Is::InProgress),
        (Is::Joining, Failed | Cancelled, Op::Join | Op::QuickJoin | Op::JoinByCode) => Gone,
        (Is::Joining, Failed | Cancelled, Op::Rejoin) => To(Is::Ended),
        (Is::Leaving, Done | Failed, Op::Leave) => To(Is::Ended),
        (Is::Ending, Done, Op::End) => To(Is::Ended),
        (Is::Ending, Failed, Op::End) => To(Is::InProgress),
        (Is::InProgress | Is::Ending, Lost, Op::Travel) => To(Is::Ended),

        (Is::Ended, Done | Failed, Op::End) => Stay,
        (_, Done | Failed | Cancelled, Op::Update | Op::Travel | Op::JoinCode) => Stay,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::fmt::Write as _;

    use super::*;

    /// The table of calls as it stands in the documentation.
    fn calls() -> String {
        let mut text = String::from("| phase | call | then |\n|---|---|---|\n");
        for phase in SessionPhase::ALL {
            for call in SessionOperation::ALL {
                let then = match next(phase, Input::Call, call) {
                    None => continue,
                    Some(Next::Stay) => phase.to_string(),
                    Some(Next::To(phase)) => phase.to_string(),
                    Some(Next::Gone) => "gone".to_owned(),
                };
                writeln!(text, "| {phase} | {call} | {then} |").unwrap();
            }
        }
        text + "\n" + &outcomes()
    }

    fn outcomes() -> String {
        let inputs = [
            (Input::Done, "done"),
            (Input::Failed, "failed"),
            (Input::Cancelled, "cancelled"),
            (Input::Lost, "connection lost"),
        ];
        let mut text = String::from("| phase | outcome | then |\n|---|---|---|\n");
        for phase in SessionPhase::ALL {
            for operation in SessionOperation::ALL {
                for (input, label) in inputs {
                    let then = match next(phase, input, operation) {
                        None | Some(Next::Stay) => continue,
                        Some(Next::To(phase)) => phase.to_string(),
                        Some(Next::Gone) => "gone".to_owned(),
                    };
                    writeln!(text, "| {phase} | {operation} {label} | {then} |").unwrap();
                }
            }
        }
        text
    }

    #[test]
    fn the_documentation_shows_this_table() {
        let shown = include_str!("transitions.md");
        assert_eq!(shown, calls(), "put the right side into transitions.md");
    }

    #[test]
    fn every_phase_can_be_destroyed_and_left_by_some_path() {
        for phase in SessionPhase::ALL {
            assert_eq!(next(phase, Input::Call, SessionOperation::Destroy), Some(Next::Gone));
        }
        for (phase, operation) in [
            (SessionPhase::Starting, SessionOperation::Start),
            (SessionPhase::Joining, SessionOperation::Join),
            (SessionPhase::Joining, SessionOperation::QuickJoin),
            (SessionPhase::Joining, SessionOperation::JoinByCode),
            (SessionPhase::Joining, SessionOperation::Rejoin),
            (SessionPhase::Leaving, SessionOperation::Leave),
            (SessionPhase::Ending, SessionOperation::End),
        ] {
            for input in [Input::Done, Input::Failed] {
                let then = next(phase, input, operation);
                assert!(
                    matches!(then, Some(Next::To(_) | Next::Gone)),
                    "{phase}: {operation} {input:?} gives {then:?}"
                );
            }
        }
    }

    #[test]
    fn a_phase_in_which_something_runs_takes_no_second_start_or_join() {
        for phase in SessionPhase::ALL.into_iter().filter(|phase| phase.is_active()) {
            for call in [
                SessionOperation::Start,
                SessionOperation::Join,
                SessionOperation::QuickJoin,
                SessionOperation::JoinByCode,
                SessionOperation::Rejoin,
                SessionOperation::Create,
            ] {
                assert_eq!(next(phase, Input::Call, call), None, "{phase} {call}");
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig { cases: 1000, failure_persistence: None, ..Default::default() })]

        /// Calls, answers, late and duplicate ones, cancels and lost connections, in any order.
        #[test]
        fn no_history_on_the_table_is_stuck_or_has_two_ways_in(history in proptest::collection::vec((0usize..5, 0usize..14), 0..100)) {
            let inputs = [Input::Call, Input::Done, Input::Failed, Input::Cancelled, Input::Lost];
            let mut phase = SessionPhase::Pending;
            for (input, operation) in history {
                let (input, operation) = (inputs[input], SessionOperation::ALL[operation]);
                let then = next(phase, input, operation);
                if let Some(Next::To(to)) = then {
                    // An answer that comes twice moves nothing the second time.
                    if input != Input::Call {
                        proptest::prop_assert!(!matches!(next(to, input, operation), Some(Next::To(other)) if other != to));
                    }
                    proptest::prop_assert!(input == Input::Call || !to.is_active() || to == SessionPhase::InProgress);
                    phase = to;
                }
                if phase.is_active() {
                    proptest::prop_assert_eq!(next(phase, Input::Call, SessionOperation::Start), None);
                    proptest::prop_assert_eq!(next(phase, Input::Call, SessionOperation::Destroy), Some(Next::Gone));
                }
            }
        }
    }
}
