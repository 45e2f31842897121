//! The scalars of the service model that the emulated operations use, with the model's own names, bounds and patterns.

use super::shape::{Member, Pattern, Shape};

const ANY: Pattern = Pattern {
    text: ".*",
    holds: |_| true,
};

const fn text(min: usize, max: usize, pattern: Pattern) -> Shape {
    Shape::Text { min, max, pattern }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_fleet_id(text: &str) -> bool {
    text.split_once("fleet-")
        .is_some_and(|(prefix, rest)| prefix.bytes().all(|byte| byte.is_ascii_lowercase()) && is_word(rest))
}

fn is_fleet_id_or_arn(text: &str) -> bool {
    is_fleet_id(text)
        || arn_resource(text).is_some_and(|resource| {
            resource
                .split_once("fleet/")
                .is_some_and(|(prefix, id)| prefix.bytes().all(|byte| byte.is_ascii_lowercase()) && is_fleet_id(id))
        })
}

fn is_compute_name(text: &str) -> bool {
    match text.split_once('/') {
        Some((name, part)) => is_word(name) && is_word(part),
        None => is_word(text),
    }
}

fn is_compute_name_or_arn(text: &str) -> bool {
    is_compute_name(text)
        || arn_resource(text)
            .and_then(|resource| resource.strip_prefix("compute/"))
            .is_some_and(is_compute_name)
}

fn is_custom_location(text: &str) -> bool {
    text.strip_prefix("custom-").is_some_and(is_word)
}

fn is_custom_location_or_arn(text: &str) -> bool {
    is_custom_location(text)
        || arn_resource(text)
            .and_then(|resource| resource.strip_prefix("location/"))
            .is_some_and(|name| {
                name.strip_prefix("custom-")
                    .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
            })
}

/// Whether the text is an id with this prefix, or the ARN of one.
fn is_id_or_arn(text: &str, prefix: &str, kind: &str) -> bool {
    let id = arn_resource(text).and_then(|resource| resource.strip_prefix(kind));
    id.unwrap_or(text)
        .strip_prefix(prefix)
        .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

/// Whether the text has letters, and all of them are letters or digits or among these.
fn is_of(text: &str, others: &[u8]) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}

/// What follows the last colon of an ARN.
fn arn_resource(text: &str) -> Option<&str> {
    text.strip_prefix("arn:")?
        .rsplit_once(':')
        .map(|(_, resource)| resource)
}

fn is_cost(text: &str) -> bool {
    let digits = |part: &str| (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => digits(text),
    }
}

const WORD: Pattern = Pattern {
    text: "^[a-zA-Z0-9-]+$",
    holds: is_word,
};

/// `NonZeroAndMaxString`
pub(crate) static NON_ZERO_AND_MAX_STRING: Shape = text(1, 1024, ANY);
/// `NonEmptyString`
pub(crate) static NON_EMPTY_STRING: Shape = text(1, usize::MAX, ANY);
/// `FreeText`
pub(crate) static FREE_TEXT: Shape = text(0, usize::MAX, ANY);
/// `NonBlankAndLengthConstraintString`
pub(crate) static NON_BLANK: Shape = text(
    1,
    1024,
    Pattern {
        text: "^.*\\S.*$",
        holds: |text| !text.trim().is_empty(),
    },
);
/// `FleetId`
pub(crate) static FLEET_ID: Shape = text(
    1,
    128,
    Pattern {
        text: "^[a-z]*fleet-[a-zA-Z0-9\\-]+$",
        holds: is_fleet_id,
    },
);
/// `GameSessionQueueName`
pub(crate) static QUEUE_NAME: Shape = text(1, 128, WORD);
/// `GameSessionQueueNameOrArn`
pub(crate) static QUEUE_NAME_OR_ARN: Shape = text(
    1,
    256,
    Pattern {
        text: "^([a-zA-Z0-9-]+|arn:.*:gamesessionqueue\\/[a-zA-Z0-9-]+)$",
        holds: |text| {
            let name = arn_resource(text).and_then(|resource| resource.strip_prefix("gamesessionqueue/"));
            is_word(name.unwrap_or(text))
        },
    },
);
/// `QueueCustomEventData`
pub(crate) static QUEUE_EVENT_DATA: Shape = text(
    0,
    256,
    Pattern {
        text: "^[\\s\\S]*$",
        holds: |_| true,
    },
);
/// `QueueSnsArnStringModel`
pub(crate) static QUEUE_SNS_ARN: Shape = text(
    0,
    300,
    Pattern {
        text: "^[a-zA-Z0-9:_-]*(\\.fifo)?$",
        holds: |text| {
            let name = text.strip_suffix(".fifo").unwrap_or(text);
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":_-".contains(&byte))
        },
    },
);
/// `AmazonResourceName`
pub(crate) static RESOURCE_NAME: Shape = text(1, 1011, ANY);
/// `MetricGroup`
pub(crate) static METRIC_GROUP: Shape = text(1, 255, ANY);
/// `FleetIdOrArn`
pub(crate) static FLEET: Shape = text(
    1,
    512,
    Pattern {
        text: "^[a-z]*fleet-[a-zA-Z0-9\\-]+$|^arn:.*:[a-z]*fleet\\/[a-z]*fleet-[a-zA-Z0-9\\-]+$",
        holds: is_fleet_id_or_arn,
    },
);
/// `AliasIdOrArn`
pub(crate) static ALIAS: Shape = text(
    1,
    512,
    Pattern {
        text: "^(alias-\\S+|arn:.*:alias\\/alias-\\S+)$",
        holds: |text| is_id_or_arn(text, "alias-", "alias/"),
    },
);
/// `ArnStringModel`
pub(crate) static ARN: Shape = text(
    1,
    512,
    Pattern {
        text: "^[a-zA-Z0-9:/-]+$",
        holds: |text| is_of(text, b":/-"),
    },
);
/// `IdStringModel`
pub(crate) static ID_STRING: Shape = text(1, 48, WORD);
/// `LocationStringModel`
pub(crate) static LOCATION: Shape = text(
    1,
    64,
    Pattern {
        text: "^[A-Za-z0-9\\-]+$",
        holds: is_word,
    },
);
/// `BuildIdOrArn`
pub(crate) static BUILD: Shape = text(
    1,
    512,
    Pattern {
        text: "^(build-\\S+|arn:.*:build\\/build-\\S+)$",
        holds: |text| is_id_or_arn(text, "build-", "build/"),
    },
);
/// `ScriptIdOrArn`
pub(crate) static SCRIPT: Shape = text(
    1,
    512,
    Pattern {
        text: "^(script-\\S+|arn:.*:script\\/script-\\S+)$",
        holds: |text| is_id_or_arn(text, "script-", "script/"),
    },
);
/// `CustomInputLocationStringModel`
pub(crate) static CUSTOM_LOCATION: Shape = text(
    8,
    64,
    Pattern {
        text: "^custom-[A-Za-z0-9\\-]+$",
        holds: is_custom_location,
    },
);
/// `CustomLocationNameOrArnModel`
pub(crate) static CUSTOM_LOCATION_OR_ARN: Shape = text(
    1,
    128,
    Pattern {
        text: "^(custom-[A-Za-z0-9\\-]+|arn:.*:location\\/custom-\\S+)$",
        holds: is_custom_location_or_arn,
    },
);
/// `ComputeName`
pub(crate) static COMPUTE_NAME: Shape = text(
    1,
    128,
    Pattern {
        text: "^[a-zA-Z0-9\\-]+(\\/[a-zA-Z0-9\\-]+)?$",
        holds: is_compute_name,
    },
);
/// `ComputeNameOrArn`
pub(crate) static COMPUTE_NAME_OR_ARN: Shape = text(
    0,
    1024,
    Pattern {
        text: "^([a-zA-Z0-9\\-]+(\\/[a-zA-Z0-9\\-]+)?|arn:.*:compute\\/[a-zA-Z0-9\\-]+(\\/[a-zA-Z0-9\\-]+)?)$",
        holds: is_compute_name_or_arn,
    },
);
/// `DnsNameInput`
pub(crate) static DNS_NAME: Shape = text(
    1,
    256,
    Pattern {
        text: "^[0-9a-zA-Z_\\-\\.]+$",
        holds: |text| is_of(text, b"_-."),
    },
);
/// `IpAddress`
pub(crate) static IP_ADDRESS: Shape = text(
    1,
    128,
    Pattern {
        text: "^[0-9A-Fa-f\\:\\.]+$",
        holds: |text| {
            !text.is_empty()
                && text
                    .bytes()
                    .all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
        },
    },
);
/// `PlayerId`
pub(crate) static PLAYER_ID: Shape = text(1, 1024, ANY);
/// `PlayerData`
pub(crate) static PLAYER_DATA: Shape = text(1, 2048, ANY);
/// `PlayerSessionId`
pub(crate) static PLAYER_SESSION_ID: Shape = text(
    1,
    128,
    Pattern {
        text: "^psess-\\S+$",
        holds: |text| {
            text.strip_prefix("psess-")
                .is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
        },
    },
);
/// `LargeGameSessionData`
pub(crate) static LARGE_GAME_SESSION_DATA: Shape = text(1, 262_144, ANY);
/// `NonNegativeLimitedLengthDouble`
pub(crate) static COST: Shape = text(
    1,
    11,
    Pattern {
        text: "^\\d{1,5}(?:\\.\\d{1,5})?$",
        holds: is_cost,
    },
);
/// `TagKey`
pub(crate) static TAG_KEY: Shape = text(1, 128, ANY);

/// `WholeNumber`
pub(crate) static WHOLE_NUMBER: Shape = Shape::Whole {
    min: 0,
    max: i32::MAX as i64,
};
/// `PositiveInteger`
pub(crate) static POSITIVE_INTEGER: Shape = Shape::Whole {
    min: 1,
    max: i32::MAX as i64,
};
/// `ListLocationsLimit`
pub(crate) static LIST_LOCATIONS_LIMIT: Shape = Shape::Whole { min: 1, max: 200 };

/// `PlayerSessionCreationPolicy`
pub(crate) static CREATION_POLICY: Shape = Shape::Word(&["ACCEPT_ALL", "DENY_ALL"]);
/// `ProtectionPolicy`
pub(crate) static PROTECTION_POLICY: Shape = Shape::Word(&["NoProtection", "FullProtection"]);
/// `TerminationMode`
pub(crate) static TERMINATION_MODE: Shape = Shape::Word(&["TRIGGER_ON_PROCESS_TERMINATE", "FORCE_TERMINATE"]);
/// `ListComputeInputStatus`
pub(crate) static COMPUTE_STATUS: Shape = Shape::Word(&["ACTIVE", "IMPAIRED"]);
/// `ComputeType`
pub(crate) static COMPUTE_TYPE: Shape = Shape::Word(&["EC2", "ANYWHERE"]);

/// `GamePropertyList`
pub(crate) static GAME_PROPERTIES: Shape = Shape::List {
    min: 0,
    max: 16,
    item: &Shape::Record(&[
        Member::required("Key", &text(0, 32, ANY)),
        Member::required("Value", &text(0, 96, ANY)),
    ]),
};
/// `PlayerIdList`
pub(crate) static PLAYER_IDS: Shape = Shape::List {
    min: 1,
    max: 25,
    item: &PLAYER_ID,
};
/// `PlayerDataMap`
pub(crate) static PLAYER_DATA_MAP: Shape = Shape::Map {
    key: &NON_ZERO_AND_MAX_STRING,
    value: &PLAYER_DATA,
};
/// `FleetIdOrArnList`
pub(crate) static FLEETS: Shape = Shape::List {
    min: 1,
    max: usize::MAX,
    item: &FLEET,
};
/// `LocationConfigurationList`
pub(crate) static LOCATION_CONFIGURATIONS: Shape = Shape::List {
    min: 1,
    max: 100,
    item: &Shape::Record(&[Member::required("Location", &LOCATION)]),
};
/// `LocationFilterList`
pub(crate) static LOCATION_FILTERS: Shape = Shape::List {
    min: 1,
    max: 2,
    item: &Shape::Word(&["AWS", "CUSTOM"]),
};
/// `TagList`
pub(crate) static TAGS: Shape = Shape::List {
    min: 0,
    max: 200,
    item: &Shape::Record(&[
        Member::required("Key", &TAG_KEY),
        Member::required("Value", &text(0, 256, ANY)),
    ]),
};
/// `AnywhereConfiguration`
pub(crate) static ANYWHERE_CONFIGURATION: Shape = Shape::Record(&[Member::required("Cost", &COST)]);
/// `LocationList`
pub(crate) static LOCATIONS: Shape = Shape::List {
    min: 1,
    max: 100,
    item: &LOCATION,
};
/// `RuntimeConfiguration`
pub(crate) static RUNTIME_CONFIGURATION: Shape = Shape::Record(&[
    Member::optional(
        "ServerProcesses",
        &Shape::List {
            min: 1,
            max: 50,
            item: &Shape::Record(&[
                Member::required("LaunchPath", &LAUNCH_PATH),
                Member::optional("Parameters", &LAUNCH_PARAMETERS),
                Member::required("ConcurrentExecutions", &POSITIVE_INTEGER),
            ]),
        },
    ),
    Member::optional("MaxConcurrentGameSessionActivations", &POSITIVE_INTEGER),
    Member::optional(
        "GameSessionActivationTimeoutSeconds",
        &Shape::Whole { min: 1, max: 600 },
    ),
]);
/// `LaunchPathStringModel`
pub(crate) static LAUNCH_PATH: Shape = text(
    1,
    1024,
    Pattern {
        text: "^[A-Za-z0-9_:.+\\/\\\\\\- ]+$",
        holds: |text| is_of(text, b"_:.+/\\- "),
    },
);
/// `LaunchParametersStringModel`
pub(crate) static LAUNCH_PARAMETERS: Shape = text(
    1,
    1024,
    Pattern {
        text: "^[A-Za-z0-9_:.+\\/\\\\\\- =@;{},?'\\[\\]\"]+$",
        holds: |text| is_of(text, b"_:.+/\\- =@;{},?'[]\""),
    },
);
/// `ResourceCreationLimitPolicy`
pub(crate) static CREATION_LIMIT_POLICY: Shape = Shape::Record(&[
    Member::optional("NewGameSessionsPerCreator", &WHOLE_NUMBER),
    Member::optional("PolicyPeriodInMinutes", &WHOLE_NUMBER),
]);
