//! What is longer than its place scrolls: by the wheel, and to the control that the keys moved to.

use bevy::input::mouse::{MouseScrollUnit, MouseWheel};
use bevy::prelude::*;
use bevy::ui::ComputedStackIndex;

use super::Focus;
use super::focus::moves;

/// How far a notch of the wheel goes.
const NOTCH: f32 = 44.0;

/// Scrolls up and down when its content is longer than itself.
#[derive(Component, Debug, Default)]
#[require(ScrollPosition)]
pub(in crate::client::menu) struct Scrolls;

/// How far up or down a part must go to be seen whole in an area, its beginning first; each as `(top, bottom)`.
fn way_into(area: (f32, f32), part: (f32, f32)) -> f32 {
    let (above, below) = (part.0 - area.0, part.1 - area.1);
    if above < 0.0 { above } else { below.clamp(0.0, above) }
}

fn span(node: &ComputedNode, place: &UiGlobalTransform) -> (f32, f32) {
    let (middle, half) = (place.translation.y, node.size.y / 2.0);
    (middle - half, middle + half)
}

fn scroll_by(node: &ComputedNode, position: &mut ScrollPosition, way: f32) {
    let most = (node.content_size.y - node.size.y).max(0.0);
    position.y = (node.scroll_position.y + way).clamp(0.0, most) * node.inverse_scale_factor;
}

/// Of the areas under the mouse the innermost that has something to scroll.
pub(super) fn turn_wheel(
    mut wheel: MessageReader<MouseWheel>,
    windows: Query<&Window>,
    mut areas: Query<
        (
            &ComputedNode,
            &UiGlobalTransform,
            &ComputedStackIndex,
            &mut ScrollPosition,
        ),
        With<Scrolls>,
    >,
) {
    let turned = |turned: &MouseWheel| match turned.unit {
        MouseScrollUnit::Line => turned.y * NOTCH,
        MouseScrollUnit::Pixel => turned.y,
    };
    let way: f32 = wheel.read().map(turned).sum();
    let mouse = windows.single().ok().and_then(Window::physical_cursor_position);
    let Some(mouse) = mouse.filter(|_| way != 0.0) else {
        return;
    };
    let under = areas.iter_mut().filter(|(node, place, ..)| {
        let scrolls = node.content_size.y > node.size.y;
        scrolls && node.contains_point(**place, mouse)
    });
    if let Some((node, .., mut position)) = under.max_by_key(|(_, _, index, _)| index.0) {
        scroll_by(node, &mut position, -way / node.inverse_scale_factor);
    }
}

pub(super) fn follow_focus(
    keys: Res<ButtonInput<KeyCode>>,
    focus: Res<Focus>,
    nodes: Query<(&ComputedNode, &UiGlobalTransform)>,
    parents: Query<&ChildOf>,
    mut areas: Query<&mut ScrollPosition, With<Scrolls>>,
) {
    let Some(focused) = focus.0.filter(|_| moves(&keys)) else {
        return;
    };
    let area = parents.iter_ancestors(focused).find(|above| areas.contains(*above));
    if let Some(area) = area
        && let Ok([(control, at), (node, place)]) = nodes.get_many([focused, area])
        && let Ok(mut position) = areas.get_mut(area)
    {
        scroll_by(node, &mut position, way_into(span(node, place), span(control, at)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_is_brought_into_sight_by_the_shortest_way_its_beginning_first() {
        let area = (100.0, 200.0);
        for (part, way) in [
            ((120.0, 160.0), 0.0),
            ((80.0, 120.0), -20.0),
            ((190.0, 230.0), 30.0),
            ((150.0, 400.0), 50.0),
        ] {
            assert!((way_into(area, part) - way).abs() < 0.01, "{part:?}");
        }
    }
}
