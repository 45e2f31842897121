//! One connection at the server's door: checked, then admitted or sent away. Without sockets or clocks.
//!
//! A connection is `Waiting` until the ECS decides. `Admitted` is said until the client is heard to know it; only then
//! packets pass. `Leaving` says its word for a while, then the connection is cut; nothing leads back from it.

use std::time::Duration;

use game_session_protocol::{GoodbyeCode, RefusalCode};

use super::line::ConnectionKey;
use crate::frame::{Frame, Joiner, Splitter};

const ADMITTED_INTERVAL: Duration = Duration::from_millis(50);
const FAREWELL_INTERVAL: Duration = Duration::from_millis(25);
const FAREWELL: Duration = Duration::from_millis(250);

/// What is said to who must go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Refused(RefusalCode),
    Goodbye(GoodbyeCode),
}

#[derive(Debug)]
pub(crate) enum Stage {
    Waiting,
    Admitted {
        heard: bool,
        next_word: Duration,
    },
    Leaving {
        word: Word,
        until: Duration,
        next_word: Duration,
    },
}

impl Stage {
    pub(crate) fn admitted() -> Self {
        Self::Admitted {
            heard: false,
            next_word: Duration::ZERO,
        }
    }

    pub(crate) fn leaving(word: Word, now: Duration) -> Self {
        Self::Leaving {
            word,
            until: now + FAREWELL,
            next_word: Duration::ZERO,
        }
    }
}

/// A frame that has no place in the stage of its connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OutOfPlace;

#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) key: ConnectionKey,
    pub(crate) splitter: Splitter,
    stage: Stage,
    joiner: Joiner,
}

impl Guest {
    pub(crate) fn new(key: ConnectionKey, stage: Stage) -> Self {
        Self {
            key,
            stage,
            splitter: Splitter::default(),
            joiner: Joiner::default(),
        }
    }

    pub(crate) fn enter(&mut self, stage: Stage) {
        if !matches!(self.stage, Stage::Leaving { .. }) {
            self.stage = stage;
        }
    }

    pub(crate) fn is_admitted(&self) -> bool {
        matches!(self.stage, Stage::Admitted { .. })
    }

    /// Takes a frame in; gives a packet for the game if one is complete.
    pub(crate) fn handle_frame(&mut self, now: Duration, frame: Frame<'_>) -> Result<Option<Vec<u8>>, OutOfPlace> {
        let Stage::Admitted { heard, .. } = &mut self.stage else {
            return Err(OutOfPlace);
        };
        let packet = match frame {
            Frame::Packet(packet) => Some(packet.to_vec()),
            Frame::Fragment { id, half, bytes } => self.joiner.join(now, id, half, bytes),
            Frame::Admitted => None,
            Frame::Refused(_) | Frame::Goodbye(_) => return Err(OutOfPlace),
        };
        *heard = true;
        Ok(packet)
    }

    /// The word that is to be said now.
    pub(crate) fn poll_word(&mut self, now: Duration) -> Option<Frame<'static>> {
        let (frame, next_word, interval) = match &mut self.stage {
            Stage::Admitted {
                heard: false,
                next_word,
            } => (Frame::Admitted, next_word, ADMITTED_INTERVAL),
            Stage::Leaving {
                word: Word::Refused(code),
                next_word,
                ..
            } => (Frame::Refused(*code), next_word, FAREWELL_INTERVAL),
            Stage::Leaving {
                word: Word::Goodbye(code),
                next_word,
                ..
            } => (Frame::Goodbye(*code), next_word, FAREWELL_INTERVAL),
            Stage::Waiting | Stage::Admitted { heard: true, .. } => return None,
        };
        if now < *next_word {
            return None;
        }
        *next_word = now + interval;
        Some(frame)
    }

    /// Whether its word was said long enough.
    pub(crate) fn is_overdue(&self, now: Duration) -> bool {
        matches!(self.stage, Stage::Leaving { until, .. } if now >= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn guest(stage: Stage) -> Guest {
        Guest::new(ConnectionKey::for_test(), stage)
    }

    #[test]
    fn nothing_passes_before_admission_and_nothing_is_said() {
        let mut guest = guest(Stage::Waiting);
        assert_eq!(guest.handle_frame(SECOND, Frame::Packet(b"early")), Err(OutOfPlace));
        assert_eq!(guest.poll_word(SECOND), None);
    }

    #[test]
    fn admitted_is_repeated_until_the_client_is_heard() {
        let mut guest = guest(Stage::Waiting);
        guest.enter(Stage::admitted());
        assert_eq!(guest.poll_word(SECOND), Some(Frame::Admitted));
        assert_eq!(guest.poll_word(SECOND), None);
        assert_eq!(guest.poll_word(SECOND + ADMITTED_INTERVAL), Some(Frame::Admitted));
        assert_eq!(
            guest.handle_frame(SECOND, Frame::Packet(b"hi")),
            Ok(Some(b"hi".to_vec()))
        );
        assert_eq!(guest.poll_word(2 * SECOND), None);
    }

    #[test]
    fn the_clients_answer_alone_ends_the_repetition() {
        let mut guest = guest(Stage::admitted());
        assert_eq!(guest.handle_frame(SECOND, Frame::Admitted), Ok(None));
        assert_eq!(guest.poll_word(SECOND), None);
    }

    #[test]
    fn who_leaves_stays_on_the_way_out() {
        let mut guest = guest(Stage::Waiting);
        guest.enter(Stage::leaving(Word::Refused(RefusalCode::Expired), SECOND));
        guest.enter(Stage::admitted());
        assert_eq!(guest.poll_word(SECOND), Some(Frame::Refused(RefusalCode::Expired)));
        assert!(!guest.is_overdue(SECOND));
        assert_eq!(guest.handle_frame(SECOND, Frame::Packet(b"late")), Err(OutOfPlace));
        assert!(guest.is_overdue(SECOND + FAREWELL));
    }

    #[test]
    fn a_client_cannot_say_the_servers_words() {
        let mut guest = guest(Stage::admitted());
        assert_eq!(
            guest.handle_frame(SECOND, Frame::Goodbye(GoodbyeCode::Kicked)),
            Err(OutOfPlace)
        );
    }
}
