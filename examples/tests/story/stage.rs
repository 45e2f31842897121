//! The stack under test: emulator and backend in this process, dedicated servers in processes of their own.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};

use game_session_launcher::supervisor::ServerStatus;
use game_session_launcher::{LocalStack, ServerCommand};
use gamelift_emulator::{GameSessionStatus, ProcessStatus, Snapshot};
use tracing_subscriber::fmt::MakeWriter;

use super::{PATIENCE, process};

/// The running stack, and what it and its servers said.
pub(super) struct Stage {
    stack: LocalStack,
    server_lines: Arc<Mutex<Vec<String>>>,
}

impl Stage {
    /// Starts everything and waits for the first server process.
    pub(super) fn set() -> Self {
        Self::with_servers("server")
    }

    /// The same, with server processes in this role.
    pub(super) fn with_servers(role: &str) -> Self {
        LOG.listen();
        let server_lines = Arc::<Mutex<Vec<String>>>::default();
        let sink = server_lines.clone();
        let server = ServerCommand::current_exe()
            .unwrap()
            .env(crate::ROLE, role)
            .args(["server", "--port", "0"]);
        let stack = LocalStack::builder(server)
            .on_line(move |line| sink.lock().unwrap().push(line.into()))
            .start();
        let stage = Self {
            stack: stack.unwrap(),
            server_lines,
        };
        stage
            .stack
            .wait_until_ready(PATIENCE)
            .unwrap_or_else(|error| panic!("{error}\n{}", stage.said()));
        stage
    }

    pub(super) fn backend_url(&self) -> String {
        self.stack.backend_url().to_string()
    }

    /// The AWS operations called since [`forget_calls`](Self::forget_calls).
    pub(super) fn calls(&self) -> Vec<String> {
        self.stack.emulator().calls()
    }

    pub(super) fn forget_calls(&self) {
        self.stack.emulator().reset_calls();
    }

    /// Whether a server process said something about something.
    pub(super) fn servers_said(&self, saying: &str, about: &str) -> bool {
        let lines = self.server_lines.lock().unwrap();
        lines.iter().any(|line| line.contains(saying) && line.contains(about))
    }

    /// How many server processes run.
    pub(super) fn process_count(&self) -> usize {
        self.processes().len()
    }

    /// Waits until the emulator's world is as wanted.
    pub(super) fn wait_until(&self, what: &str, mut wanted: impl FnMut(&World) -> bool) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let seen = runtime.block_on(
            self.stack
                .emulator()
                .wait_until(|world| wanted(&World(world)), PATIENCE),
        );
        assert!(
            seen.is_ok(),
            "waited in vain until {what}:\n{:#?}\n{}",
            self.stack.emulator().snapshot(),
            self.said()
        );
    }

    /// Kills the server process that has a game session, without a chance to say goodbye.
    pub(super) fn kill_busy_server(&self) {
        let snapshot = self.stack.emulator().snapshot();
        let busy = World(&snapshot).busy_process().expect("a process has the game session");
        let (_, os_id) = self
            .processes()
            .into_iter()
            .find(|(id, _)| *id == busy)
            .expect("it is one of ours");
        process::send("-KILL", os_id);
    }

    /// The one server process: the id the orchestrator knows, and the operating system's.
    pub(super) fn only_process(&self) -> (String, u32) {
        let [process] = self.processes().try_into().expect("one process runs");
        process
    }

    /// Stops everything; no process may be left.
    pub(super) fn strike(self) {
        let processes = self.processes();
        drop(self.stack);
        for (id, os_id) in processes {
            assert!(
                !Path::new(&format!("/proc/{os_id}")).exists(),
                "the server process {id} outlived the stack"
            );
        }
    }

    /// The same, and neither the stack nor a server process may have warned.
    pub(super) fn strike_without_warnings(self) {
        let lines = self.server_lines.clone();
        self.strike();
        let lines = lines.lock().unwrap();
        let warned: Vec<_> = lines.iter().filter(|line| warns(line)).collect();
        assert!(warned.is_empty(), "a server process warned: {warned:#?}");
        let warnings = LOG.warnings();
        assert!(warnings.is_empty(), "the stack warned:\n{warnings}");
    }

    fn said(&self) -> String {
        self.server_lines.lock().unwrap().join("\n")
    }

    /// The processes that run: the id the orchestrator knows, and the operating system's.
    fn processes(&self) -> Vec<(String, u32)> {
        let running = |server| match server {
            ServerStatus::Running { process_id, os_id, .. } => Some((process_id, os_id)),
            _ => None,
        };
        self.stack.servers().servers.into_iter().filter_map(running).collect()
    }
}

/// Whether emulator or backend said something about something.
pub(super) fn stack_said(saying: &str, about: &str) -> bool {
    LOG.says(saying, about)
}

/// What a story asks about the emulator's world.
pub(super) struct World<'a>(&'a Snapshot);

impl World<'_> {
    /// Seats that are reserved or taken.
    pub(super) fn seats_in_use(&self) -> u32 {
        self.0.game_sessions.iter().map(|session| session.seats_taken).sum()
    }

    pub(super) fn live_sessions(&self) -> usize {
        self.0
            .game_sessions
            .iter()
            .filter(|session| session.status != GameSessionStatus::Terminated)
            .count()
    }

    pub(super) fn idle_processes(&self) -> usize {
        self.0.processes.iter().filter(|process| process.placeable).count()
    }

    pub(super) fn has_ended(&self, process_id: &str) -> bool {
        let mut ended = self
            .0
            .processes
            .iter()
            .filter(|process| process.status == ProcessStatus::Ended);
        ended.any(|process| process.process_id == process_id)
    }

    pub(super) fn crashes(&self) -> usize {
        self.0
            .fleet_events
            .iter()
            .filter(|event| event.code.contains("CRASHED"))
            .count()
    }

    fn busy_process(&self) -> Option<String> {
        let busy = self
            .0
            .processes
            .iter()
            .find(|process| process.open_sockets > 0 && process.game_session_id.is_some());
        busy.map(|process| process.process_id.clone())
    }
}

fn warns(line: &str) -> bool {
    line.contains("WARN") || line.contains("ERROR")
}

static LOG: Log = Log(Mutex::new(String::new()));

/// Hears what this process logs: the backend and the emulator.
struct Log(Mutex<String>);

impl Log {
    fn listen(&'static self) {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::INFO)
                .with_ansi(false)
                .with_writer(self)
                .init();
        });
        self.0.lock().unwrap().clear();
    }

    fn warnings(&self) -> String {
        let heard = self.0.lock().unwrap();
        let warnings = heard.lines().filter(|line| warns(line));
        warnings.collect::<Vec<_>>().join("\n")
    }

    fn says(&self, saying: &str, about: &str) -> bool {
        let heard = self.0.lock().unwrap();
        heard.lines().any(|line| line.contains(saying) && line.contains(about))
    }
}

impl<'a> MakeWriter<'a> for &'static Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl io::Write for &'static Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
