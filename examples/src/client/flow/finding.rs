//! A search that picks a session by itself: the first one found, or the first one of a name.

use bevy::prelude::*;
use bevy_game_session::client::SessionQuery;
use bevy_game_session::prelude::*;

use super::{Flow, MAX_PLAYERS, Stage, Wish, settings};

pub(super) fn build(app: &mut App) {
    app.add_observer(join_what_was_found);
}

/// A search on its way.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) entity: Entity,
    /// The only name that will do.
    wanted: Option<String>,
}

impl Search {
    pub(super) fn begin(wanted: Option<String>, sessions: &mut Sessions) -> Self {
        let entity = sessions.find(SessionQuery::new().without_pings());
        Self { entity, wanted }
    }

    fn is_for(&self, name: &str) -> bool {
        self.wanted.as_deref().is_none_or(|wanted| wanted == name)
    }
}

/// Joins the first that fits, on whichever page of the results it is.
fn join_what_was_found(
    found: On<SessionsFound>,
    mut flow: ResMut<Flow>,
    mut sessions: Sessions,
    mut wishes: MessageWriter<Wish>,
    mut commands: Commands,
) {
    let Some(search) = flow.searching.take_if(|search| search.entity == found.entity) else {
        return;
    };
    commands.entity(found.entity).try_despawn();
    let mut joinable = found.sessions.iter().filter(|session| session.is_joinable());
    let choice = joinable.find(|session| search.is_for(&session.game_session.name));
    match (choice, &found.next_page, search.wanted) {
        (Some(session), ..) => {
            wishes.write(Wish::Join(Box::new(session.clone())));
        }
        (None, Some(page), wanted) => {
            let entity = sessions.find(SessionQuery::new().without_pings().page(page.clone()));
            flow.searching = Some(Search { entity, wanted });
        }
        (None, None, Some(name)) => {
            let sentence = format!("There is no open session called {name}.");
            flow.fail(Stage::Idle, vec![sentence]);
        }
        (None, None, None) => {
            wishes.write(Wish::Host(settings("Star Gatherers", MAX_PLAYERS)));
        }
    }
}
