//! The AWS that a function needs: GameLift with server processes, a table, and the secret with the keyring.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_gamelift::types::GameSessionQueueDestination;
use game_session_backend::Keyring;
use game_session_protocol::GameSessionData;
use gamelift_emulator::{Emulator, EmulatorConfig, Fault, Snapshot};

use crate::list::{Failure, Scene};
use crate::moto::{Moto, make_table};
use crate::process::{Processes, Serve};

const LIMIT: Duration = Duration::from_secs(5);

pub(crate) struct Stage {
    pub(crate) emulator: Arc<Emulator>,
    moto: Moto,
    processes: Processes,
}

impl Stage {
    /// `None` where moto is not installed and nobody insists on it.
    pub(crate) async fn new() -> Option<Self> {
        let moto = Moto::start()?;
        make_table(&moto.client()).await;
        moto.keep_keyring(&Keyring::new_key_text("k1")).await;
        let config = EmulatorConfig::default().socket_loss_grace(Duration::from_millis(50));
        let emulator = Arc::new(Emulator::start(config).await.unwrap());
        let processes = Processes::new(Arc::clone(&emulator));
        Some(Self {
            emulator,
            moto,
            processes,
        })
    }

    /// What an instance of the function finds in its environment.
    pub(crate) fn environment(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = [
            ("AWS_REGION", self.emulator.region()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_GAMELIFT", self.emulator.endpoint()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.moto.url.clone()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", self.moto.url.clone()),
            ("GAME_SESSION_TABLE", "rows".to_owned()),
            ("GAME_SESSION_KEYRING_SECRET", "keyring".to_owned()),
            ("GAME_SESSION_FLEET", self.emulator.fleet_id()),
            ("GAME_SESSION_LOCATION", self.emulator.location()),
            ("GAME_SESSION_MAX_WAIT", "10".to_owned()),
            ("GAME_SESSION_REQUEST_DEADLINE", "15".to_owned()),
        ];
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        let all = own.into_iter().chain(more);
        all.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    pub(crate) async fn play(&mut self, scene: Scene) {
        self.emulator.inject(Fault::Clear).unwrap();
        self.processes.serve(match scene {
            Scene::AllIsWell | Scene::CreatesFail(_) => Serve::ActivateAtOnce,
            Scene::NeverActive => Serve::Never,
            Scene::Crashing => Serve::Crash,
        });
        match scene {
            // What makes a game session fails so, in whichever mode.
            Scene::CreatesFail(failure) => {
                for operation in ["CreateGameSession", "StartGameSessionPlacement"] {
                    self.emulator.inject(fault(operation, failure)).unwrap();
                }
            }
            Scene::AllIsWell | Scene::NeverActive | Scene::Crashing => self.have_a_free_process().await,
        }
    }

    /// A queue over the fleet; its ARN.
    pub(crate) async fn make_queue(&self, name: &str) -> String {
        let fleet = format!(
            "arn:aws:gamelift:{}::fleet/{}",
            self.emulator.region(),
            self.emulator.fleet_id()
        );
        let destination = GameSessionQueueDestination::builder().destination_arn(fleet).build();
        let made = self.gamelift().create_game_session_queue().name(name);
        let made = made
            .destinations(destination)
            .timeout_in_seconds(60)
            .send()
            .await
            .unwrap();
        made.game_session_queue.unwrap().game_session_queue_arn.unwrap()
    }

    fn gamelift(&self) -> Client {
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.emulator.region()))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(self.emulator.endpoint());
        Client::from_conf(config.build())
    }

    /// Starts processes until one is free: the first ones may be taken by what is still being placed.
    async fn have_a_free_process(&mut self) {
        let free = |world: &Snapshot| world.processes.iter().any(|process| process.placeable);
        for _ in 0..8 {
            if free(&self.emulator.snapshot()) {
                return;
            }
            self.processes.start();
            // It is no failure when it was taken at once.
            let _ = self.emulator.wait_until(free, LIMIT).await;
        }
        assert!(free(&self.emulator.snapshot()), "every process is taken");
    }

    /// The private data of all game sessions.
    pub(crate) async fn session_data(&self) -> Vec<GameSessionData> {
        let asked = self
            .gamelift()
            .describe_game_sessions()
            .fleet_id(self.emulator.fleet_id())
            .location(self.emulator.location())
            .limit(100);
        let found = asked.send().await.unwrap().game_sessions.unwrap_or_default();
        let data = found
            .iter()
            .map(|session| session.game_session_data().unwrap_or_default());
        data.map(|text| GameSessionData::parse(text).unwrap()).collect()
    }

    /// The session keys and tokens of all game sessions.
    pub(crate) async fn secrets(&self) -> Vec<String> {
        let data = self.session_data().await.into_iter();
        let secrets = data.flat_map(|data| {
            let key = serde_json::to_value(&data.key).unwrap().as_str().unwrap().to_owned();
            [key, data.token]
        });
        secrets.collect()
    }
}

fn fault(operation: &str, failure: Failure) -> Fault {
    let operation = Some(operation.to_owned());
    let error = match failure {
        Failure::NoCapacity => "FleetCapacityExceededException",
        Failure::LimitExceeded => "LimitExceededException",
        Failure::Unauthorized => "UnauthorizedException",
        Failure::InvalidRequest => "InvalidRequestException",
        Failure::TimedOut => {
            return Fault::DelayCalls {
                operation,
                millis: 600_000,
                times: 100,
            };
        }
    };
    Fault::FailCalls {
        operation,
        error: error.to_owned(),
        times: 100,
    }
}
