//! The backend: whether its configuration makes sense, and whether it answers.

use std::time::Duration;

use game_session_backend::Keyring;
use game_session_protocol::routes;

use super::finding::Finding;
use crate::anywhere::LocationName;
use crate::anywhere::settings::host_and_port;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// One of these says where game sessions are placed.
const PLACES: [&str; 5] = [
    "GAME_SESSION_QUEUE",
    "GAME_SESSION_FLEET",
    "GAME_SESSION_ALIAS",
    "GAME_SESSION_BUILD",
    "GAME_SESSION_FLEET_NAME",
];
const NOT_WITH_A_QUEUE: [&str; 3] = [
    "GAME_SESSION_LOCATION",
    "GAME_SESSION_LEGACY",
    "GAME_SESSION_ORIGINAL_CONTRACT",
];
const SWITCHES: [&str; 3] = [
    "GAME_SESSION_BEHIND_PROXY",
    "GAME_SESSION_LEGACY",
    "GAME_SESSION_ORIGINAL_CONTRACT",
];
const TLS: [&str; 2] = ["GAME_SESSION_TLS_CERTIFICATES", "GAME_SESSION_TLS_KEY"];

/// Whether a variable is set to more than `false`.
fn is_on(value: Option<String>) -> bool {
    value.is_some_and(|word| word != "false")
}

/// The backend's variables, by a function that reads one.
pub(super) fn configuration(read: impl Fn(&str) -> Option<String>) -> Finding {
    const CHECK: &str = "backend configuration";
    let read = |name: &str| read(name).filter(|value| !value.is_empty());
    let problem = |seen: String, mend: &str| Finding::problem(CHECK, seen, mend);
    let places = PLACES.into_iter().filter(|name| read(name).is_some());
    if let [one, other, ..] = places.collect::<Vec<_>>()[..] {
        return problem(format!("{one} and {other} are both set"), "keep the one that is meant");
    }
    if read("GAME_SESSION_QUEUE").is_some()
        && let Some(name) = NOT_WITH_A_QUEUE.into_iter().find(|name| is_on(read(name)))
    {
        return problem(
            format!("GAME_SESSION_QUEUE and {name} are both set"),
            "keep the one that is meant: a queue has its fleets, and they have their locations",
        );
    }
    for name in SWITCHES {
        if let Some(word) = read(name).filter(|word| word != "true" && word != "false") {
            return problem(format!("{name} is {word:?}"), "set it to true or false");
        }
    }
    if let Some(fleet) = read("GAME_SESSION_FLEET").filter(|fleet| !fleet.contains("fleet-")) {
        return problem(
            format!("GAME_SESSION_FLEET is {fleet:?}"),
            "set it to an id like fleet-0123abcd-...",
        );
    }
    if let Some(location) = read("GAME_SESSION_LOCATION")
        && location.starts_with("custom")
        && (!location.starts_with("custom-") || location.parse::<LocationName>().is_err())
    {
        return problem(
            format!("GAME_SESSION_LOCATION is {location:?}"),
            "a custom location is called custom- and then letters, digits and dashes, no underscores",
        );
    }
    if let Some(listen) = read("GAME_SESSION_LISTEN") {
        match listen.parse::<std::net::SocketAddr>() {
            Err(_) => {
                return problem(
                    format!("GAME_SESSION_LISTEN is {listen:?}"),
                    "set it to an address like 127.0.0.1:8080",
                );
            }
            Ok(address) if !address.ip().is_loopback() => {
                if read("GAME_SESSION_KEYRING").is_none() && read("GAME_SESSION_KEYRING_FILE").is_none() {
                    return problem(
                        format!("GAME_SESSION_LISTEN opens the backend to the network ({address}) without a keyring"),
                        "make one with `game-session-backend --new-key` and set GAME_SESSION_KEYRING_FILE",
                    );
                }
                let has_tls = TLS.into_iter().all(|name| read(name).is_some());
                if !has_tls && !is_on(read("GAME_SESSION_BEHIND_PROXY")) {
                    return problem(
                        format!("GAME_SESSION_LISTEN opens the backend to the network ({address}) without TLS"),
                        "set GAME_SESSION_TLS_CERTIFICATES and GAME_SESSION_TLS_KEY, or GAME_SESSION_BEHIND_PROXY=true \
                         where a proxy in front has TLS",
                    );
                }
            }
            Ok(_) => {}
        }
    }
    if let Some(path) = read("GAME_SESSION_KEYRING_FILE")
        && let Err(error) = Keyring::from_file(&path)
    {
        return problem(
            format!("GAME_SESSION_KEYRING_FILE: {error}"),
            "make one with `game-session-backend --new-key`",
        );
    }
    Finding::fine(CHECK, "nothing in it contradicts itself")
}

/// Whether a backend of this project answers at the address that clients are given.
pub(super) async fn answers(url: &str) -> Finding {
    const CHECK: &str = "backend";
    if host_and_port(url).is_none() || url.starts_with("ws") {
        return Finding::problem(
            CHECK,
            format!("{url:?} is no address of a backend"),
            "give one like http://127.0.0.1:8080: with its scheme, without quotes",
        );
    }
    let url = url.trim_end_matches('/');
    let http = match reqwest::Client::builder().timeout(ANSWER_WITHIN).build() {
        Ok(http) => http,
        Err(error) => return Finding::problem(CHECK, error.to_string(), "mend that first"),
    };
    let start = "start it: `game-session anywhere up` runs one, `game-session-backend` is one";
    match http.get(format!("{url}/readyz")).send().await {
        Err(error) if error.is_timeout() => Finding::problem(CHECK, format!("{url} does not answer in time"), start),
        Err(_) => Finding::problem(CHECK, format!("nobody listens at {url}"), start),
        Ok(answer) if answer.status().is_success() => match http.get(format!("{url}{}", routes::JWKS)).send().await {
            Ok(keys) if keys.status().is_success() => Finding::fine(CHECK, format!("{url} takes requests")),
            _ => Finding::problem(
                CHECK,
                format!("{url} is not a backend of this project"),
                "check the port",
            ),
        },
        Ok(answer) => Finding::problem(
            CHECK,
            format!("{url} answers with {}", answer.status()),
            "check that it is the backend of this project, by its own name and port, and not about to stop",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    const OPEN: (&str, &str) = ("GAME_SESSION_LISTEN", "0.0.0.0:8080");
    const KEYRING: (&str, &str) = ("GAME_SESSION_KEYRING", "k1:secret");
    const QUEUE: (&str, &str) = ("GAME_SESSION_QUEUE", "arena");

    fn judge(pairs: &[(&str, &str)]) -> Finding {
        let find = |name: &str| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        configuration(find)
    }

    #[test]
    fn what_contradicts_itself_is_found() {
        assert_eq!(judge(&[]).verdict, Verdict::Fine);
        for (pairs, seen) in [
            (
                &[("GAME_SESSION_FLEET", "fleet-1"), ("GAME_SESSION_ALIAS", "alias-1")][..],
                "both set",
            ),
            (&[("GAME_SESSION_FLEET", "my fleet")], "my fleet"),
            (&[("GAME_SESSION_LOCATION", "custom-my_home")], "custom-my_home"),
            (&[("GAME_SESSION_LOCATION", "custom_home")], "custom_home"),
            (&[("GAME_SESSION_LISTEN", "8080")], "8080"),
            (&[("GAME_SESSION_LISTEN", "0.0.0.0:8080")], "without a keyring"),
            (&[OPEN, KEYRING], "without TLS"),
            (&[OPEN, KEYRING, ("GAME_SESSION_TLS_KEY", "key.pem")], "without TLS"),
            (&[OPEN, KEYRING, ("GAME_SESSION_BEHIND_PROXY", "false")], "without TLS"),
            (
                &[("GAME_SESSION_BEHIND_PROXY", "1")],
                "GAME_SESSION_BEHIND_PROXY is \"1\"",
            ),
            (&[QUEUE, ("GAME_SESSION_FLEET", "fleet-1")], "both set"),
            (&[QUEUE, ("GAME_SESSION_LOCATION", "us-west-2")], "both set"),
            (&[QUEUE, ("GAME_SESSION_LEGACY", "true")], "both set"),
            (
                &[("GAME_SESSION_BUILD", "build-1"), ("GAME_SESSION_FLEET_NAME", "arena")],
                "both set",
            ),
            (&[("GAME_SESSION_KEYRING_FILE", "/no/such/file")], "/no/such/file"),
        ] {
            let finding = judge(pairs);
            assert_eq!(finding.verdict, Verdict::Problem, "{finding}");
            assert!(finding.seen.contains(seen) && !finding.mend.is_empty(), "{finding}");
        }
        let region = [
            ("GAME_SESSION_LOCATION", "us-west-2"),
            ("GAME_SESSION_LISTEN", "127.0.0.1:0"),
        ];
        assert_eq!(judge(&region).verdict, Verdict::Fine);
        let proxy = ("GAME_SESSION_BEHIND_PROXY", "true");
        assert_eq!(judge(&[OPEN, KEYRING, QUEUE, proxy]).verdict, Verdict::Fine);
        let tls = TLS.map(|name| (name, "file.pem"));
        assert_eq!(judge(&[OPEN, KEYRING, tls[0], tls[1]]).verdict, Verdict::Fine);
    }
}
