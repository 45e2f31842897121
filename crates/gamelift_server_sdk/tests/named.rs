//! The behaviours that the protocol's description names: each has a test of that name.
//!
//! Three names are spelled differently here, because a Rust name cannot start with a digit or hold a slash; and
//! `1000_and_1001_do_not` (reconnect) is a promise that we do not make: a polite close must not make a process deaf.

use std::{fs, path::Path};

const NAMES: &str = "
    env_overrides_each_parameter empty_env_is_unset missing_url_process_fleet_host_is_validation_error_naming_field
    managed_resource_process_id_becomes_uuid token_beats_sigv4 sigv4_vectors sigv4_missing_key_secret_region
    container_with_agent container_without_agent_fetches_credentials_and_task_id init_twice_already_initialized
    connect_refused_retries_then_error_with_attempts http_403_is_forbidden query_values_are_percent_encoded
    base_path_kept

    ready_sends_port_and_log_paths ready_without_logs port_0_and_60001_rejected tool_env_sent
    ready_error_reply_reports_cause ready_timeout ready_twice calls_before_ready_rejected_without_traffic
    push_before_ready_ignored

    reply_matched_by_request_id late_reply_dropped duplicate_reply_dropped unknown_request_id_dropped
    unknown_action_ignored binary_frame_ignored broken_json_ignored
    status_table_400_401_403_404_409_418_429_500_503 missing_status_is_internal_error
    missing_error_message_has_default timeout_is_20s_and_configurable all_100_concurrent_requests_are_answered

    start_game_session_injects_fleet game_session_id_kept update_reason_all_words_and_unknown_word pushes_in_order
    accept_without_session_is_error describe_exactly_one_id describe_paging backfill_attribute_kinds
    backfill_empty_players_rejected matchmaker_data_parse_manual_automatic_absent
    limits_table_at_and_over_each_limit

    first_heartbeat_immediately interval_within_50_70s callback_false_sent callback_over_50s_sends_false
    no_callback_true stops_after_process_ending

    abnormal_close_reconnects close_1000_and_1001_do_not_make_the_process_deaf reconnect_waits_4_8_16_32_32_32_32
    only_one_reconnect_in_flight request_during_outage_waits_then_goes two_timeouts_reconnect
    inbound_frame_resets_counter no_reactivation_after_reconnect refresh_opens_new_then_closes_old
    refresh_during_100_requests_loses_none refresh_failure_keeps_old ping_answered

    terminate_callback_and_time_ms termination_time_before_is_error default_terminate_handler_exits_0
    default_terminate_handler_exits_nonzero_on_failure ending_twice_ok destroy_twice_ok destroy_sends_close_frame

    cached_until_15_min_before_expiry empty_access_key_latches_not_managed default_session_name_cut_to_64
    role_arn_validation

    wrong_compute_type_error endpoint_env_and_fallback

    up_1_periodic_and_0_at_end tags_after_session_start packet_split_at_512 sampler_rate_suffix percentiles
    negative_gauge_two_lines crash_reporter_register_update_deregister crash_reporter_absent_is_silent
    key_and_value_validation
";

/// All Rust code below this folder.
fn code(folder: &Path) -> String {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    entries.sort();
    let text = |path: &Path| fs::read_to_string(path).expect("it is text");
    let one = |path: &std::path::PathBuf| if path.is_dir() { code(path) } else { text(path) };
    entries.iter().map(one).collect()
}

/// The names of all test functions in this code.
fn tests(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_test = false;
    for line in code.lines().map(str::trim_start) {
        if line == "#[test]" || line == "#[tokio::test]" {
            is_test = true;
        } else if is_test && let Some((_, rest)) = line.split_once("fn ") {
            found.extend(rest.split('(').next());
            is_test = false;
        }
    }
    found
}

#[test]
fn every_named_behaviour_is_a_test_of_that_name() {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = code(&crate_folder.join("src")) + &code(&crate_folder.join("tests"));
    let tests = tests(&code);
    assert!(tests.contains(&"every_named_behaviour_is_a_test_of_that_name"));
    let missing: Vec<&str> = NAMES.split_whitespace().filter(|name| !tests.contains(name)).collect();
    assert!(missing.is_empty(), "not tested: {missing:?}");
}
