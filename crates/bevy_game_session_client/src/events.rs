//! What happened: each is an [`EntityEvent`] for observers and a [`Message`] for readers.

use bevy_ecs::prelude::*;
use game_session_protocol::{GameSession, JoinCode, ProgressStep};

use crate::components::SessionName;
use crate::error::SessionError;
use crate::operation::SessionOperation;
use crate::search::{FoundSession, NextPage, SearchFailure};
use crate::travel::{DisconnectReason, TravelError};

macro_rules! session_events {
    ($($(#[$doc:meta])* $event:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(EntityEvent, Message, Debug, Clone, PartialEq, Eq)]
            #[non_exhaustive]
            pub struct $event {
                /// The entity of the session or search. It may be gone when a message is read.
                pub entity: Entity,
                /// Its name.
                pub name: SessionName,
                $($(#[$field_doc])* pub $field: $type,)*
            }
        )*

        /// Registers all of them as messages.
        pub(crate) fn add_messages(app: &mut bevy_app::App) {
            $(app.add_message::<$event>();)*
        }
    };
}

session_events! {
    /// The end of [`create`](crate::Sessions::create): the session exists on this machine.
    SessionCreated {}
    /// The end of [`start`](crate::Sessions::start): the game session is active and the player has a seat.
    SessionStarted {
        /// The game session.
        game_session: GameSession,
    }
    /// The end of a [`join`](crate::Sessions::join), [`quick_join`](crate::Sessions::quick_join),
    /// [`join_by_code`](crate::Sessions::join_by_code) or [`rejoin`](crate::Sessions::rejoin): the player has a seat.
    SessionJoined {
        /// The game session.
        game_session: GameSession,
    }
    /// The end of [`find`](crate::Sessions::find); for a [live](crate::SessionQuery::refresh_every) search, told again
    /// whenever it was refreshed.
    SessionsFound {
        /// The game sessions, in the query's order. Also in [`SearchResults`](crate::SearchResults), where the pings
        /// follow.
        sessions: Vec<FoundSession>,
        /// [Ask with it](crate::SessionQuery::page) for more; `None` on the last page.
        next_page: Option<NextPage>,
        /// The services that could not be asked. At least one could.
        failures: Vec<SearchFailure>,
    }
    /// The pings of what a search found were measured, those that could be.
    SessionsPinged {
        /// The game sessions again, with their pings, in the query's order.
        sessions: Vec<FoundSession>,
    }
    /// The end of [`join_code`](crate::Sessions::join_code).
    SessionJoinCodeReceived {
        /// The code, for friends to [join by](crate::Sessions::join_by_code).
        code: JoinCode,
    }
    /// The end of [`update`](crate::Sessions::update): others find the new description.
    SessionUpdated {
        /// The game session.
        game_session: GameSession,
    }
    /// The end of [`leave`](crate::Sessions::leave): the player is out.
    SessionLeft {}
    /// The end of [`end`](crate::Sessions::end): the game session is over for everyone.
    SessionEnded {}
    /// The end of [`destroy`](crate::Sessions::destroy): the session is gone from this machine.
    SessionDestroyed {}
    /// A call was called off by another one, by a despawn or by the end of the app.
    SessionCancelled {
        /// The call.
        operation: SessionOperation,
    }
    /// A call failed. The session is where the [phases](crate#phases) say.
    SessionFailed {
        /// The call.
        operation: SessionOperation,
        /// Why.
        error: SessionError,
    }
    /// A start, a join or a travel came a step further. Steps only grow. "Step 3 of 6" is
    /// [`step.number()`](ProgressStep::number) of [`ProgressStep::COUNT`].
    SessionProgress {
        /// The step that begins now.
        step: ProgressStep,
    }
    /// The end of a travel: the server has admitted the player.
    SessionArrived {
        /// Whether the server is this app itself: a listen server's own player opens no connection.
        local: bool,
    }
    /// The end of a travel: it failed, the game is where it was. The session stays in progress: travel again, or leave.
    SessionTravelFailed {
        /// Why.
        error: TravelError,
    }
    /// The connection to the server is gone. The session has ended for this player; it may be
    /// [rejoined](crate::Sessions::rejoin). An owner who [ends](crate::Sessions::end) the session hears [`SessionEnded`]
    /// instead, in whichever order the server's goodbye and the orchestrator's answer come.
    SessionDisconnected {
        /// Why.
        reason: DisconnectReason,
    }
}

impl SessionProgress {
    /// How far the way has come, for a progress bar: above 0, and 1 when the player is in.
    pub fn fraction(&self) -> f32 {
        self.step.fraction()
    }
}

/// Tells it to readers and observers.
pub(crate) fn emit<E>(world: &mut World, event: E)
where
    E: EntityEvent + Message + Clone,
    for<'a> <E as Event>::Trigger<'a>: Default,
{
    world.write_message(event.clone());
    world.trigger(event);
    world.flush();
}
