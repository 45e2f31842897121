//! What the program prints: where the dashboard is, and what to paste for each kind of client and server.

use std::fmt::Write;

use gamelift_emulator::Emulator;
use serde_json::json;

/// Everything that clients and servers need, as one line of JSON.
pub(crate) fn json(emulator: &Emulator, process_id: &str) -> String {
    let server: serde_json::Map<_, _> = emulator
        .server_environment(process_id)
        .into_iter()
        .chain(emulator.metrics_environment())
        .map(|(name, value)| (name, json!(value)))
        .collect();
    json!({
        "endpoint": emulator.endpoint(),
        "dashboard": format!("{}/", emulator.endpoint()),
        "websocket_url": emulator.websocket_url(),
        "secure_websocket_url": emulator.secure_websocket_url(),
        "region": emulator.region(),
        "fleet_id": emulator.fleet_id(),
        "location": emulator.location(),
        "control_secret": emulator.control_secret(),
        "client_environment": {
            "AWS_ENDPOINT_URL_GAMELIFT": emulator.endpoint(), "AWS_REGION": emulator.region(),
            "AWS_DEFAULT_REGION": emulator.region(), "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
        },
        "server_environment": server,
    })
    .to_string()
}

/// The same for people: comments, and lines that can be pasted into a shell.
pub(crate) fn text(emulator: &Emulator, process_id: &str) -> String {
    let endpoint = emulator.endpoint();
    let (region, fleet, location) = (emulator.region(), emulator.fleet_id(), emulator.location());
    let mut text = format!(
        "# gamelift-emulator {version}
# dashboard: {endpoint}/
# the fleet is {fleet}, its location {location}

# for clients: boto3, the AWS CLI and every other AWS SDK (any credentials will do)
export AWS_ENDPOINT_URL_GAMELIFT={endpoint}
export AWS_REGION={region} AWS_DEFAULT_REGION={region}
export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local
#   AWS CLI: aws gamelift list-fleets
#   boto3:   boto3.client(\"gamelift\", endpoint_url=\"{endpoint}\")

# for the control routes under /_emulator/ (as a bearer token)
export GAMELIFT_EMULATOR_SECRET={secret}

# for a game server process: Rust, Go, C# and C++ read these in InitSDK (another process needs another process id)
",
        version = env!("CARGO_PKG_VERSION"),
        secret = emulator.control_secret(),
    );
    for (name, value) in emulator.server_environment(process_id) {
        // a string takes every write
        let _ = writeln!(text, "export {name}={value}");
    }
    let metrics = emulator.metrics_environment();
    let metrics: Vec<String> = metrics.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let _ = writeln!(
        text,
        "# and its metrics, if it asks its SDK for any\nexport {}",
        metrics.join(" ")
    );
    let _ = write!(
        text,
        "#   Rust (gamelift_server_sdk): ServerParameters::from_env()
#   Go:                         server.InitSDK(server.ServerParameters{{}})
#   C#, Unity:                  GameLiftServerAPI.InitSDK()
#   C++:                        Aws::GameLift::Server::InitSDK()
#   Unreal:                     leave the server parameters empty, or pass the values on the server's command line
#   SDKs that want TLS:         {secure}   (--wss, --certificate-file)
",
        secure = emulator.secure_websocket_url(),
    );
    text
}
