//! Things that go wrong on purpose.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    error::EmulatorError,
    model::{
        error::{ApiError, ErrorKind},
        operations::OPERATIONS,
    },
    server::Driver,
    world::{About, Level},
};

/// Rules that wait for their calls.
const MAX_RULES: usize = 1_000;

/// Something that goes wrong on purpose. As a body of `POST /_emulator/faults`: `{"fault": "fail_calls", ...}`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Fault {
    /// The next calls of an operation, or of any, are answered with an error instead of being carried out.
    FailCalls {
        /// The operation; every operation if there is none.
        #[serde(default)]
        operation: Option<String>,
        /// The error, such as `ThrottlingException` or `InternalServiceException`.
        error: String,
        /// How many calls.
        times: u32,
    },
    /// The next calls of an operation, or of any, are answered late.
    DelayCalls {
        /// The operation; every operation if there is none.
        #[serde(default)]
        operation: Option<String>,
        /// How late, in milliseconds.
        millis: u64,
        /// How many calls.
        times: u32,
    },
    /// Sockets break without a farewell.
    CutSockets {
        /// Of this process; of all if there is none.
        #[serde(default)]
        process_id: Option<String>,
    },
    /// Processes are asked to open a new connection with a new token.
    RefreshConnections {
        /// This process; all if there is none.
        #[serde(default)]
        process_id: Option<String>,
    },
    /// Processes are told to end by themselves, as when a spot instance is taken away.
    Interrupt {
        /// This process; all if there is none.
        #[serde(default)]
        process_id: Option<String>,
    },
    /// Processes are told to end within a time, as a spot interruption does.
    InterruptWithin {
        /// This process; all if there is none.
        #[serde(default)]
        process_id: Option<String>,
        /// The time until they count as ended, in milliseconds.
        millis: u64,
    },
    /// Sockets stay open, and nobody reads or writes at this end any more.
    HalfOpenSockets {
        /// Of this process; of all if there is none.
        #[serde(default)]
        process_id: Option<String>,
    },
    /// Processes count as crashed at once, and their sockets break.
    CrashProcesses {
        /// This process; all if there is none.
        #[serde(default)]
        process_id: Option<String>,
    },
    /// The next `ActivateGameSession` requests of processes are refused.
    RefuseActivations {
        /// How many.
        times: u32,
    },
    /// No auth token that was given so far is good any more. Open sockets stay.
    ExpireTokens,
    /// The ping beacon of a location answers late.
    DelayPings {
        /// The location; every location if there is none.
        #[serde(default)]
        location: Option<String>,
        /// How late, in milliseconds.
        millis: u64,
    },
    /// Calls and pings are answered as they should be again.
    Clear,
}

impl Fault {
    pub(crate) fn inject(self, driver: &Driver) -> Result<(), EmulatorError> {
        let words = self.words();
        self.check(driver)?;
        self.act(driver)?;
        driver.act(|world, now| world.tell(now, (Level::Warn, About::Fault), "on purpose", words));
        Ok(())
    }

    /// Whom it names must be there: a misspelt name hits nobody, and must not look as if it had.
    fn check(&self, driver: &Driver) -> Result<(), EmulatorError> {
        let (what, name, known) = match self {
            Self::FailCalls {
                operation: Some(name), ..
            }
            | Self::DelayCalls {
                operation: Some(name), ..
            } => ("operation", name, OPERATIONS.contains(&name.as_str())),
            Self::CutSockets {
                process_id: Some(name), ..
            }
            | Self::RefreshConnections {
                process_id: Some(name), ..
            }
            | Self::Interrupt {
                process_id: Some(name), ..
            }
            | Self::InterruptWithin {
                process_id: Some(name), ..
            }
            | Self::HalfOpenSockets {
                process_id: Some(name), ..
            }
            | Self::CrashProcesses {
                process_id: Some(name), ..
            } => ("process", name, driver.look(|world| world.has_process(name))),
            Self::DelayPings {
                location: Some(name), ..
            } => ("location", name, driver.look(|world| world.has_location(name))),
            _ => return Ok(()),
        };
        if known {
            Ok(())
        } else {
            Err(EmulatorError::UnknownTarget {
                what,
                name: name.clone(),
            })
        }
    }

    fn act(self, driver: &Driver) -> Result<(), EmulatorError> {
        match self {
            Self::FailCalls {
                operation,
                error,
                times,
            } => {
                let Some(kind) = ErrorKind::by_name(&error) else {
                    return Err(EmulatorError::UnknownError(error));
                };
                driver.faults().add(operation, times, Effect::Fail(kind));
            }
            Self::DelayCalls {
                operation,
                millis,
                times,
            } => {
                driver
                    .faults()
                    .add(operation, times, Effect::Delay(Duration::from_millis(millis)));
            }
            Self::CutSockets { process_id } => {
                let sockets = driver.look(|world| world.sockets_of(process_id.as_deref()));
                driver.cut(&sockets);
            }
            Self::RefreshConnections { process_id } => {
                driver.act(|world, now| world.refresh_connections(process_id.as_deref(), now));
            }
            Self::Interrupt { process_id } => driver.act(|world, now| world.interrupt(process_id.as_deref(), now)),
            Self::InterruptWithin { process_id, millis } => {
                let within = Duration::from_millis(millis);
                driver.act(|world, now| world.interrupt_within(process_id.as_deref(), within, now));
            }
            Self::HalfOpenSockets { process_id } => {
                let sockets = driver.look(|world| world.sockets_of(process_id.as_deref()));
                driver.half_open(&sockets);
            }
            Self::CrashProcesses { process_id } => {
                let sockets = driver.look(|world| world.sockets_of(process_id.as_deref()));
                driver.act(|world, now| world.crash(process_id.as_deref(), now));
                driver.cut(&sockets);
            }
            Self::RefuseActivations { times } => driver.act(|world, _| world.refuse_activations(times)),
            Self::ExpireTokens => driver.act(|world, _| world.expire_tokens()),
            Self::DelayPings { location, millis } => {
                let by = Some(Duration::from_millis(millis));
                driver.act(|world, _| world.delay_pings(location.as_deref(), by));
            }
            Self::Clear => {
                driver.faults().rules.clear();
                driver.act(|world, _| {
                    world.refuse_activations(0);
                    world.delay_pings(None, None);
                });
            }
        }
        Ok(())
    }
}

/// The rules for AWS calls.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    operation: Option<String>,
    left: u32,
    effect: Effect,
}

#[derive(Clone, Copy, Debug)]
enum Effect {
    Fail(ErrorKind),
    Delay(Duration),
}

/// What goes wrong until it has happened often enough, or until all is cleared.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum ActiveFault {
    /// A rule that still waits for calls.
    Calls {
        /// The operation; every operation if there is none.
        operation: Option<String>,
        left: u32,
        error: Option<&'static str>,
        delay_millis: Option<u128>,
    },
    /// The ping beacon of a location that answers late.
    Pings { location: String, delay_millis: u128 },
}

/// What is to go wrong with one call.
#[derive(Debug, Default)]
pub(crate) struct CallFault {
    pub(crate) delay: Option<Duration>,
    pub(crate) error: Option<ApiError>,
}

impl Faults {
    fn add(&mut self, operation: Option<String>, times: u32, effect: Effect) {
        if self.rules.len() < MAX_RULES && times > 0 {
            self.rules.push(Rule {
                operation,
                left: times,
                effect,
            });
        }
    }

    /// The rules that still wait for calls.
    pub(crate) fn active(&self) -> Vec<ActiveFault> {
        let active = self.rules.iter().map(|rule| ActiveFault::Calls {
            operation: rule.operation.clone(),
            left: rule.left,
            error: match rule.effect {
                Effect::Fail(kind) => Some(kind.name()),
                Effect::Delay(_) => None,
            },
            delay_millis: match rule.effect {
                Effect::Fail(_) => None,
                Effect::Delay(delay) => Some(delay.as_millis()),
            },
        });
        active.collect()
    }

    /// Uses up one turn of every rule that is about this call.
    pub(crate) fn for_call(&mut self, operation: &str) -> CallFault {
        let mut fault = CallFault::default();
        for rule in &mut self.rules {
            if rule.operation.as_deref().is_some_and(|named| named != operation) {
                continue;
            }
            match rule.effect {
                Effect::Fail(_) if fault.error.is_some() => continue,
                Effect::Fail(kind) => fault.error = Some(ApiError::new(kind, "this error was asked for")),
                Effect::Delay(delay) => fault.delay = Some(fault.delay.unwrap_or_default() + delay),
            }
            rule.left -= 1;
        }
        self.rules.retain(|rule| rule.left > 0);
        fault
    }
}
