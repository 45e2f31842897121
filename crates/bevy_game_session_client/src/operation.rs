//! The calls that a game can make.

use std::fmt;

/// A call of [`Sessions`](crate::Sessions), as errors and events name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SessionOperation {
    /// [`Sessions::create`](crate::Sessions::create).
    Create,
    /// [`Sessions::start`](crate::Sessions::start).
    Start,
    /// [`Sessions::find`](crate::Sessions::find).
    Find,
    /// [`Sessions::join`](crate::Sessions::join).
    Join,
    /// [`Sessions::quick_join`](crate::Sessions::quick_join).
    QuickJoin,
    /// [`Sessions::join_by_code`](crate::Sessions::join_by_code).
    JoinByCode,
    /// [`Sessions::join_code`](crate::Sessions::join_code).
    JoinCode,
    /// [`Sessions::update`](crate::Sessions::update).
    Update,
    /// [`Sessions::cancel`](crate::Sessions::cancel).
    Cancel,
    /// [`Sessions::leave`](crate::Sessions::leave).
    Leave,
    /// [`Sessions::end`](crate::Sessions::end).
    End,
    /// [`Sessions::rejoin`](crate::Sessions::rejoin), or [`Sessions::resume`](crate::Sessions::resume).
    Rejoin,
    /// [`Sessions::travel`](crate::Sessions::travel), or the automatic one.
    Travel,
    /// [`Sessions::destroy`](crate::Sessions::destroy).
    Destroy,
}

impl SessionOperation {
    /// All calls.
    pub const ALL: [Self; 14] = [
        Self::Create,
        Self::Start,
        Self::Find,
        Self::Join,
        Self::QuickJoin,
        Self::JoinByCode,
        Self::JoinCode,
        Self::Update,
        Self::Cancel,
        Self::Leave,
        Self::End,
        Self::Rejoin,
        Self::Travel,
        Self::Destroy,
    ];
}

impl fmt::Display for SessionOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Start => "start",
            Self::Find => "find",
            Self::Join => "join",
            Self::QuickJoin => "quick join",
            Self::JoinByCode => "join by code",
            Self::JoinCode => "join code",
            Self::Update => "update",
            Self::Cancel => "cancel",
            Self::Leave => "leave",
            Self::End => "end",
            Self::Rejoin => "rejoin",
            Self::Travel => "travel",
            Self::Destroy => "destroy",
        })
    }
}
