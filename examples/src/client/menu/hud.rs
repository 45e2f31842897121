//! What is written over a running game: who plays, the clock, the session, and the result of a round.

use bevy::prelude::*;
use bevy_replicon::prelude::ClientStats;

use super::{Kit, Looks, Screen, in_the_middle};
use crate::client::flight::OwnShip;
use crate::client::flow::Flow;
use crate::client::view::looks::{GOLD, pilot_color};
use crate::game::{Clock, Pilot, Score, Ship};

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Playing), show).add_systems(
        Update,
        (write_clock, write_session, write_roster, show_result).run_if(in_state(Screen::Playing)),
    );
}

#[derive(Component)]
struct ClockText;

#[derive(Component)]
struct SessionText;

#[derive(Component)]
struct Roster;

/// The result of a round, with its number.
#[derive(Component)]
struct ResultOf(u16);

fn show(looks: Res<Looks>, mut commands: Commands) {
    let kit = Kit(&looks);
    let corner = |left: Val, right: Val, align: AlignItems| Node {
        position_type: PositionType::Absolute,
        max_width: px(250),
        top: px(22),
        left,
        right,
        flex_direction: FlexDirection::Column,
        align_items: align,
        row_gap: px(7),
        ..default()
    };
    let here = DespawnOnExit(Screen::Playing);
    commands.spawn((corner(px(28), auto(), AlignItems::FlexStart), Roster, here.clone()));
    commands
        .spawn((corner(auto(), px(28), AlignItems::FlexEnd), here.clone()))
        .with_children(|corner| {
            corner.spawn((kit.bold("", 44.0, Kit::BRIGHT), ClockText));
            corner.spawn((
                kit.text("", 16.0, Kit::DIM),
                TextLayout::justify(Justify::Right).with_linebreak(LineBreak::WordOrCharacter),
                SessionText,
            ));
        });
    let foot = Node {
        position_type: PositionType::Absolute,
        bottom: px(16),
        left: px(28),
        ..default()
    };
    commands.spawn((
        kit.text(
            "WASD or arrows fly\nSpace dashes\nEsc opens the menu",
            15.0,
            Kit::DIM.with_alpha(0.75),
        ),
        foot,
        here,
    ));
}

fn write_clock(clocks: Query<&Clock>, mut texts: Query<(&mut Text, &mut TextColor), With<ClockText>>) {
    let Some(clock) = clocks.iter().next() else { return };
    for (mut text, mut color) in &mut texts {
        let left = clock.seconds_left;
        text.set_if_neq(Text(format!("{}:{:02}", left / 60, left % 60)));
        let hurry = !clock.over && left <= 10;
        color.set_if_neq(TextColor(if hurry { GOLD } else { Kit::BRIGHT }));
    }
}

fn write_session(
    flow: Res<Flow>,
    stats: Option<Res<ClientStats>>,
    pilots: Query<&Pilot>,
    time: Res<Time<Real>>,
    mut written: Local<f32>,
    mut texts: Query<&mut Text, With<SessionText>>,
) {
    let now = time.elapsed_secs();
    if now - *written < 0.25 {
        return;
    }
    *written = now;
    let players = pilots.iter().filter(|pilot| !pilot.bot).count();
    let (name, most) = flow
        .session
        .as_ref()
        .map_or(("", 0), |session| (session.name.as_str(), session.max_players));
    let ping = match stats.map(|stats| stats.rtt * 1000.0) {
        _ if flow.at_home => "on this machine".into(),
        Some(ping) if ping > 0.0 => format!("ping {:.0} ms", ping.ceil()),
        _ => "ping -".into(),
    };
    for mut text in &mut texts {
        text.set_if_neq(Text(format!("{name}\n{players} of {most} players\n{ping}")));
    }
}

/// A ship in the order of stars.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    number: u16,
    name: String,
    bot: bool,
    score: u16,
}

/// Those with the most stars on top.
fn standings(ships: &Query<(&Ship, &Pilot, &Score)>) -> Vec<Standing> {
    let of_ship = |(ship, pilot, score): (&Ship, &Pilot, &Score)| Standing {
        number: ship.number,
        name: pilot.name.clone(),
        bot: pilot.bot,
        score: score.0,
    };
    let mut all: Vec<_> = ships.iter().map(of_ship).collect();
    all.sort_by_key(|ship| (std::cmp::Reverse(ship.score), ship.number));
    all
}

/// The place of each, from 1: who has as many stars has the same place.
fn places(all: &[Standing]) -> impl Iterator<Item = usize> {
    all.iter()
        .map(|ship| 1 + all.iter().filter(|other| other.score > ship.score).count())
}

/// Who won. Several may have the most stars, and nobody wins without one.
fn verdict(all: &[Standing], own: Option<u16>) -> String {
    let best = all.first().map_or(0, |ship| ship.score);
    let winners: Vec<_> = all.iter().filter(|ship| ship.score == best).collect();
    let mine = winners.iter().any(|ship| Some(ship.number) == own);
    match (best, winners.as_slice(), mine) {
        (0, ..) => "The round is over".into(),
        (_, [_], true) => "You win this round!".into(),
        (_, [winner], false) => format!("{} wins this round", winner.name),
        (_, [_, _], true) => {
            let other = winners.iter().find(|ship| Some(ship.number) != own);
            format!(
                "You and {} win together!",
                other.map_or("another", |ship| ship.name.as_str())
            )
        }
        (_, [one, other], false) => format!("{} and {} win together", one.name, other.name),
        (_, all, true) => format!("You win together with {} others!", all.len() - 1),
        (_, all, false) => format!("{} win together", all.len()),
    }
}

fn write_roster(
    ships: Query<(&Ship, &Pilot, &Score)>,
    own: Res<OwnShip>,
    rosters: Query<Entity, With<Roster>>,
    looks: Res<Looks>,
    mut shown: Local<Vec<Standing>>,
    mut commands: Commands,
) {
    let all = standings(&ships);
    let fresh = rosters.iter().next();
    let Some(roster) = fresh.filter(|_| *shown != all) else {
        return;
    };
    let kit = Kit(&looks);
    commands
        .entity(roster)
        .despawn_related::<Children>()
        .with_children(|list| {
            for Standing {
                number,
                name,
                bot,
                score,
            } in &all
            {
                list.spawn(Kit::row()).with_children(|row| {
                    let dot = Node {
                        width: px(13),
                        height: px(13),
                        border_radius: BorderRadius::MAX,
                        ..default()
                    };
                    row.spawn((dot, BackgroundColor(pilot_color(*number))));
                    let points = Node {
                        width: px(30),
                        justify_content: JustifyContent::FlexEnd,
                        ..default()
                    };
                    row.spawn(points).with_child(kit.bold(score.to_string(), 19.0, GOLD));
                    let mine = own.0 == Some(*number);
                    let color = if mine { Kit::BRIGHT } else { Kit::DIM };
                    let name = if *bot { format!("{name} (bot)") } else { name.clone() };
                    if mine {
                        row.spawn(kit.bold(name, 19.0, color));
                    } else {
                        row.spawn(kit.text(name, 18.0, color));
                    }
                });
            }
        });
    *shown = all;
}

/// The end screen of a round.
fn show_result(
    clocks: Query<&Clock>,
    ships: Query<(&Ship, &Pilot, &Score)>,
    own: Res<OwnShip>,
    results: Query<(Entity, &ResultOf)>,
    looks: Res<Looks>,
    mut commands: Commands,
) {
    let Some(clock) = clocks.iter().next() else { return };
    for (result, of) in &results {
        if !clock.over || of.0 != clock.round {
            commands.entity(result).despawn();
        }
    }
    if !clock.over || !results.is_empty() {
        return;
    }
    let kit = Kit(&looks);
    let all = standings(&ships);
    let title = verdict(&all, own.0);
    commands
        .spawn((in_the_middle(), ResultOf(clock.round), DespawnOnExit(Screen::Playing)))
        .with_children(|page| {
            page.spawn(Kit::panel(430.0)).with_children(|panel| {
                panel.spawn(kit.their_words(title, 30.0, GOLD));
                for (ship, place) in all.iter().zip(places(&all)) {
                    let color = if own.0 == Some(ship.number) {
                        Kit::BRIGHT
                    } else {
                        Kit::DIM
                    };
                    panel.spawn(Kit::row()).with_children(|row| {
                        row.spawn(kit.bold(format!("{place}."), 19.0, color));
                        let grow = Node {
                            flex_grow: 1.0,
                            ..default()
                        };
                        row.spawn((kit.bold(ship.name.clone(), 20.0, pilot_color(ship.number)), grow));
                        row.spawn(kit.bold(ship.score.to_string(), 20.0, GOLD));
                    });
                }
                panel.spawn(kit.text("The next round begins in a moment.", 16.0, Kit::DIM));
            });
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(scores: &[u16]) -> Vec<Standing> {
        let ship = |(number, score): (u16, &u16)| Standing {
            number,
            name: format!("P{number}"),
            bot: false,
            score: *score,
        };
        (1..).zip(scores).map(ship).collect()
    }

    #[test]
    fn who_has_as_many_stars_shares_the_place_and_the_win() {
        let all = round(&[7, 7, 3, 3, 1]);
        assert_eq!(places(&all).collect::<Vec<_>>(), [1, 1, 3, 3, 5]);
        assert_eq!(verdict(&all, Some(2)), "You and P1 win together!");
        assert_eq!(verdict(&all, Some(3)), "P1 and P2 win together");
        assert_eq!(verdict(&round(&[2, 2, 2]), Some(1)), "You win together with 2 others!");
        assert_eq!(verdict(&round(&[2, 2, 2, 0]), Some(4)), "3 win together");
        assert_eq!(verdict(&round(&[4, 3]), Some(1)), "You win this round!");
        assert_eq!(verdict(&round(&[4, 3]), Some(2)), "P1 wins this round");
        assert_eq!(verdict(&round(&[0, 0]), Some(1)), "The round is over");
    }
}
