//! A headless client in a process of its own.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Instant;

use super::stage::Stage;
use super::{PATIENCE, process};

/// A client process; killed when dropped.
pub(super) struct Player {
    process: Child,
    lines: Receiver<String>,
    said: Vec<String>,
}

impl Player {
    pub(super) fn start(stage: &Stage, args: &[&str]) -> Self {
        Self::start_with_backend(&stage.backend_url(), args)
    }

    pub(super) fn start_with_backend(url: &str, args: &[&str]) -> Self {
        Self::run(&mut Self::command(), &[&["--backend", url], args].concat())
    }

    /// A client that logs what `filter` lets through.
    pub(super) fn start_logging(filter: &str, stage: &Stage, args: &[&str]) -> Self {
        let backend = ["--backend", &stage.backend_url()];
        Self::run(Self::command().env("RUST_LOG", filter), &[&backend, args].concat())
    }

    /// Starts a client that starts what it needs itself: emulator, backend and server, or on the local network nothing.
    pub(super) fn start_alone(args: &[&str]) -> Self {
        Self::run(&mut Self::command(), args)
    }

    fn command() -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env(crate::ROLE, "client")
            .env("NO_COLOR", "1")
            .arg("--headless");
        command
    }

    fn run(command: &mut Command, args: &[&str]) -> Self {
        let mut process = command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let stdout: Box<dyn Read + Send> = Box::new(process.stdout.take().unwrap());
        let stderr: Box<dyn Read + Send> = Box::new(process.stderr.take().unwrap());
        for stream in [stdout, stderr] {
            let sender = sender.clone();
            thread::spawn(move || {
                BufReader::new(stream)
                    .lines()
                    .map_while(Result::ok)
                    .all(|line| sender.send(line).is_ok())
            });
        }
        Self {
            process,
            lines,
            said: Vec::new(),
        }
    }

    /// Reads on until a line contains `wanted`.
    pub(super) fn wait_for(&mut self, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        while !self.said.iter().any(|line| line.contains(wanted)) {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.said.push(line),
                Err(end) => panic!(
                    "waited for {wanted:?}, but {end}; the client said:\n{}",
                    self.said.join("\n")
                ),
            }
        }
    }

    /// The line that it said with this in it.
    pub(super) fn line_with(&self, text: &str) -> &str {
        let line = self.said.iter().find(|line| line.contains(text));
        line.unwrap_or_else(|| panic!("no {text:?} in:\n{}", self.said.join("\n")))
    }

    /// Waits for the end; the exit code must be 0, the time of arrival must be told, and nothing may be a warning.
    pub(super) fn must_succeed(&mut self) {
        let said = self.must_end_well();
        let arrived = said
            .lines()
            .any(|line| line.starts_with("arrived in ") && line.ends_with(" ms"));
        assert!(arrived, "no time of arrival in:\n{said}");
    }

    /// Waits for the end; the exit code must be 0, and nothing a warning. The answer is what it said.
    pub(super) fn must_end_well(&mut self) -> String {
        let status = self.finish();
        let said = self.said.join("\n");
        assert!(status.success(), "the client ended with {status}:\n{said}");
        assert!(
            !said.contains("WARN") && !said.contains("ERROR"),
            "the client warned:\n{said}"
        );
        said
    }

    /// Waits for the end; the exit code must not be 0, and the sentence must be there.
    pub(super) fn must_fail_saying(&mut self, sentence: &str) {
        let status = self.finish();
        let said = self.said.join("\n");
        assert!(!status.success(), "the client succeeded:\n{said}");
        assert!(said.contains(sentence), "no {sentence:?} in:\n{said}");
        assert!(!said.contains("panicked"), "the client panicked:\n{said}");
    }

    /// Waits for the end, whatever the exit code.
    pub(super) fn must_end_without_a_panic(&mut self) {
        self.finish();
        let said = self.said.join("\n");
        assert!(!said.contains("panicked"), "the client panicked:\n{said}");
    }

    pub(super) fn os_id(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn children(&self) -> Vec<u32> {
        process::children(self.os_id())
    }

    pub(super) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Reads to the end of both streams, which is the end of the process.
    fn finish(&mut self) -> std::process::ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Disconnected) => return self.process.wait().unwrap(),
                Err(RecvTimeoutError::Timeout) => panic!("the client does not end; it said:\n{}", self.said.join("\n")),
            }
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        if self.process.try_wait().is_ok_and(|status| status.is_none()) {
            self.kill();
        }
    }
}
