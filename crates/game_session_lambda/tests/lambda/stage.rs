//! The AWS that a function needs: GameLift with server processes, a table, and the secret with the keyring.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::config::{BehaviorVersion, Builder, Credentials, Region};
use game_session_backend::Keyring;
use game_session_protocol::GameSessionData;
use gamelift_emulator::{Emulator, EmulatorConfig, Fault, Snapshot};

use crate::list::{Failure, Scene};
use crate::moto::{Moto, make_table};
use crate::process::{Processes, Serve};

const LIMIT: Duration = Duration::from_mins(1);

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
        let fail = |error: &str| Fault::FailCalls {
            operation: Some("CreateGameSession".to_owned()),
            error: error.to_owned(),
            times: 100,
        };
        match scene {
            Scene::CreatesFail(failure) => {
                let fault = match failure {
                    Failure::NoCapacity => fail("FleetCapacityExceededException"),
                    Failure::LimitExceeded => fail("LimitExceededException"),
                    Failure::Unauthorized => fail("UnauthorizedException"),
                    Failure::InvalidRequest => fail("InvalidRequestException"),
                    Failure::TimedOut => Fault::DelayCalls {
                        operation: Some("CreateGameSession".to_owned()),
                        millis: 600_000,
                        times: 100,
                    },
                };
                self.emulator.inject(fault).unwrap();
            }
            Scene::AllIsWell | Scene::NeverActive | Scene::Crashing => self.have_a_free_process().await,
        }
    }

    async fn have_a_free_process(&mut self) {
        let free = |world: &Snapshot| world.processes.iter().any(|process| process.placeable);
        if !free(&self.emulator.snapshot()) {
            self.processes.start();
        }
        self.emulator.wait_until(free, LIMIT).await.unwrap();
    }

    /// The private data of all game sessions.
    pub(crate) async fn session_data(&self) -> Vec<GameSessionData> {
        let config = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.emulator.region()))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(self.emulator.endpoint())
            .build();
        let asked = Client::from_conf(config)
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
