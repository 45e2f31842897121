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
                TextLayout::justify(Justify::Right),
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

/// Those with the most stars on top.
fn standings(ships: &Query<(&Ship, &Pilot, &Score)>) -> Vec<(u16, String, bool, u16)> {
    let mut all: Vec<_> = ships
        .iter()
        .map(|(ship, pilot, score)| (ship.number, pilot.name.clone(), pilot.bot, score.0))
        .collect();
    all.sort_by_key(|(number, _, _, score)| (std::cmp::Reverse(*score), *number));
    all
}

fn write_roster(
    ships: Query<(&Ship, &Pilot, &Score)>,
    own: Res<OwnShip>,
    rosters: Query<Entity, With<Roster>>,
    looks: Res<Looks>,
    mut shown: Local<Vec<(u16, String, bool, u16)>>,
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
            for (number, name, bot, score) in &all {
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
    let place = all.iter().position(|(number, ..)| own.0 == Some(*number));
    let title = match (place, all.first()) {
        (Some(0), _) => "You win this round!".to_owned(),
        (_, Some((_, name, ..))) => format!("{name} wins this round"),
        _ => "The round is over".to_owned(),
    };
    commands
        .spawn((in_the_middle(), ResultOf(clock.round), DespawnOnExit(Screen::Playing)))
        .with_children(|page| {
            page.spawn(Kit::panel(430.0)).with_children(|panel| {
                panel.spawn(kit.bold(title, 30.0, GOLD));
                for (rank, (number, name, _, score)) in all.iter().take(5).enumerate() {
                    panel.spawn(Kit::row()).with_children(|row| {
                        row.spawn(kit.bold(format!("{}.", rank + 1), 19.0, Kit::DIM));
                        let grow = Node {
                            flex_grow: 1.0,
                            ..default()
                        };
                        row.spawn((kit.bold(name.clone(), 20.0, pilot_color(*number)), grow));
                        row.spawn(kit.bold(score.to_string(), 20.0, GOLD));
                    });
                }
                panel.spawn(kit.text("The next round begins in a moment.", 16.0, Kit::DIM));
            });
        });
}
