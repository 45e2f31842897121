//! The game client.
fn main() {}
