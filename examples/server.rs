//! The dedicated server.
fn main() {}
