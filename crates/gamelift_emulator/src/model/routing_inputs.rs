//! The members of the inputs of aliases, queues and placements.

use super::{
    scalars as s,
    shape::{Member, Shape},
};

use Member as M;

/// The inputs, by operation name.
pub(crate) static ROUTING_INPUTS: &[(&str, &[Member])] = &[
    (
        "CreateAlias",
        &[
            M::required("Name", &s::NON_BLANK),
            M::optional("Description", &s::NON_ZERO_AND_MAX_STRING),
            M::required("RoutingStrategy", &ROUTING_STRATEGY),
            M::optional("Tags", &s::TAGS),
        ],
    ),
    ("DescribeAlias", ALIAS),
    (
        "ListAliases",
        &[
            M::optional("RoutingStrategyType", &ROUTING_STRATEGY_TYPE),
            M::optional("Name", &s::NON_EMPTY_STRING),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_EMPTY_STRING),
        ],
    ),
    (
        "UpdateAlias",
        &[
            M::required("AliasId", &s::ALIAS),
            M::optional("Name", &s::NON_BLANK),
            M::optional("Description", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("RoutingStrategy", &ROUTING_STRATEGY),
        ],
    ),
    ("DeleteAlias", ALIAS),
    ("ResolveAlias", ALIAS),
    (
        "CreateGameSessionQueue",
        &[
            M::required("Name", &s::QUEUE_NAME),
            M::optional("TimeoutInSeconds", &s::WHOLE_NUMBER),
            M::optional("PlayerLatencyPolicies", &LATENCY_POLICIES),
            M::optional("Destinations", &DESTINATIONS),
            M::optional("FilterConfiguration", &FILTER_CONFIGURATION),
            M::optional("PriorityConfiguration", &PRIORITY_CONFIGURATION),
            M::optional("CustomEventData", &s::QUEUE_EVENT_DATA),
            M::optional("NotificationTarget", &s::QUEUE_SNS_ARN),
            M::optional("Tags", &s::TAGS),
        ],
    ),
    (
        "DescribeGameSessionQueues",
        &[
            M::optional(
                "Names",
                &Shape::List {
                    min: 0,
                    max: usize::MAX,
                    item: &s::QUEUE_NAME_OR_ARN,
                },
            ),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "UpdateGameSessionQueue",
        &[
            M::required("Name", &s::QUEUE_NAME_OR_ARN),
            M::optional("TimeoutInSeconds", &s::WHOLE_NUMBER),
            M::optional("PlayerLatencyPolicies", &LATENCY_POLICIES),
            M::optional("Destinations", &DESTINATIONS),
            M::optional("FilterConfiguration", &FILTER_CONFIGURATION),
            M::optional("PriorityConfiguration", &PRIORITY_CONFIGURATION),
            M::optional("CustomEventData", &s::QUEUE_EVENT_DATA),
            M::optional("NotificationTarget", &s::QUEUE_SNS_ARN),
        ],
    ),
    ("DeleteGameSessionQueue", &[M::required("Name", &s::QUEUE_NAME_OR_ARN)]),
    (
        "StartGameSessionPlacement",
        &[
            M::required("PlacementId", &s::ID_STRING),
            M::required("GameSessionQueueName", &s::QUEUE_NAME_OR_ARN),
            M::optional("GameProperties", &s::GAME_PROPERTIES),
            M::required("MaximumPlayerSessionCount", &s::WHOLE_NUMBER),
            M::optional("GameSessionName", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("PlayerLatencies", &PLAYER_LATENCIES),
            M::optional("DesiredPlayerSessions", &DESIRED_PLAYER_SESSIONS),
            M::optional("GameSessionData", &s::LARGE_GAME_SESSION_DATA),
            M::optional("PriorityConfigurationOverride", &PRIORITY_OVERRIDE),
        ],
    ),
    ("DescribeGameSessionPlacement", PLACEMENT),
    ("StopGameSessionPlacement", PLACEMENT),
];

const ALIAS: &[Member] = &[M::required("AliasId", &s::ALIAS)];
const PLACEMENT: &[Member] = &[M::required("PlacementId", &s::ID_STRING)];

static ROUTING_STRATEGY_TYPE: Shape = Shape::Word(&["SIMPLE", "TERMINAL"]);
static ROUTING_STRATEGY: Shape = Shape::Record(&[
    M::optional("Type", &ROUTING_STRATEGY_TYPE),
    M::optional("FleetId", &s::FLEET_ID),
    M::optional("Message", &s::FREE_TEXT),
]);
static LATENCY_POLICIES: Shape = Shape::List {
    min: 0,
    max: usize::MAX,
    item: &Shape::Record(&[
        M::optional("MaximumIndividualPlayerLatencyMilliseconds", &s::WHOLE_NUMBER),
        M::optional("PolicyDurationSeconds", &s::WHOLE_NUMBER),
    ]),
};
static DESTINATIONS: Shape = Shape::List {
    min: 0,
    max: usize::MAX,
    item: &Shape::Record(&[M::optional("DestinationArn", &s::ARN)]),
};
static FILTER_CONFIGURATION: Shape = Shape::Record(&[M::optional("AllowedLocations", &s::LOCATIONS)]);
static PRIORITY_CONFIGURATION: Shape = Shape::Record(&[
    M::optional(
        "PriorityOrder",
        &Shape::List {
            min: 1,
            max: 4,
            item: &Shape::Word(&["LATENCY", "COST", "DESTINATION", "LOCATION"]),
        },
    ),
    M::optional("LocationOrder", &s::LOCATIONS),
]);
static PLAYER_LATENCIES: Shape = Shape::List {
    min: 0,
    max: usize::MAX,
    item: &Shape::Record(&[
        M::optional("PlayerId", &s::PLAYER_ID),
        M::optional("RegionIdentifier", &s::NON_ZERO_AND_MAX_STRING),
        M::optional("LatencyInMilliseconds", &Shape::Number),
    ]),
};
static DESIRED_PLAYER_SESSIONS: Shape = Shape::List {
    min: 0,
    max: usize::MAX,
    item: &Shape::Record(&[
        M::optional("PlayerId", &s::PLAYER_ID),
        M::optional("PlayerData", &s::PLAYER_DATA),
    ]),
};
static PRIORITY_OVERRIDE: Shape = Shape::Record(&[
    M::optional(
        "PlacementFallbackStrategy",
        &Shape::Word(&["DEFAULT_AFTER_SINGLE_PASS", "NONE"]),
    ),
    M::required(
        "LocationOrder",
        &Shape::List {
            min: 1,
            max: 10,
            item: &s::LOCATION,
        },
    ),
]);
