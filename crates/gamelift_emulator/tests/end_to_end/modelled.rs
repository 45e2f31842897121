//! The errors that the service model gives the emulated operations.

/// The errors of the emulated operations, from the service model; `Exception` is left out.
pub(crate) const MODELLED: [(&str, &str); 48] = [
    ("ListFleets", "InternalService InvalidRequest NotFound Unauthorized"),
    (
        "DescribeFleetAttributes",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "CreateFleet",
        "Conflict InternalService InvalidRequest LimitExceeded NotFound NotReady TaggingFailed Unauthorized UnsupportedRegion",
    ),
    (
        "DeleteFleet",
        "InternalService InvalidFleetStatus InvalidRequest NotFound TaggingFailed Unauthorized",
    ),
    (
        "CreateLocation",
        "Conflict InternalService InvalidRequest LimitExceeded TaggingFailed Unauthorized UnsupportedRegion",
    ),
    (
        "DeleteLocation",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    ("ListLocations", "InternalService InvalidRequest Unauthorized"),
    (
        "RegisterCompute",
        "Conflict InternalService InvalidRequest LimitExceeded NotReady Unauthorized UnsupportedRegion",
    ),
    (
        "DeregisterCompute",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeCompute",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "ListCompute",
        "InternalService InvalidRequest Unauthorized UnsupportedRegion",
    ),
    (
        "GetComputeAuthToken",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "CreateGameSession",
        "Conflict FleetCapacityExceeded IdempotentParameterMismatch InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeGameSessions",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeGameSessionDetails",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "SearchGameSessions",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "UpdateGameSession",
        "Conflict InternalService InvalidGameSessionStatus InvalidRequest NotFound NotReady Unauthorized",
    ),
    (
        "TerminateGameSession",
        "InternalService InvalidGameSessionStatus InvalidRequest NotFound NotReady Unauthorized",
    ),
    (
        "CreatePlayerSession",
        "GameSessionFull InternalService InvalidGameSessionStatus InvalidRequest NotFound TerminalRoutingStrategy Unauthorized",
    ),
    (
        "CreatePlayerSessions",
        "GameSessionFull InternalService InvalidGameSessionStatus InvalidRequest NotFound TerminalRoutingStrategy Unauthorized",
    ),
    (
        "DescribePlayerSessions",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "CreateAlias",
        "Conflict InternalService InvalidRequest LimitExceeded TaggingFailed Unauthorized",
    ),
    ("DescribeAlias", "InternalService InvalidRequest NotFound Unauthorized"),
    ("ListAliases", "InternalService InvalidRequest Unauthorized"),
    ("UpdateAlias", "InternalService InvalidRequest NotFound Unauthorized"),
    (
        "DeleteAlias",
        "InternalService InvalidRequest NotFound TaggingFailed Unauthorized",
    ),
    (
        "ResolveAlias",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized",
    ),
    (
        "CreateGameSessionQueue",
        "InternalService InvalidRequest LimitExceeded NotFound TaggingFailed Unauthorized",
    ),
    (
        "DescribeGameSessionQueues",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "UpdateGameSessionQueue",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "DeleteGameSessionQueue",
        "InternalService InvalidRequest NotFound TaggingFailed Unauthorized",
    ),
    (
        "StartGameSessionPlacement",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeGameSessionPlacement",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "StopGameSessionPlacement",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "UpdateFleetAttributes",
        "Conflict InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound Unauthorized",
    ),
    (
        "CreateFleetLocations",
        "Conflict InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound NotReady Unauthorized UnsupportedRegion",
    ),
    (
        "DeleteFleetLocations",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeFleetLocationAttributes",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeFleetUtilization",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "DescribeFleetCapacity",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeFleetEvents",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeRuntimeConfiguration",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "UpdateRuntimeConfiguration",
        "InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound Unauthorized",
    ),
    (
        "TagResource",
        "InternalService InvalidRequest NotFound TaggingFailed UnsupportedRegion",
    ),
    (
        "UntagResource",
        "InternalService InvalidRequest NotFound TaggingFailed UnsupportedRegion",
    ),
    (
        "ListTagsForResource",
        "InternalService InvalidRequest NotFound TaggingFailed UnsupportedRegion",
    ),
    (
        "GetPlayerConnectionDetails",
        "InternalService InvalidGameSessionStatus InvalidRequest LimitExceeded NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "GetGameSessionLogUrl",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
];
