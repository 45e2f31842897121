//! The client: its way into a session, its window, its headless twin, a crowd of bots.
//!
//! | file | what |
//! |---|---|
//! | `start` | from the command line to a running client |
//! | `flow` | the way into a session and out again: all that is said to `bevy_game_session` |
//! | `service` | which orchestrators are asked: the backend, the local network |
//! | `flight` | one's own ship at once, the others smoothly |
//! | `view` | what the window shows of the game |
//! | `menu` | screens, from the title to the lost connection |
//! | `headless`, `crowd` | players without a window: one, or many in one process |
//! | `listing`, `row` | the table of sessions on the terminal, and its words |

mod crowd;
pub mod flight;
pub mod flow;
mod headless;
mod keys;
mod listing;
mod menu;
mod row;
mod saved;
mod service;
mod start;
mod timeline;
mod view;
mod window;

pub use headless::{Errand, Report};
pub use service::{LanReach, Services};
pub use start::play;
pub use timeline::{Timeline, milliseconds};
