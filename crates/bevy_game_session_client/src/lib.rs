//! Create, find, join and leave multiplayer game sessions in Bevy: the client plugin.
