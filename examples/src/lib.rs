//! The example game of `bevy_game_session`: every role of it is a function of this library.
