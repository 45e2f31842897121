//! Searches: both services at once, pages, order, pings, live refresh.

use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_client::*;
use game_session_protocol::*;

use super::common::*;

/// An app with an online and a LAN service, for a player of the build `dev`.
fn both() -> (App, Scripted, Scripted) {
    let (online, lan) = (Scripted::default(), Scripted::default());
    let plugin = SessionClientPlugin::new(online.clone()).lan(lan.clone());
    let app = app_with(plugin.client_build("dev".parse().unwrap()));
    (app, online, lan)
}

fn page(names: &[&str], next_page: Option<&str>) -> GameSessionPage {
    GameSessionPage {
        game_sessions: names.iter().map(|name| game_session(name)).collect(),
        next_page: next_page.map(Into::into),
    }
}

#[track_caller]
fn answer(service: &Scripted, page: GameSessionPage) -> FindGameSessions {
    let Asked::Find(query, answer) = service.next() else {
        panic!()
    };
    answer.send(Ok(page)).unwrap();
    query
}

fn find(app: &mut App, query: SessionQuery) -> Entity {
    with_sessions(app, |sessions| sessions.find(query))
}

fn results(app: &App, search: Entity) -> SearchResults {
    app.world().get::<SearchResults>(search).unwrap().clone()
}

fn names(results: &SearchResults) -> Vec<&str> {
    results
        .sessions
        .iter()
        .map(|found| found.game_session.name.as_str())
        .collect()
}

#[test]
fn a_search_shows_both_services_and_each_game_session_once() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new());
    answer(&online, page(&["far", "same"], None));
    answer(&lan, page(&["near", "same"], None));
    assert_eq!(heard(&mut app), ["search 1 found 3"]);
    let results = results(&app, search);
    assert_eq!(results.waiting_for, []);
    assert_eq!(names(&results), ["near", "same", "far"]);
    let reaches: Vec<_> = results.sessions.iter().map(|found| found.reach).collect();
    assert_eq!(reaches, [Reach::Lan, Reach::Lan, Reach::Online]);
    assert!(results.failures.is_empty());
}

#[test]
fn what_one_service_found_is_shown_in_the_same_frame_while_the_other_is_waited_for() {
    for lan_is_first in [true, false] {
        let (mut app, online, lan) = both();
        let search = find(&mut app, SessionQuery::new());
        let (first, second) = if lan_is_first { (&lan, &online) } else { (&online, &lan) };
        answer(first, page(&["quick", "same"], Some("2")));
        app.update();
        let some = results(&app, search);
        assert_eq!(names(&some), ["quick", "same"]);
        let slow = if lan_is_first { Reach::Online } else { Reach::Lan };
        assert_eq!(
            (some.waiting_for, some.next_page, some.failures.len()),
            (vec![slow], None, 0)
        );
        assert_eq!(heard(&mut app), [""; 0], "the search goes on");

        answer(second, page(&["slow", "same"], None));
        assert_eq!(heard(&mut app), ["search 1 found 3"], "and ends once");
        let all = results(&app, search);
        assert!(all.waiting_for.is_empty() && all.next_page.is_some());
    }
}

#[test]
fn nothing_is_shown_of_an_empty_page_or_a_failure_while_a_service_is_waited_for() {
    let (mut app, online, lan) = both();
    for refused in [false, true] {
        let search = find(&mut app, SessionQuery::new());
        if refused {
            assert!(lan.next().refuse(unreachable()));
        } else {
            answer(&lan, page(&[], None));
        }
        app.update();
        assert!(app.world().get::<SearchResults>(search).is_none());
        answer(&online, page(&["far"], None));
        heard(&mut app);
        assert_eq!(results(&app, search).failures.len(), usize::from(refused));
    }
}

#[test]
fn no_known_row_is_gone_while_a_refresh_waits_for_its_service() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new().refresh_every(SECOND));
    answer(&lan, page(&["near", "gone"], None));
    answer(&online, page(&["far"], None));
    heard(&mut app);
    pass(&mut app, 7 * SECOND);
    answer(&lan, page(&["near", "new"], None));
    app.update();
    assert_eq!(names(&results(&app, search)), ["near", "new", "far"]);
    answer(&online, page(&["far", "other"], None));
    assert_eq!(heard(&mut app), ["search 1 found 4"]);
    pass(&mut app, 7 * SECOND);
    assert!(online.next().refuse(unreachable()));
    app.update();
    assert_eq!(names(&results(&app, search)), ["near", "new", "far", "other"]);
    assert_eq!(results(&app, search).failures.len(), 1);
    assert!(lan.next().refuse(unreachable()));
    heard(&mut app);
    assert_eq!(results(&app, search).sessions.len(), 4, "the old ones are kept");
}

#[test]
fn a_search_that_some_have_answered_ends_in_time_with_what_there_is() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new());
    answer(&lan, page(&["near"], None));
    app.update();
    pass(&mut app, 10 * SECOND);
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
    let results = results(&app, search);
    assert!(results.waiting_for.is_empty() && results.failures[0].reach == Reach::Online);
    assert!(online.next().is_cancelled());
}

#[test]
fn one_service_that_fails_does_not_spoil_the_other_and_its_error_is_told() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new());
    assert!(online.next().refuse(unreachable()));
    answer(&lan, page(&["near"], None));
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
    let failures = results(&app, search).failures;
    assert_eq!(failures.len(), 1);
    assert_eq!(failures[0].reach, Reach::Online);
    assert!(matches!(failures[0].error, SessionError::Unreachable { .. }));
}

#[test]
fn one_service_that_does_not_answer_does_not_spoil_the_other() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new());
    answer(&lan, page(&["near"], None));
    pass(&mut app, 10 * SECOND);
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
    assert!(matches!(
        results(&app, search).failures[0].error,
        SessionError::TimedOut { .. }
    ));
    assert!(online.next().is_cancelled());
}

#[test]
fn a_search_that_fails_everywhere_fails() {
    let (mut app, online, lan) = both();
    find(&mut app, SessionQuery::new());
    assert!(lan.next().refuse(ServiceError::refused(ErrorCode::Internal, "no")));
    assert!(
        online
            .next()
            .refuse(ServiceError::refused(ErrorCode::Throttled, "busy"))
    );
    assert_eq!(heard(&mut app), ["search 1 failed find: the session service is busy"]);
}

#[test]
fn a_search_of_one_reach_asks_only_there() {
    let (mut app, online, lan) = both();
    find(&mut app, SessionQuery::new().only(Reach::Lan));
    assert_eq!((online.len(), lan.len()), (0, 1));
    let service = Scripted::default();
    let mut app = app_with(SessionClientPlugin::lan_only(service.clone()));
    find(&mut app, SessionQuery::new().only(Reach::Online));
    let failed = "search 1 failed find: no service for online sessions was given to the plugin";
    assert_eq!(heard(&mut app), [failed]);
}

#[test]
fn a_lan_only_app_starts_and_finds_on_the_lan() {
    let service = Scripted::default();
    let mut app = app_with(SessionClientPlugin::lan_only(service.clone()).travel(TravelPolicy::Manual));
    started(&mut app, &service);
    find(&mut app, SessionQuery::new());
    answer(&service, page(&["near"], None));
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
}

#[test]
fn what_was_found_is_joined_where_it_was_found() {
    let (mut app, online, lan) = both();
    let found = FoundSession::new(game_session("near"), Reach::Lan, None);
    let entity = with_sessions(&mut app, move |sessions| sessions.join("game", &found));
    assert_eq!((online.len(), lan.len()), (0, 1));
    assert!(lan.next().accept());
    app.update();
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    assert_eq!(lan.next().operation(), SessionOperation::Leave);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Leaving));
    assert_eq!(online.len(), 0);
}

#[test]
fn the_next_page_is_asked_of_those_that_have_one() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new().limit(2));
    answer(&lan, page(&["near"], None));
    assert_eq!(answer(&online, page(&["a", "b"], Some("2"))).limit, Some(2));
    heard(&mut app);
    let next = results(&app, search).next_page.unwrap();
    let second = find(&mut app, SessionQuery::new().limit(2).page(next));
    assert_eq!(lan.len(), 0);
    assert_eq!(answer(&online, page(&["c"], None)).page.as_deref(), Some("2"));
    heard(&mut app);
    assert_eq!(names(&results(&app, second)), ["c"]);
    assert_eq!(results(&app, second).next_page, None);
}

#[test]
fn filters_and_order_reach_the_services_and_the_whole_is_in_that_order() {
    let (mut app, online, lan) = both();
    let query = SessionQuery::new()
        .property("mode", "arena")
        .build("dev".parse().unwrap())
        .sort_by(SearchOrder::Name);
    let search = find(&mut app, query);
    let asked = answer(&online, page(&["a", "d"], None));
    assert_eq!(asked.sort, Some(GameSessionOrder::Name));
    assert_eq!(asked.properties["mode"], "arena");
    assert_eq!(answer(&lan, page(&["b", "e"], None)).sort, Some(GameSessionOrder::Name));
    heard(&mut app);
    assert_eq!(names(&results(&app, search)), ["a", "b", "d", "e"]);
}

#[test]
fn another_version_and_a_full_and_a_closed_session_are_shown_as_not_joinable() {
    use JoinObstacle::{Closed, Full, OtherBuild};

    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new());
    let mut found = page(&["other", "full", "closed", "fine"], None);
    found.game_sessions[0].build = "old".parse().unwrap();
    found.game_sessions[1].current_players = 8;
    found.game_sessions[2].policy = PlayerSessionPolicy::DenyAll;
    answer(&online, found);
    answer(&lan, GameSessionPage::default());
    heard(&mut app);
    let obstacles: Vec<_> = results(&app, search)
        .sessions
        .iter()
        .map(|found| found.obstacle)
        .collect();
    assert_eq!(obstacles, [Some(OtherBuild), Some(Full), Some(Closed), None]);
}

#[test]
fn owner_build_properties_and_seats_of_a_session_reach_the_other_players() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let mut owner = app(orchestrator.service("owner".parse().unwrap()), TravelPolicy::Manual);
    with_sessions(&mut owner, |sessions| {
        let settings = SessionSettings::new(5).property("map", "moon").password("xyzzy");
        sessions.create("game", settings.build("1.2".parse().unwrap())).unwrap();
        sessions.start("game");
    });
    serve(&host);
    owner.update();
    let mut guest = app(orchestrator.service("guest".parse().unwrap()), TravelPolicy::Manual);
    let search = find(&mut guest, SessionQuery::new());
    heard(&mut guest);
    let found = &results(&guest, search).sessions[0].game_session;
    assert_eq!((found.name.as_str(), found.build.as_str()), ("game", "1.2"));
    assert_eq!((found.max_players, found.current_players), (5, 1));
    assert_eq!(found.properties["map"], "moon");
    assert!(found.locked && found.owner.as_ref().is_some_and(|owner| !owner.contains("owner")));
}

#[test]
fn a_live_search_is_asked_again_after_its_pause_and_not_before() {
    let (mut app, online, lan) = both();
    let search = find(&mut app, SessionQuery::new().refresh_every(SECOND));
    answer(&online, page(&["a"], None));
    answer(&lan, page(&[], None));
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
    pass(&mut app, 4 * SECOND);
    assert_eq!(online.len(), 0, "never faster than every five seconds");
    pass(&mut app, 3 * SECOND);
    answer(&online, page(&["a", "b"], None));
    answer(&lan, page(&[], None));
    assert_eq!(heard(&mut app), ["search 1 found 2"]);
    pass(&mut app, 7 * SECOND);
    assert!(online.next().refuse(unreachable()));
    assert!(lan.next().refuse(unreachable()));
    assert_eq!(heard(&mut app), ["search 1 found 2"], "the old ones are kept");
    assert_eq!(results(&app, search).failures.len(), 2);
    app.world_mut().despawn(search);
    pass(&mut app, 100 * SECOND);
    assert_eq!((online.len(), lan.len()), (0, 0));
}

#[test]
fn a_live_search_goes_on_after_a_time_out() {
    let (mut app, online, lan) = both();
    find(&mut app, SessionQuery::new().refresh_every(SECOND));
    pass(&mut app, 10 * SECOND);
    assert_eq!(
        heard(&mut app),
        ["search 1 failed find: no answer came within 10000 ms"]
    );
    assert!(online.next().is_cancelled() && lan.next().is_cancelled());
    pass(&mut app, 7 * SECOND);
    answer(&online, page(&["a"], None));
    answer(&lan, page(&[], None));
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
}

#[test]
fn pings_follow_what_was_found_and_sort_it() {
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions);
    let mut ids = Vec::new();
    for name in ["slow", "fast", "unknown"] {
        let host = ready(&orchestrator);
        let request = CreateGameSession::new(name, 4, "dev".parse().unwrap());
        ids.push(hosted(&orchestrator, &host, name, request).id);
        std::mem::forget(host);
    }
    orchestrator.set_ping(ids[0].clone(), 90 * SECOND / 1000);
    orchestrator.set_ping(ids[1].clone(), 9 * SECOND / 1000);
    let mut app = app_with(SessionClientPlugin::lan_only(
        orchestrator.service("anna".parse().unwrap()),
    ));
    let search = find(&mut app, SessionQuery::new().sort_by(SearchOrder::LowestPing));
    heard(&mut app);
    assert_eq!(names(&results(&app, search)), ["fast", "slow", "unknown"]);
    let pings: Vec<_> = results(&app, search)
        .sessions
        .iter()
        .map(|found| found.ping.is_some())
        .collect();
    assert_eq!(pings, [true, true, false]);
}

#[test]
fn offline_is_seen_and_seen_to_end() {
    let (mut app, online, lan) = both();
    let reach = |app: &App| app.world().resource::<ServiceReachability>().of(Reach::Online);
    assert_eq!(reach(&app), Reachability::Unknown);
    find(&mut app, SessionQuery::new());
    assert!(online.next().refuse(unreachable()));
    answer(&lan, page(&[], None));
    heard(&mut app);
    assert_eq!(reach(&app), Reachability::Unreachable);
    assert_eq!(
        app.world().resource::<ServiceReachability>().of(Reach::Lan),
        Reachability::Reachable
    );
    with_sessions(&mut app, |sessions| {
        sessions.quick_join("game", SessionSettings::new(4))
    });
    assert!(
        online
            .next()
            .refuse(ServiceError::refused(ErrorCode::NoCapacity, "none"))
    );
    heard(&mut app);
    assert_eq!(reach(&app), Reachability::Reachable, "a refusal is an answer");
}

#[test]
fn a_live_search_that_is_refreshed_after_for_ever_is_one_search() {
    let (mut app, online, lan) = both();
    find(&mut app, SessionQuery::new().refresh_every(Duration::MAX));
    for service in [&online, &lan] {
        answer(service, page(&[], None));
    }
    assert_eq!(heard(&mut app), ["search 1 found 0"]);
    pass(&mut app, 1_000_000 * SECOND);
    assert_eq!((online.len(), lan.len()), (0, 0));
}
