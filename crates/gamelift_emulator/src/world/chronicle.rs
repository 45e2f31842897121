//! The chronicle: the last things that happened, in words, for whoever watches. Never a token, never session data.

use std::{borrow::Cow, collections::VecDeque};

use serde::{Deserialize, Serialize};

use super::World;
use crate::model::{error::ApiError, timestamp::Timestamp};

/// Lines that are kept.
const MAX_LINES: usize = 1_000;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    Info,
    Warn,
    Error,
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum About {
    Call,
    Process,
    Session,
    Player,
    Placement,
    Fault,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) number: u64,
    /// Milliseconds since the Unix epoch.
    pub(crate) at: u64,
    pub(crate) level: Level,
    pub(crate) about: About,
    pub(crate) subject: String,
    pub(crate) text: Cow<'static, str>,
}

/// The last lines, each with a number that grows.
#[derive(Default)]
pub(crate) struct Chronicle {
    lines: VecDeque<Line>,
    next: u64,
}

impl Chronicle {
    /// The newest lines from this number on, at most so many, oldest first.
    pub(crate) fn since(&self, number: u64, most: usize, problems_only: bool) -> Vec<Line> {
        let wanted = self.lines.iter().rev().take_while(|line| line.number >= number);
        let wanted = wanted.filter(|line| !problems_only || line.level != Level::Info);
        let mut lines: Vec<Line> = wanted.take(most).cloned().collect();
        lines.reverse();
        lines
    }

    /// The number of the line that comes next.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }
}

/// Who called the API, as far as it says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Caller {
    /// When its request came.
    pub(crate) at: Option<Timestamp>,
    /// The id under which the caller follows its request.
    pub(crate) trace: Option<String>,
}

/// The ARN of a game session has room in it.
const MAX_SUBJECT: usize = 512;
/// What a line says at most.
const MAX_TEXT: usize = 1_024;

/// What of a foreign text is kept and shown.
pub(super) fn cut(text: &str) -> &str {
    cut_at(text, 256)
}

fn cut_at(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

impl World {
    /// Writes a line.
    pub(crate) fn tell(
        &mut self,
        now: Timestamp,
        (level, about): (Level, About),
        subject: &str,
        text: impl Into<Cow<'static, str>>,
    ) {
        let mut text = text.into();
        if text.len() > MAX_TEXT {
            text = Cow::Owned(cut_at(&text, MAX_TEXT).to_owned());
        }
        let chronicle = &mut self.chronicle;
        if chronicle.lines.len() >= MAX_LINES {
            chronicle.lines.pop_front();
        }
        chronicle.lines.push_back(Line {
            number: chronicle.next,
            at: now.as_millis(),
            level,
            about,
            subject: cut_at(subject, MAX_SUBJECT).to_owned(),
            text,
        });
        chronicle.next += 1;
    }

    /// Carries out a call and writes down how it ended and who made it.
    pub(crate) fn called<R>(
        &mut self,
        operation: &str,
        caller: Caller,
        now: Timestamp,
        call: impl FnOnce(&mut Self) -> Result<R, ApiError>,
    ) -> Result<R, ApiError> {
        self.caller = caller;
        let answer = call(self);
        self.caller = Caller::default();
        self.tell_call(operation, answer.as_ref().err(), now);
        answer
    }

    /// Writes down how a call ended.
    pub(crate) fn tell_call(&mut self, operation: &str, error: Option<&ApiError>, now: Timestamp) {
        match error {
            None => self.tell(now, (Level::Info, About::Call), operation, "answered"),
            Some(error) => self.tell(now, (Level::Warn, About::Call), operation, error.to_string()),
        }
    }
}
