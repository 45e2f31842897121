//! Host game sessions from a Bevy dedicated server: the server plugin.
