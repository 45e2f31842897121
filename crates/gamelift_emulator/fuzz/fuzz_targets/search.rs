//! Filter and sort expressions of a search: whatever is written, an answer or an error comes, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = gamelift_emulator::reads_filter(text);
    let _ = gamelift_emulator::reads_sort(text);
});
