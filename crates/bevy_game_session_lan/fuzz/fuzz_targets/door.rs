//! What strangers send to the door: nothing panics, and the rules hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| bevy_game_session_lan::fuzzing::door(bytes));
