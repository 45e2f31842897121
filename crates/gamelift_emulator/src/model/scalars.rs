//! The scalars of the service model that the emulated operations use, with the model's own names, bounds and patterns.

use super::{
    patterns::{
        is_anything, is_compute_name, is_compute_name_or_arn, is_cost, is_custom_location, is_custom_location_or_arn,
        is_fleet_id, is_fleet_id_or_arn, is_id_or_arn, is_ip_address, is_not_blank, is_of, is_player_session_id,
        is_queue_name_or_arn, is_topic_arn, is_word,
    },
    shape::{Member, Pattern, Shape},
};

/// Texts: the shape's name in the model, from how many to how many characters, the pattern and what it means.
macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal to $max:expr, $pattern:literal, $holds:expr;)+) => {$(
        $(#[$doc])*
        pub(crate) static $name: Shape = Shape::Text {
            min: $min,
            max: $max,
            pattern: Pattern { text: $pattern, holds: $holds },
        };
    )+};
}

texts! {
    /// `NonZeroAndMaxString`
    NON_ZERO_AND_MAX_STRING: 1 to 1024, ".*", is_anything;
    /// `NonEmptyString`
    NON_EMPTY_STRING: 1 to usize::MAX, ".*", is_anything;
    /// `FreeText`
    FREE_TEXT: 0 to usize::MAX, ".*", is_anything;
    /// `NonBlankAndLengthConstraintString`
    NON_BLANK: 1 to 1024, "^.*\\S.*$", is_not_blank;
    /// `FleetId`
    FLEET_ID: 1 to 128, "^[a-z]*fleet-[a-zA-Z0-9\\-]+$", is_fleet_id;
    /// `GameSessionQueueName`
    QUEUE_NAME: 1 to 128, "^[a-zA-Z0-9-]+$", is_word;
    /// `GameSessionQueueNameOrArn`
    QUEUE_NAME_OR_ARN: 1 to 256, "^([a-zA-Z0-9-]+|arn:.*:gamesessionqueue\\/[a-zA-Z0-9-]+)$", is_queue_name_or_arn;
    /// `QueueCustomEventData`
    QUEUE_EVENT_DATA: 0 to 256, "^[\\s\\S]*$", is_anything;
    /// `QueueSnsArnStringModel`
    QUEUE_SNS_ARN: 0 to 300, "^[a-zA-Z0-9:_-]*(\\.fifo)?$", is_topic_arn;
    /// `AmazonResourceName`
    RESOURCE_NAME: 1 to 1011, ".*", is_anything;
    /// `MetricGroup`
    METRIC_GROUP: 1 to 255, ".*", is_anything;
    /// `FleetIdOrArn`
    FLEET: 1 to 512, "^[a-z]*fleet-[a-zA-Z0-9\\-]+$|^arn:.*:[a-z]*fleet\\/[a-z]*fleet-[a-zA-Z0-9\\-]+$", is_fleet_id_or_arn;
    /// `AliasIdOrArn`
    ALIAS: 1 to 512, "^(alias-\\S+|arn:.*:alias\\/alias-\\S+)$", |text| is_id_or_arn(text, "alias-", "alias/");
    /// `ArnStringModel`
    ARN: 1 to 512, "^[a-zA-Z0-9:/-]+$", |text| is_of(text, b":/-");
    /// `IdStringModel`
    ID_STRING: 1 to 48, "^[a-zA-Z0-9-]+$", is_word;
    /// `LocationStringModel`
    LOCATION: 1 to 64, "^[A-Za-z0-9\\-]+$", is_word;
    /// `BuildIdOrArn`
    BUILD: 1 to 512, "^(build-\\S+|arn:.*:build\\/build-\\S+)$", |text| is_id_or_arn(text, "build-", "build/");
    /// `ScriptIdOrArn`
    SCRIPT: 1 to 512, "^(script-\\S+|arn:.*:script\\/script-\\S+)$", |text| is_id_or_arn(text, "script-", "script/");
    /// `CustomInputLocationStringModel`
    CUSTOM_LOCATION: 8 to 64, "^custom-[A-Za-z0-9\\-]+$", is_custom_location;
    /// `CustomLocationNameOrArnModel`
    CUSTOM_LOCATION_OR_ARN: 1 to 128, "^(custom-[A-Za-z0-9\\-]+|arn:.*:location\\/custom-\\S+)$", is_custom_location_or_arn;
    /// `ComputeName`
    COMPUTE_NAME: 1 to 128, "^[a-zA-Z0-9\\-]+(\\/[a-zA-Z0-9\\-]+)?$", is_compute_name;
    /// `ComputeNameOrArn`
    COMPUTE_NAME_OR_ARN: 0 to 1024, "^([a-zA-Z0-9\\-]+(\\/[a-zA-Z0-9\\-]+)?|arn:.*:compute\\/[a-zA-Z0-9\\-]+(\\/[a-zA-Z0-9\\-]+)?)$", is_compute_name_or_arn;
    /// `DnsNameInput`
    DNS_NAME: 1 to 256, "^[0-9a-zA-Z_\\-\\.]+$", |text| is_of(text, b"_-.");
    /// `IpAddress`
    IP_ADDRESS: 1 to 128, "^[0-9A-Fa-f\\:\\.]+$", is_ip_address;
    /// `PlayerId`
    PLAYER_ID: 1 to 1024, ".*", is_anything;
    /// `PlayerData`
    PLAYER_DATA: 1 to 2048, ".*", is_anything;
    /// `PlayerSessionId`
    PLAYER_SESSION_ID: 1 to 128, "^psess-\\S+$", is_player_session_id;
    /// `LargeGameSessionData`
    LARGE_GAME_SESSION_DATA: 1 to 262_144, ".*", is_anything;
    /// `NonNegativeLimitedLengthDouble`
    COST: 1 to 11, "^\\d{1,5}(?:\\.\\d{1,5})?$", is_cost;
    /// `TagKey`
    TAG_KEY: 1 to 128, ".*", is_anything;
    /// `LaunchPathStringModel`
    LAUNCH_PATH: 1 to 1024, "^[A-Za-z0-9_:.+\\/\\\\\\- ]+$", |text| is_of(text, b"_:.+/\\- ");
    /// `LaunchParametersStringModel`
    LAUNCH_PARAMETERS: 1 to 1024, "^[A-Za-z0-9_:.+\\/\\\\\\- =@;{},?'\\[\\]\"]+$", |text| is_of(text, b"_:.+/\\- =@;{},?'[]\"");
    /// `GamePropertyKey`
    PROPERTY_KEY: 0 to 32, ".*", is_anything;
    /// `GamePropertyValue`
    PROPERTY_VALUE: 0 to 96, ".*", is_anything;
    /// `TagValue`
    TAG_VALUE: 0 to 256, ".*", is_anything;
}

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
        Member::required("Key", &PROPERTY_KEY),
        Member::required("Value", &PROPERTY_VALUE),
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
    item: &Shape::Record(&[Member::required("Key", &TAG_KEY), Member::required("Value", &TAG_VALUE)]),
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
/// `ResourceCreationLimitPolicy`
pub(crate) static CREATION_LIMIT_POLICY: Shape = Shape::Record(&[
    Member::optional("NewGameSessionsPerCreator", &WHOLE_NUMBER),
    Member::optional("PolicyPeriodInMinutes", &WHOLE_NUMBER),
]);
