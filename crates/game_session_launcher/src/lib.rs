//! Starts dedicated server processes and keeps them running: the local stack in one call.
