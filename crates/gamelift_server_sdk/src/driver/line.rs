//! The user's end of the task: calls go in, events come out.

use std::{
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    claim::Claim,
    container,
    hooks::{HealthCheck, Hooks, TokenRenewal},
    task::{Driver, EVENTS, Parts, Responder},
    tls::Tls,
};
use crate::{
    Error, Event, ServerParameters,
    container::ContainerNetwork,
    proto::{Answer, Call, Core, Random},
};

/// Calls that may wait to be taken up.
const COMMANDS: usize = 1024;

/// The user's end of the task.
pub(crate) struct Line {
    commands: mpsc::Sender<(Call, Responder)>,
    events: Mutex<mpsc::Receiver<Event>>,
    hooks: Hooks,
    runtime: Handle,
    process_id: String,
    fallback_role_session: String,
}

impl Line {
    /// Checks the parameters, starts the task and waits for the first connection.
    pub(crate) async fn open(parameters: ServerParameters) -> Result<Self, Error> {
        let runtime = Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let mut seed = [0; 16];
        if getrandom::fill(&mut seed).is_err() {
            // Ids need to differ, not to be secret.
            let since = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            seed = (since.as_nanos() ^ (u128::from(std::process::id()) << 96)).to_le_bytes();
        }
        let seed = u128::from_le_bytes(seed);
        let environment = |name: &str| std::env::var(name).ok();
        let mut parameters = parameters;
        let tls = Tls::new(parameters.take_root_certificates())?;
        let container = container::lacks(&parameters, &environment);
        if container {
            parameters = container::complete(parameters, &environment).await?;
        }
        let config = parameters.resolve(&environment, &mut Random::new(!seed))?;
        let claim = Claim::new(&config)?;
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let (event_queue, events) = mpsc::channel(EVENTS);
        let (initialized, init) = oneshot::channel();
        let (said, said_queue) = mpsc::channel(4);
        let hooks = Hooks::default();
        let handshake = &config.handshake;
        let process_id = handshake.process_id.clone();
        let fallback_role_session = format!("{}-{}", handshake.fleet_id, handshake.host_id.replace('/', "-"));
        let driver = Driver::new(Parts {
            core: Core::new(config, Duration::ZERO, seed),
            initialized,
            event_queue,
            hooks: hooks.clone(),
            said,
            tls,
            claim,
            container,
        });
        runtime.spawn(driver.run(command_queue, said_queue));
        init.await.unwrap_or(Err(Error::Ended))?;
        Ok(Self {
            commands,
            events: Mutex::new(events),
            hooks,
            runtime,
            process_id,
            fallback_role_session,
        })
    }

    /// Makes a call and waits for its end. The task sees to it that there is one in time.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        let (responder, response) = oneshot::channel();
        self.commands.try_send((call, responder)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Ended,
        })?;
        response.await.unwrap_or(Err(Error::Ended))
    }

    pub(crate) fn poll_event(&self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).poll_recv(cx)
    }

    pub(crate) fn set_health_check(&self, check: HealthCheck) {
        self.hooks.set_health_check(check);
    }

    pub(crate) fn set_token_renewal(&self, renewal: TokenRenewal) {
        self.hooks.set_token_renewal(renewal);
    }

    /// Asks the container's neighbours; see [`container::network`].
    pub(crate) async fn container_network(&self) -> Result<Vec<ContainerNetwork>, Error> {
        let (responder, response) = oneshot::channel();
        // On the runtime, because the caller may be on another executor.
        drop(self.runtime.spawn(async move {
            let environment = |name: &str| std::env::var(name).ok();
            drop(responder.send(container::network(&environment).await));
        }));
        response.await.unwrap_or(Err(Error::Ended))
    }

    /// The id of this process, as the service knows it.
    pub(crate) fn process_id(&self) -> &str {
        &self.process_id
    }

    /// The name under which a role is taken when the user gives none: fleet and compute, cut to 64.
    pub(crate) fn fallback_role_session(&self) -> &str {
        let name = &self.fallback_role_session;
        &name[..name.len().min(64)]
    }
}
