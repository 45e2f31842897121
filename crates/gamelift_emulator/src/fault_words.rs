//! Faults in words, for the chronicle.

use crate::faults::Fault;

impl Fault {
    /// What is to go wrong, as a sentence.
    pub(crate) fn words(&self) -> String {
        let calls = |operation: &Option<String>, times: &u32| {
            let operation = operation.as_deref().unwrap_or("any operation");
            format!("the next {times} calls of {operation}")
        };
        let processes = |process_id: &Option<String>| match process_id {
            Some(id) => format!("process {id}"),
            None => "all processes".to_owned(),
        };
        match self {
            Self::FailCalls {
                operation,
                error,
                times,
            } => format!("{} fail with {error}", calls(operation, times)),
            Self::DelayCalls {
                operation,
                millis,
                times,
            } => format!("{} are answered {millis} ms late", calls(operation, times)),
            Self::CutSockets { process_id } => format!("the sockets of {} break", processes(process_id)),
            Self::RefreshConnections { process_id } => {
                format!("{} shall open a new connection", processes(process_id))
            }
            Self::Interrupt { process_id } => format!("{} shall end", processes(process_id)),
            Self::InterruptWithin { process_id, millis } => {
                format!("{} shall end within {millis} ms", processes(process_id))
            }
            Self::HalfOpenSockets { process_id } => format!("the sockets of {} go deaf", processes(process_id)),
            Self::CrashProcesses { process_id } => format!("{} crash", processes(process_id)),
            Self::RefuseActivations { times } => format!("the next {times} activations are refused"),
            Self::DelayPings { location, millis } => {
                let location = location.as_deref().unwrap_or("all locations");
                format!("pings to {location} are answered {millis} ms late")
            }
            Self::ExpireTokens => "all auth tokens expire".to_owned(),
            Self::Clear => "nothing goes wrong on purpose any more".to_owned(),
        }
    }
}
