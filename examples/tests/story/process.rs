//! Processes of the operating system: signals, children, and whether one is gone.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Sends a signal such as `-TERM`.
pub(super) fn send(signal: &str, os_id: u32) {
    assert!(
        Command::new("kill")
            .args([signal, &os_id.to_string()])
            .status()
            .unwrap()
            .success()
    );
}

/// The children of a process.
pub(super) fn children(os_id: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{os_id}/task")).unwrap();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.ok()?.path().join("children")).ok());
    lists
        .flat_map(|list| {
            list.split_whitespace()
                .filter_map(|id| id.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Looks until the process is gone, or only waits to be counted by whoever inherited it.
pub(super) fn wait_until_gone(os_id: u32) {
    let deadline = Instant::now() + PATIENCE;
    let is_there = || {
        fs::read_to_string(format!("/proc/{os_id}/stat")).is_ok_and(|stat| {
            !stat
                .rsplit(')')
                .next()
                .is_some_and(|rest| rest.trim_start().starts_with('Z'))
        })
    };
    while is_there() {
        assert!(Instant::now() < deadline, "process {os_id} is still there");
        thread::park_timeout(Duration::from_millis(20));
    }
}
