//! The HTTP API between game clients and Amazon GameLift: it holds the credentials and mints the tickets.
