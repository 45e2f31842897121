//! The four columns of the quirks matrix: how the official server SDKs write what they send.

use gamelift_emulator::Emulator;
use serde_json::{Value, json};

use crate::process::Process;

/// How a process goes away when its SDK is destroyed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Farewell {
    /// The TCP connection breaks.
    Drop,
    /// A close frame with this code.
    Code(u16),
}

/// One column of the matrix.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a row of the matrix is a yes or a no")]
pub(crate) struct Sdk {
    pub(crate) name: &'static str,
    pub(crate) always_tls: bool,
    pub(crate) pings_before_sending: bool,
    pub(crate) resends: bool,
    pub(crate) writes_nulls: bool,
    /// The value of `LogPaths` when there are none; nothing at all if it is left out.
    pub(crate) no_log_paths: Option<fn() -> Value>,
    pub(crate) farewell: Farewell,
}

pub(crate) const SDKS: [Sdk; 4] = [
    Sdk {
        name: "Go",
        always_tls: false,
        pings_before_sending: false,
        resends: false,
        writes_nulls: false,
        no_log_paths: Some(|| Value::Null),
        farewell: Farewell::Drop,
    },
    Sdk {
        name: "Cpp",
        always_tls: true,
        pings_before_sending: false,
        resends: true,
        writes_nulls: false,
        no_log_paths: None,
        farewell: Farewell::Code(1001),
    },
    Sdk {
        name: "CSharp",
        always_tls: false,
        pings_before_sending: true,
        resends: false,
        writes_nulls: true,
        no_log_paths: Some(|| json!([])),
        farewell: Farewell::Code(1000),
    },
    Sdk {
        name: "5.0",
        always_tls: false,
        pings_before_sending: false,
        resends: false,
        writes_nulls: true,
        no_log_paths: Some(|| Value::Null),
        farewell: Farewell::Drop,
    },
];

impl Sdk {
    /// The handshake's query: sorted and form-encoded, sorted and raw, or in C#'s own order and raw.
    pub(crate) fn query(&self, emulator: &Emulator, process_id: &str) -> String {
        let environment = emulator.server_environment(process_id);
        let value = |name: &str| {
            let found = environment.iter().find(|(known, _)| known.ends_with(name));
            found.map(|(_, value)| value.clone()).unwrap()
        };
        let (token, host, fleet) = (value("AUTH_TOKEN"), value("HOST_ID"), value("FLEET_ID"));
        match self.name {
            "Go" => {
                let token = token.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D");
                format!(
                    "Authorization={token}&ComputeId={host}&FleetId={fleet}&IdempotencyToken={process_id}-t&pID={process_id}&sdkLanguage=Go&sdkVersion=5.6.0"
                )
            }
            "CSharp" => format!(
                "ComputeId={host}&FleetId={fleet}&pID={process_id}&sdkLanguage=CSharp&sdkVersion=5.4.0&IdempotencyToken={process_id}-t&Authorization={token}"
            ),
            "Cpp" => format!(
                "Authorization={token}&ComputeId={host}&FleetId={fleet}&IdempotencyToken=Ab0Ab0Ab0Ab0Ab0Ab0Ab0Ab0Ab0Ab0Ab&pID={process_id}&sdkLanguage=Cpp&sdkVersion=5.4.0"
            ),
            _ => format!(
                "Authorization={token}&ComputeId={host}&FleetId={fleet}&pID={process_id}&sdkLanguage=Go&sdkVersion=5.0.0"
            ),
        }
    }

    pub(crate) async fn connect(&self, emulator: &Emulator, process_id: &str) -> Process {
        let query = self.query(emulator, process_id);
        let connected = if self.always_tls {
            Process::connect_tls(emulator, &query, rustls::DEFAULT_VERSIONS).await
        } else {
            Process::connect_with(emulator, &query).await
        };
        connected.unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }

    /// A request id as this SDK makes them.
    pub(crate) fn request_id(&self, number: u32) -> String {
        if self.name == "Cpp" {
            format!("{number:0>8}abcdefghijklmnopqrstuvwX")
        } else {
            format!("3270faea-5909-4ec0-8cd8-{number:0>12}")
        }
    }

    /// Sends a request in this SDK's way and returns its reply.
    pub(crate) async fn ask(&self, process: &mut Process, number: u32, mut request: Value) -> Value {
        if self.pings_before_sending {
            process.ping().await;
        }
        let id = self.request_id(number);
        request["RequestId"] = json!(id);
        if self.writes_nulls {
            request["SdkToolName"] = Value::Null;
            request["ErrorMessage"] = Value::Null;
        }
        process.send(&request.to_string()).await;
        let reply = process.reply(&id).await;
        if self.resends {
            process.send(&request.to_string()).await;
            assert_eq!(process.reply(&id).await, reply, "the same request has the same reply");
        }
        reply
    }

    /// `ProcessReady` without log paths.
    pub(crate) fn ready(&self) -> Value {
        let mut ready =
            json!({"Action": "ActivateServerProcess", "SdkVersion": "5.4.0", "SdkLanguage": self.name, "Port": 7001});
        if let Some(paths) = self.no_log_paths {
            ready["LogPaths"] = paths();
        }
        ready
    }

    pub(crate) async fn leave(&self, process: Process) {
        match self.farewell {
            Farewell::Drop => drop(process),
            Farewell::Code(code) => process.close(code).await,
        }
    }
}
