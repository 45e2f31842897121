//! What strangers send to the discovery: nothing panics, and the rules hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bevy_game_session_lan::fuzzing::discovery(bytes));
