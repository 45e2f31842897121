//! What a game calls.

use bevy_ecs::prelude::*;
use bevy_ecs::system::SystemParam;
use game_session_protocol::{BuildId, Password};

use crate::begin;
use crate::components::{SessionName, SessionPhase, SessionSettings};
use crate::error::SessionError;
use crate::events::{SessionCreated, SessionDestroyed, emit};
use crate::index::SessionIndex;
use crate::operation::SessionOperation;
use crate::outcome;
use crate::search::{FoundSession, SessionQuery, SessionSearch};
use crate::transitions::Next;
use crate::wording::settings_of;

/// What a game calls. It conflicts with no query or resource of the game.
///
/// Every call ends in exactly one event, within its [deadline](crate::SessionDeadlines): the one its documentation
/// names, or [`SessionFailed`](crate::SessionFailed), or [`SessionCancelled`](crate::SessionCancelled). Only
/// [`create`](Self::create) can say no at once, and then there is no event. Calls may follow one another in one
/// system; events come when its commands are applied, or later.
///
/// ```
/// use bevy_ecs::prelude::*;
/// use bevy_game_session_client::prelude::*;
///
/// fn host_a_game(mut sessions: Sessions) -> Result {
///     sessions.create("game", SessionSettings::new(4).property("map", "moon"))?;
///     sessions.start("game");
///     Ok(())
/// }
/// ```
#[derive(SystemParam)]
pub struct Sessions<'w, 's> {
    commands: Commands<'w, 's>,
    index: ResMut<'w, SessionIndex>,
}

impl Sessions<'_, '_> {
    /// Makes a draft: an entity with its settings, to be edited and [started](Self::start). Ends in
    /// [`SessionCreated`]. A session of the same name that has ended is replaced.
    ///
    /// # Errors
    /// [`SessionError::DuplicateName`], [`SessionError::InvalidSettings`], [`SessionError::TooMany`].
    pub fn create(&mut self, name: &str, settings: SessionSettings) -> Result<Entity, SessionError> {
        let name: SessionName = name.parse()?;
        settings.check()?;
        self.replace(&name, SessionOperation::Create)?;
        let entity = self
            .commands
            .spawn((name.clone(), settings, SessionPhase::Pending))
            .id();
        self.index.add_session(entity, name.clone(), SessionPhase::Pending);
        self.commands
            .queue(move |world: &mut World| emit(world, SessionCreated { entity, name }));
        Ok(entity)
    }

    /// Starts a draft: a game session is placed, and the player gets its first seat. Ends in
    /// [`SessionStarted`](crate::SessionStarted); a start that fails leaves the draft.
    pub fn start(&mut self, name: &str) {
        self.call(name, SessionOperation::Start, begin::start);
    }

    /// Lists game sessions of all services, online and on the LAN. Ends in [`SessionsFound`](crate::SessionsFound), or
    /// in [`SessionFailed`](crate::SessionFailed) when no service could be asked; where one of two could not, the
    /// results say so. Gives the entity of the search: observe it, read its
    /// [`SearchResults`](crate::SearchResults), which come as soon as one service has found something, despawn it to
    /// cancel or when done.
    pub fn find(&mut self, query: impl Into<SessionQuery>) -> Entity {
        let query = query.into();
        let name = self.index.next_search_name();
        if let Err(error) = self.index.must_have_room() {
            return self.refuse_new(name, SessionOperation::Find, error);
        }
        let pause = query.refresh;
        let search = SessionSearch {
            name: name.clone(),
            query,
        };
        let entity = self.commands.spawn(search).id();
        self.index.add_search(entity, name.clone(), pause);
        self.index.expect_answer(entity, name, SessionOperation::Find);
        self.commands.queue(move |world: &mut World| begin::find(world, entity));
        entity
    }

    /// Takes a seat in a game session that was found. Ends in [`SessionJoined`](crate::SessionJoined). Gives the
    /// entity of the new session, which goes when the join fails.
    pub fn join(&mut self, name: &str, found: impl Into<FoundSession>) -> Entity {
        self.join_found(name, found.into(), None)
    }

    /// The same for a game session that is [locked](game_session_protocol::GameSession::locked). Another password than its own ends in
    /// [`SessionError::WrongPassword`].
    pub fn join_locked(&mut self, name: &str, found: impl Into<FoundSession>, password: Password) -> Entity {
        self.join_found(name, found.into(), Some(password))
    }

    fn join_found(&mut self, name: &str, found: FoundSession, password: Option<Password>) -> Entity {
        let settings = settings_of(&found.game_session);
        self.enter(name, SessionOperation::Join, settings, |world, entity| {
            begin::join(world, entity, found, password);
        })
    }

    /// Takes a seat in the game session behind a code that a friend told, be it on the LAN or online: both are asked. Ends
    /// in [`SessionJoined`](crate::SessionJoined). Gives the entity of the new session, which goes when the join fails.
    pub fn join_by_code(&mut self, name: &str, code: &str, password: Option<Password>) -> Entity {
        // Longer ones are none; only so much is sent.
        let code: String = code.chars().take(64).collect();
        let settings = SessionSettings::default();
        self.enter(name, SessionOperation::JoinByCode, settings, |world, entity| {
            begin::join_by_code(world, entity, code, password);
        })
    }

    /// Asks for the code by which others can [join](Self::join_by_code) the session. For its owner, and for who has a
    /// seat where the orchestrator allows it. Ends in [`SessionJoinCodeReceived`](crate::SessionJoinCodeReceived).
    pub fn join_code(&mut self, name: &str) {
        self.call(name, SessionOperation::JoinCode, begin::join_code);
    }

    /// Takes a seat in any fitting game session; where there is none, one is made by the settings, listed and open:
    /// settings that are private or locked end in [`SessionError::InvalidSettings`]. Ends in
    /// [`SessionJoined`](crate::SessionJoined). Gives the entity of the new session, which goes when it fails.
    pub fn quick_join(&mut self, name: &str, settings: SessionSettings) -> Entity {
        self.enter(name, SessionOperation::QuickJoin, settings, begin::quick_join)
    }

    /// Tells others what was edited in the [`SessionSettings`] since: name, seats, properties, policy. For the owner.
    /// Ends in [`SessionUpdated`](crate::SessionUpdated), or in [`SessionError::InvalidSettings`] when something was
    /// edited that stays as it was started: build, privacy, password, and a property that was taken away.
    pub fn update(&mut self, name: &str) {
        self.call(name, SessionOperation::Update, begin::update);
    }

    /// Calls off the start or join that is running. What a start made at the orchestrator is ended; a seat that a join
    /// took there lapses, as one that nobody comes for. The call that is called off ends in
    /// [`SessionCancelled`](crate::SessionCancelled).
    pub fn cancel(&mut self, name: &str) {
        match self.index.call(name, SessionOperation::Cancel) {
            Ok((entity, _)) => self
                .commands
                .queue(move |world: &mut World| begin::cancel(world, entity)),
            Err(error) => self.refuse(name, SessionOperation::Cancel, error),
        }
    }

    /// Gives the seat back; the session goes on for the others. Ends in [`SessionLeft`](crate::SessionLeft), always:
    /// a seat that the orchestrator could not be told of lapses there.
    pub fn leave(&mut self, name: &str) {
        self.call(name, SessionOperation::Leave, begin::leave);
    }

    /// Ends the game session for everyone. For the owner. Ends in [`SessionEnded`](crate::SessionEnded); an end that
    /// fails changes nothing.
    pub fn end(&mut self, name: &str) {
        self.call(name, SessionOperation::End, begin::end);
    }

    /// Takes the seat in a session again that was left or whose connection was lost. Ends in
    /// [`SessionJoined`](crate::SessionJoined).
    pub fn rejoin(&mut self, name: &str) {
        self.call(name, SessionOperation::Rejoin, begin::rejoin);
    }

    /// Comes back to the [session](crate::ResumableSession) in which the player was when the process before this one
    /// ended, with the same seat if the server still keeps it. Ends in [`SessionJoined`](crate::SessionJoined); when it
    /// fails the session is there as ended. Gives its entity; `None`: there is nothing to come back to.
    #[cfg(feature = "resume")]
    pub fn resume(&mut self) -> Option<Entity> {
        let resumable = self.index.resumable.clone()?;
        let (name, operation) = (resumable.name, SessionOperation::Rejoin);
        let allowed = self.index.must_be_free().and_then(|()| self.replace(&name, operation));
        if let Err(error) = allowed {
            return Some(self.refuse_new(name, operation, error));
        }
        let settings = settings_of(&resumable.game_session);
        let entity = self
            .commands
            .spawn((name.clone(), settings, SessionPhase::Joining))
            .id();
        self.index.add_session(entity, name.clone(), SessionPhase::Joining);
        if let Some(record) = self.index.record_mut(entity) {
            record.reach = resumable.reach;
            record.game_session = Some(resumable.game_session);
        }
        self.index.expect_answer(entity, name, operation);
        self.commands
            .queue(move |world: &mut World| begin::rejoin(world, entity));
        Some(entity)
    }

    /// Travels to the server: after a travel that failed, or always with
    /// [`TravelPolicy::Manual`](crate::TravelPolicy). Ends in [`SessionArrived`](crate::SessionArrived) or
    /// [`SessionTravelFailed`](crate::SessionTravelFailed).
    pub fn travel(&mut self, name: &str) {
        self.call(name, SessionOperation::Travel, begin::travel);
    }

    /// Removes a session from this machine, in whatever phase it is: what runs is called off, a seat is given back; a
    /// leave or end that was called still reaches the orchestrator. Ends in [`SessionDestroyed`]. Despawning the entity
    /// does the same without the event.
    pub fn destroy(&mut self, name: &str) {
        match self.index.call(name, SessionOperation::Destroy) {
            Ok((entity, _)) => {
                let remains = self.index.forget(entity);
                let name = SessionName::closest_to(name);
                self.commands.queue(move |world: &mut World| {
                    outcome::bury(world, entity, remains);
                    emit(world, SessionDestroyed { entity, name });
                    world.try_despawn(entity).ok();
                });
            }
            Err(error) => self.refuse(name, SessionOperation::Destroy, error),
        }
    }

    /// The entity of the session of that name.
    pub fn get(&self, name: &str) -> Option<Entity> {
        self.index.find(name)
    }

    /// The phase of the session of that name, calls of this moment included.
    pub fn phase(&self, name: &str) -> Option<SessionPhase> {
        self.index
            .find(name)
            .and_then(|entity| self.index.record(entity))
            .map(|record| record.phase)
    }

    /// The build of this client, if the plugin was told: it says which game sessions can be joined.
    pub fn build(&self) -> Option<&BuildId> {
        self.index.build.as_ref()
    }

    /// A call on a session that exists.
    fn call(&mut self, name: &str, operation: SessionOperation, begin: fn(&mut World, Entity)) {
        let (entity, next) = match self.check(name, operation) {
            Ok(checked) => checked,
            Err(error) => return self.refuse(name, operation, error),
        };
        if let Some(record) = self.index.record_mut(entity) {
            if let Next::To(phase) = next {
                record.phase = phase;
            }
            let name = record.name.clone();
            self.index.expect_answer(entity, name, operation);
        }
        self.commands.queue(move |world: &mut World| begin(world, entity));
    }

    fn check(&self, name: &str, operation: SessionOperation) -> Result<(Entity, Next), SessionError> {
        let checked = self.index.call(name, operation)?;
        if matches!(operation, SessionOperation::Start | SessionOperation::Rejoin) {
            self.index.must_be_free()?;
        }
        if operation == SessionOperation::Travel && self.index.has_arrived(checked.0) {
            return Err(SessionError::AlreadyInSession { name: name.to_owned() });
        }
        Ok(checked)
    }

    /// A call that makes a session with a seat.
    fn enter(
        &mut self,
        name: &str,
        operation: SessionOperation,
        settings: SessionSettings,
        begin: impl FnOnce(&mut World, Entity) + Send + 'static,
    ) -> Entity {
        let allowed = name.parse::<SessionName>().and_then(|name| {
            self.index.must_be_free()?;
            self.replace(&name, operation).map(|()| name)
        });
        let name = match allowed {
            Ok(name) => name,
            Err(error) => return self.refuse_new(SessionName::closest_to(name), operation, error),
        };
        let entity = self
            .commands
            .spawn((name.clone(), settings, SessionPhase::Joining))
            .id();
        self.index.add_session(entity, name.clone(), SessionPhase::Joining);
        self.index.expect_answer(entity, name, operation);
        self.commands.queue(move |world: &mut World| begin(world, entity));
        entity
    }

    /// Makes room for a new session of that name.
    fn replace(&mut self, name: &SessionName, operation: SessionOperation) -> Result<(), SessionError> {
        if let Some(old) = self.index.replaced_by(name.as_str(), operation)? {
            let remains = self.index.forget(old);
            self.commands.queue(move |world: &mut World| {
                outcome::bury(world, old, remains);
                world.try_despawn(old).ok();
            });
        }
        Ok(())
    }

    /// The event of a call that may not be made.
    fn refuse(&mut self, name: &str, operation: SessionOperation, error: SessionError) {
        let entity = self.index.find(name).unwrap_or(Entity::PLACEHOLDER);
        let name = SessionName::closest_to(name);
        self.commands
            .queue(move |world: &mut World| outcome::tell_failure(world, entity, name, operation, error));
    }

    /// The same, on an entity of its own that goes at once.
    fn refuse_new(&mut self, name: SessionName, operation: SessionOperation, error: SessionError) -> Entity {
        let entity = self.commands.spawn_empty().id();
        self.commands.queue(move |world: &mut World| {
            outcome::tell_failure(world, entity, name, operation, error);
            world.try_despawn(entity).ok();
        });
        entity
    }
}
