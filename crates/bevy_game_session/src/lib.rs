//! Create, find, join, travel to and host multiplayer game sessions in Bevy.
