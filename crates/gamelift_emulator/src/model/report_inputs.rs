//! The members of the inputs of fleet reports, fleet changes, tags and what a player or a log needs.

use super::{
    scalars as s,
    shape::{Member, Shape},
};

use Member as M;

/// The inputs, by operation name.
pub(crate) static REPORT_INPUTS: &[(&str, &[Member])] = &[
    ("DescribeFleetUtilization", FLEETS),
    ("DescribeFleetCapacity", FLEETS),
    (
        "DescribeFleetEvents",
        &[
            M::required("FleetId", &s::FLEET),
            M::optional("StartTime", &Shape::Number),
            M::optional("EndTime", &Shape::Number),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "UpdateFleetAttributes",
        &[
            M::required("FleetId", &s::FLEET),
            M::optional("Name", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("Description", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("NewGameSessionProtectionPolicy", &s::PROTECTION_POLICY),
            M::optional("ResourceCreationLimitPolicy", &s::CREATION_LIMIT_POLICY),
            M::optional(
                "MetricGroups",
                &Shape::List {
                    min: 0,
                    max: 1,
                    item: &s::METRIC_GROUP,
                },
            ),
            M::optional("AnywhereConfiguration", &s::ANYWHERE_CONFIGURATION),
        ],
    ),
    (
        "CreateFleetLocations",
        &[
            M::required("FleetId", &s::FLEET),
            M::required("Locations", &s::LOCATION_CONFIGURATIONS),
        ],
    ),
    (
        "DeleteFleetLocations",
        &[
            M::required("FleetId", &s::FLEET),
            M::required("Locations", &s::LOCATIONS),
        ],
    ),
    (
        "DescribeFleetLocationAttributes",
        &[
            M::required("FleetId", &s::FLEET),
            M::optional("Locations", &s::LOCATIONS),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    ("DescribeRuntimeConfiguration", &[M::required("FleetId", &s::FLEET)]),
    (
        "UpdateRuntimeConfiguration",
        &[
            M::required("FleetId", &s::FLEET),
            M::required("RuntimeConfiguration", &s::RUNTIME_CONFIGURATION),
        ],
    ),
    (
        "TagResource",
        &[
            M::required("ResourceARN", &s::RESOURCE_NAME),
            M::required("Tags", &s::TAGS),
        ],
    ),
    (
        "UntagResource",
        &[
            M::required("ResourceARN", &s::RESOURCE_NAME),
            M::required(
                "TagKeys",
                &Shape::List {
                    min: 0,
                    max: 200,
                    item: &s::TAG_KEY,
                },
            ),
        ],
    ),
    ("ListTagsForResource", &[M::required("ResourceARN", &s::RESOURCE_NAME)]),
    (
        "GetPlayerConnectionDetails",
        &[
            M::required("GameSessionId", &s::ARN),
            M::required("PlayerIds", &s::PLAYER_IDS),
        ],
    ),
    ("GetGameSessionLogUrl", &[M::required("GameSessionId", &s::ARN)]),
];

const FLEETS: &[Member] = &[
    M::optional("FleetIds", &s::FLEETS),
    M::optional("Limit", &s::POSITIVE_INTEGER),
    M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
];
