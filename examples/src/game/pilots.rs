//! On the server: a ship for everyone who is let in, bots for empty seats, orders from the wire.

use std::collections::VecDeque;

use bevy::ecs::system::SystemParam;
use bevy::prelude::*;
use bevy_game_session::server::{AcceptedPlayer, HostedSession, LocalPlayer, PlayerAbsent};
use bevy_replicon::prelude::*;

use super::rules::Game;
use super::{Course, Hello, Order, Orders, Pilot, Score, Ship, Welcome};
use crate::sim::{Input, MAX_SHIPS, berth};

/// So many orders may wait for their tick: the slack for packets that come in bunches.
const WAITING: usize = 6;
/// With more than so many waiting, two are taken in a tick, so that a hiccup does not make the ship slow for ever.
const AT_EASE: usize = 4;
/// When one was left over in each of so many ticks it is not needed: one more is taken, and the ship obeys earlier.
const LEFT_OVER: u32 = 30;

/// The property of a game session that says how many seats bots may take.
const BOTS_PROPERTY: &str = "bots";

/// How bots are called.
const BOT_NAMES: [&str; 8] = ["Vega", "Rigel", "Mira", "Deneb", "Altair", "Spica", "Lyra", "Atlas"];

/// How many bots fly at most; the game session's property `bots` says less. Bots leave as players come.
#[derive(Resource, Debug, Clone, Copy)]
pub struct BotSeats(pub u16);

impl Default for BotSeats {
    fn default() -> Self {
        Self(MAX_SHIPS)
    }
}

/// Marks the ships of bots.
#[derive(Component)]
pub(super) struct Bot;

/// The orders of a player that wait for their tick.
#[derive(Component, Debug, Default)]
pub(super) struct Deck {
    waiting: VecDeque<(u32, Order)>,
    followed: u32,
    current: Order,
    /// In how many ticks on end one was left over.
    left_over: u32,
    /// A dash of an order that was passed over.
    owed_dash: bool,
}

impl Deck {
    /// The number of the last order that was followed.
    pub(super) fn followed(&self) -> u32 {
        self.followed
    }

    /// Takes what is new of what came. Too much at once means that the pilot's clock runs ahead: the oldest go.
    fn hear(&mut self, orders: &Orders) {
        let newest = self.waiting.back().map_or(self.followed, |(number, _)| *number);
        self.waiting
            .extend(orders.numbered().filter(|(number, _)| *number > newest));
        while self.waiting.len() > WAITING {
            self.pass_over();
        }
    }

    /// Takes the oldest order without flying it. Its dash is not lost.
    fn pass_over(&mut self) {
        let passed = self.waiting.pop_front();
        self.owed_dash |= passed.is_some_and(|(_, order)| order.input().dash);
    }

    /// The order of this tick: the next one, or the last one again without its dash.
    fn follow(&mut self) -> Order {
        if self.waiting.len() > AT_EASE || self.left_over >= LEFT_OVER {
            self.pass_over();
            self.left_over = 0;
        }
        let next = self.waiting.pop_front();
        self.left_over = if self.waiting.is_empty() { 0 } else { self.left_over + 1 };
        if let Some((number, order)) = next {
            self.followed = number;
            self.current = order;
            let dash = std::mem::take(&mut self.owed_dash) || order.input().dash;
            return Order::from(Input { dash, ..order.input() });
        }
        let input = Input {
            dash: false,
            ..self.current.input()
        };
        Order::from(input)
    }
}

pub(super) fn build(app: &mut App) {
    app.init_resource::<BotSeats>()
        .add_observer(launch_ship)
        .add_observer(remove_ship)
        .add_systems(PreUpdate, greet.after(ServerSystems::Receive));
}

/// Everyone who is let in gets a ship, before the first tick too.
fn launch_ship(player: On<Add, AcceptedPlayer>, mut commands: Commands) {
    commands.entity(player.entity).queue(|mut player: EntityWorldMut| {
        let number = player.world_scope(|world| world.get_resource_mut::<Game>().map(|mut game| game.0.launch()));
        let Some(number) = number else { return };
        player.insert((
            Ship { number },
            Pilot {
                name: format!("Pilot {number}"),
                bot: false,
            },
            Course::default(),
            Score::default(),
            Deck::default(),
            Replicated,
        ));
    });
}

fn remove_ship(gone: On<Remove, Ship>, ships: Query<&Ship>, game: Option<ResMut<Game>>) {
    if let (Ok(ship), Some(mut game)) = (ships.get(gone.entity), game) {
        game.0.remove(ship.number);
    }
}

/// Who says hello is told their ship, gets the name they want, and a clean deck: they may have come back.
fn greet(
    mut hellos: MessageReader<FromClient<Hello>>,
    mut pilots: Query<(&Ship, &mut Pilot, &mut Deck)>,
    at_home: AtHome,
    mut out: MessageWriter<ToClients<Welcome>>,
) {
    for hello in hellos.read() {
        let player = at_home.player(hello.client_id);
        let Some((ship, mut pilot, mut deck)) = player.and_then(|player| pilots.get_mut(player).ok()) else {
            continue;
        };
        *deck = Deck::default();
        if let Some(name) = Pilot::fit_name(&hello.message.name) {
            pilot.name = name;
        }
        out.write(ToClients {
            targets: SendTargets::Single(hello.client_id),
            message: Welcome { ship: ship.number },
        });
    }
}

/// Which entity of a player a message is from, also where the player sits at the server itself.
#[derive(SystemParam)]
pub(super) struct AtHome<'w, 's> {
    local: Query<'w, 's, Entity, With<LocalPlayer>>,
}

impl AtHome<'_, '_> {
    fn player(&self, from: ClientId) -> Option<Entity> {
        from.entity().or_else(|| self.local.iter().next())
    }
}

/// Bots take the seats that are empty, and make room for players.
pub(super) fn fill_seats(
    mut game: ResMut<Game>,
    seats: Res<BotSeats>,
    session: Option<Res<HostedSession>>,
    players: Query<Option<&Ship>, With<AcceptedPlayer>>,
    bots: Query<(Entity, &Ship, &Pilot), With<Bot>>,
    mut commands: Commands,
) {
    let Some(session) = session else { return };
    let property = session
        .properties()
        .get(BOTS_PROPERTY)
        .and_then(|bots| bots.parse().ok());
    let most = session.max_players().min(MAX_SHIPS);
    let empty = usize::from(most).saturating_sub(players.iter().count());
    let wanted = empty.min(seats.0.min(property.unwrap_or(u16::MAX)).into());
    let there = bots.iter().count();
    // those go first in whose berth a player is
    let ships = || players.iter().flatten();
    let in_the_way = |bot: &Ship| ships().any(|ship| berth(ship.number) == berth(bot.number));
    for (bot, ..) in bots.iter().sort_by_key::<&Ship, _>(|bot| in_the_way(bot)).skip(wanted) {
        commands.entity(bot).despawn();
    }
    let taken = |name: &&str| bots.iter().any(|(.., pilot)| pilot.name == *name);
    let mut names = BOT_NAMES.into_iter().filter(|name| !taken(name));
    for _ in there..wanted {
        let number = game.0.launch_bot();
        commands.spawn((
            Bot,
            Ship { number },
            Pilot {
                name: names.next().unwrap_or("Comet").to_owned(),
                bot: true,
            },
            Course::default(),
            Score::default(),
            Replicated,
        ));
    }
}

/// One order of each player is followed in each tick.
pub(super) fn take_orders(
    mut game: ResMut<Game>,
    mut orders: MessageReader<FromClient<Orders>>,
    mut decks: Query<(&Ship, &mut Deck, Has<PlayerAbsent>)>,
    at_home: AtHome,
) {
    for order in orders.read() {
        let player = at_home.player(order.client_id);
        if let Some((_, mut deck, _)) = player.and_then(|player| decks.get_mut(player).ok()) {
            deck.hear(&order.message);
        }
    }
    for (ship, mut deck, absent) in &mut decks {
        let order = deck.follow();
        if let Some(craft) = game.0.ship_mut(ship.number) {
            // the ship of a player whose connection was lost waits for them
            craft.input = if absent { Input::default() } else { order.input() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(newest: u32, count: usize) -> Orders {
        Orders {
            newest,
            orders: vec![Order::default(); count],
        }
    }

    #[test]
    fn orders_that_come_twice_are_followed_once_and_a_lost_packet_does_no_harm() {
        let mut deck = Deck::default();
        deck.hear(&orders(1, 1));
        deck.hear(&orders(4, 4)); // the packets of 2 and 3 are lost
        deck.hear(&orders(4, 4));
        let followed: Vec<_> = (0..4)
            .map(|_| {
                deck.follow();
                deck.followed()
            })
            .collect();
        assert_eq!(followed, [1, 2, 3, 4]);
    }

    /// One tick of a pilot that orders once in each; the orders of a tick that is `late` come in the next one.
    fn tick(deck: &mut Deck, number: u32, late: bool) {
        if !late {
            deck.hear(&orders(number, 4));
        }
        deck.follow();
    }

    #[test]
    fn a_hiccup_makes_a_ship_late_for_seconds_and_not_for_good() {
        let mut deck = Deck::default();
        (1..=53).for_each(|number| tick(&mut deck, number, (50..53).contains(&number)));
        assert_eq!(deck.followed(), 50, "late by three ticks");
        (54..=53 + 4 * LEFT_OVER).for_each(|number| tick(&mut deck, number, false));
        assert_eq!(deck.followed(), 53 + 4 * LEFT_OVER, "an order is followed in its tick");
    }

    #[test]
    fn slack_that_is_needed_again_and_again_is_kept() {
        let mut deck = Deck::default();
        for number in 1..=600 {
            let before = deck.followed();
            tick(&mut deck, number, number % 10 == 9);
            let first = number == 9;
            assert_eq!(deck.followed() - before, u32::from(!first), "in tick {number}");
        }
    }

    #[test]
    fn a_dash_is_not_lost_with_the_order_that_is_passed_over() {
        let mut deck = Deck::default();
        let dash = Input {
            steer: Vec2::X,
            dash: true,
        };
        deck.hear(&Orders {
            newest: 1,
            orders: vec![dash.into()],
        });
        (2..=6).for_each(|newest| deck.hear(&orders(newest, 1)));
        assert!(deck.follow().input().dash && deck.followed() == 2);
        assert!(!deck.follow().input().dash, "and comes once");
    }

    #[test]
    fn a_pilot_that_sends_too_much_is_bounded() {
        let mut deck = Deck::default();
        (1..1000).for_each(|newest| deck.hear(&orders(newest, 4)));
        assert!(deck.waiting.len() <= WAITING);
    }

    #[test]
    fn a_pilot_that_falls_silent_flies_on_but_does_not_dash_again() {
        let mut deck = Deck::default();
        let dash = Input {
            steer: Vec2::X,
            dash: true,
        };
        deck.hear(&Orders {
            newest: 1,
            orders: vec![dash.into()],
        });
        assert!(deck.follow().input().dash);
        let next = deck.follow().input();
        assert!(!next.dash && next.steer == Vec2::X);
    }
}
