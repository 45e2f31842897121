//! A small stand-in for the usual harness: names to choose by, one test after the other.
#![allow(dead_code, reason = "nothing runs where there are no signals")]

use std::process::ExitCode;

/// Runs the tests whose names contain one of the arguments, or all.
pub(crate) fn run(tests: &[(&str, fn())], arguments: impl Iterator<Item = String>) -> ExitCode {
    let (options, wanted): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.starts_with('-'));
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let tests: Vec<_> = tests.iter().filter(|(name, _)| chosen(name)).collect();
    if options.iter().any(|option| option == "--list") {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let mut failed = Vec::new();
    for (name, test) in tests {
        let ok = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        if !ok {
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}
