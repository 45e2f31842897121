//! Travel to a game session over bevy_renet with a ticketed netcode transport.
