//! How to start a server process: the program, its arguments, and where a `{port}` in them comes from.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, UdpSocket};
use std::path::{Path, PathBuf};

use crate::error::LauncherError;

/// What stands for the UDP port in an argument or a variable of a [`ServerCommand`].
pub const PORT_PLACEHOLDER: &str = "{port}";

/// The highest port that GameLift takes in `ProcessReady`.
pub const HIGHEST_PORT: u16 = 60_000;

/// How to start one dedicated server process.
///
/// A server that binds any free port and reports it by `ProcessReady`, as `SessionServerPlugin` does, needs nothing
/// more. For one that must be told its port, put `{port}` where it belongs.
///
/// ```
/// use game_session_launcher::ServerCommand;
///
/// let command = ServerCommand::new("target/debug/my_server").arg("--port").arg("{port}").env("RUST_LOG", "info");
/// assert!(command.wants_port());
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ServerCommand {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
}

impl ServerCommand {
    /// Starts `program`, found like a shell finds it.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Starts the running executable once more; give it an argument that chooses its server role.
    ///
    /// # Errors
    /// [`LauncherError::CurrentExecutable`] when the operating system does not tell its path.
    pub fn current_exe() -> Result<Self, LauncherError> {
        std::env::current_exe()
            .map(Self::new)
            .map_err(LauncherError::CurrentExecutable)
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable. The rest of the environment is that of this process; the variables of the
    /// orchestrator (`GAMELIFT_SDK_*`) win over it.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Whether an argument or a variable has a `{port}` in it.
    pub fn wants_port(&self) -> bool {
        self.arguments
            .iter()
            .chain(self.environment.iter().map(|(_, value)| value))
            .any(|text| has_placeholder(text))
    }

    /// The operating system's command, with `{port}` filled in.
    pub(crate) fn to_process(&self, port: Option<u16>) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.args(self.arguments.iter().map(|text| fill_in(text, port)));
        command.envs(
            self.environment
                .iter()
                .map(|(name, value)| (name, fill_in(value, port))),
        );
        command
    }
}

impl std::fmt::Debug for ServerCommand {
    /// Names the variables only: their values may be secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        let mut text = f.debug_struct("ServerCommand");
        text.field("program", &self.program)
            .field("arguments", &self.arguments)
            .field("environment", &names)
            .finish()
    }
}

fn has_placeholder(text: &OsStr) -> bool {
    text.to_str().is_some_and(|text| text.contains(PORT_PLACEHOLDER))
}

/// Fills in the port; a text that is no Unicode has no placeholder and stays.
fn fill_in(text: &OsStr, port: Option<u16>) -> OsString {
    match (text.to_str(), port) {
        (Some(readable), Some(port)) => readable.replace(PORT_PLACEHOLDER, &port.to_string()).into(),
        _ => text.to_owned(),
    }
}

/// Where the UDP ports for `{port}` come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PortRange(Option<(u16, u16)>);

impl PortRange {
    /// Any port that the operating system says is free.
    pub fn any() -> Self {
        Self(None)
    }

    /// The ports from `first` to `last`, both included: for a firewall that opens only these.
    ///
    /// # Errors
    /// [`LauncherError::InvalidPortRange`] when it is empty, or has ports that GameLift does not take.
    pub fn new(first: u16, last: u16) -> Result<Self, LauncherError> {
        if first == 0 || first > last || last > HIGHEST_PORT {
            return Err(LauncherError::InvalidPortRange { first, last });
        }
        Ok(Self(Some((first, last))))
    }

    /// A port that is in the range, not `taken`, and that can be bound now. Another program may still come first:
    /// then the server fails to bind it, ends, and is replaced with another port.
    pub(crate) fn free_port(self, taken: &BTreeSet<u16>) -> Result<u16, String> {
        let usable = |port: &u16| !taken.contains(port) && *port <= HIGHEST_PORT;
        if let Some((first, last)) = self.0 {
            return (first..=last)
                .filter(usable)
                .find(|port| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, *port)).is_ok())
                .ok_or_else(|| format!("no UDP port from {first} to {last} is free: widen the range"));
        }
        // the system's own range may reach beyond what GameLift takes; the held sockets keep it from repeating
        let mut held = Vec::new();
        for _ in 0..256 {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).map_err(|error| error.to_string())?;
            let port = socket.local_addr().map_err(|error| error.to_string())?.port();
            held.push(socket);
            if usable(&port) {
                return Ok(port);
            }
        }
        Err("the operating system offered no UDP port up to 60000: name a port range".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_port_is_filled_in_wherever_it_is_asked_for() {
        let command = ServerCommand::new("server")
            .args(["--port", "{port}"])
            .arg("--name=s{port}")
            .env("PORT", "{port}");
        assert!(command.wants_port());
        let process = command.to_process(Some(7777));
        let arguments: Vec<_> = process.get_args().collect();
        assert_eq!(arguments, ["--port", "7777", "--name=s7777"]);
        let environment: Vec<_> = process.get_envs().collect();
        assert_eq!(environment, [(OsStr::new("PORT"), Some(OsStr::new("7777")))]);
    }

    #[test]
    fn a_command_without_a_placeholder_is_left_alone() {
        let command = ServerCommand::new("server").arg("--port").arg("0");
        assert!(!command.wants_port());
        assert_eq!(command.to_process(None).get_args().collect::<Vec<_>>(), ["--port", "0"]);
    }

    #[test]
    fn the_values_of_variables_are_not_shown() {
        let shown = format!("{:?}", ServerCommand::new("server").env("API_KEY", "hush"));
        assert!(shown.contains("API_KEY") && !shown.contains("hush"), "{shown}");
    }

    #[test]
    fn a_range_that_gamelift_would_refuse_is_refused() {
        for (first, last) in [(0, 10), (10, 9), (59_999, 60_001)] {
            let error = PortRange::new(first, last).unwrap_err();
            assert!(error.to_string().contains(&format!("{first}-{last}")), "{error}");
        }
        assert!(PortRange::new(1, 60_000).is_ok());
    }

    #[test]
    fn a_range_skips_ports_that_are_bound_and_says_when_it_is_used_up() {
        let taken = PortRange::any().free_port(&BTreeSet::new()).unwrap();
        let holder = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, taken)).unwrap();
        let only_that = PortRange::new(taken, taken).unwrap();
        assert!(
            only_that
                .free_port(&BTreeSet::new())
                .unwrap_err()
                .contains("widen the range")
        );
        drop(holder);
        assert_eq!(only_that.free_port(&BTreeSet::new()), Ok(taken));
        assert!(only_that.free_port(&BTreeSet::from([taken])).is_err());
    }

    #[test]
    fn any_port_is_one_that_gamelift_takes_and_that_no_other_server_has() {
        let mut taken = BTreeSet::new();
        for _ in 0..20 {
            let port = PortRange::any().free_port(&taken).unwrap();
            assert!(port > 0 && port <= HIGHEST_PORT);
            assert!(taken.insert(port));
        }
    }
}
