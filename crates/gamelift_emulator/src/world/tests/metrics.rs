//! Metrics of server processes: whose they are, what they come to, what is not taken.

use super::rig::Rig;
use crate::{
    snapshot::{CrashReporterStatus, MetricSnapshot, ProcessSnapshot},
    world::CrashReport,
};

impl Rig {
    fn measure(&mut self, datagram: &str) {
        self.world.handle_metrics(datagram.as_bytes(), self.now);
    }

    fn report(&mut self, pid: u32, report: &CrashReport) {
        self.world.crash_report(pid, report, self.now);
    }

    /// The newest process with this id.
    fn measured(&self, process_id: &str) -> ProcessSnapshot {
        let processes = self.world.snapshot().processes;
        let found = processes
            .into_iter()
            .rev()
            .find(|process| process.process_id == process_id);
        found.unwrap()
    }

    fn metric(&self, process_id: &str, name: &str) -> Option<MetricSnapshot> {
        let metrics = self.measured(process_id).metrics;
        metrics.into_iter().find(|metric| metric.name == name)
    }

    fn value(&self, process_id: &str, name: &str) -> Option<f64> {
        Some(self.metric(process_id, name)?.value)
    }
}

#[test]
fn values_are_those_of_the_process_that_a_line_names() {
    let mut rig = Rig::new();
    rig.process("one");
    rig.process("two");
    rig.measure(
        "server.up:1|g|#process_pid:11,gamelift_process_id:one\nplayers:3|c|#process_pid:11,gamelift_process_id:one",
    );
    rig.measure("server_up:1|g|#process_pid:22,gamelift_process_id:two\n\0");
    rig.measure("players:4|c|@0.5|#process_pid:11,gamelift_process_id:one");
    assert_eq!(rig.value("one", "server.up"), Some(1.0));
    assert_eq!(rig.value("one", "players"), Some(11.0), "one of two stands for two");
    assert_eq!(rig.value("two", "server_up"), Some(1.0));
    assert_eq!(rig.value("two", "players"), None);
    assert_eq!(rig.measured("two").operating_system_pid, Some(22));
    let sink = rig.world.snapshot().metrics;
    assert_eq!((sink.lines, sink.junk, sink.left_out), (4, 0, 0));
}

#[test]
fn gauges_are_set_and_changed_and_timers_are_summed_up() {
    let mut rig = Rig::new();
    rig.process("one");
    let tags = "|#process_pid:11,gamelift_process_id:one";
    for line in ["g:5|g", "g:+2|g", "n:0|g", "n:-3.5|g", "t:10|ms", "t:30|ms", "t:20|ms"] {
        rig.measure(&format!("{line}{tags}"));
    }
    assert_eq!(rig.value("one", "g"), Some(7.0));
    assert_eq!(rig.value("one", "n"), Some(-3.5), "set to 0, then changed");
    let timer = rig.metric("one", "t").unwrap();
    assert_eq!((timer.kind.as_str(), timer.value), ("timer", 20.0));
    assert_eq!(
        (timer.count, timer.least, timer.mean, timer.most),
        (Some(3.0), Some(10.0), Some(20.0), Some(30.0))
    );
    rig.measure(&format!("t:1|c{tags}"));
    assert_eq!(rig.world.snapshot().metrics.left_out, 1, "a timer is no counter");
    rig.measure(&format!("g:9|g{tags},map:docks"));
    assert_eq!(rig.value("one", "g#map:docks"), Some(9.0));
    assert_eq!(rig.value("one", "g"), Some(7.0));
}

#[test]
fn lines_without_a_process_id_are_those_of_the_process_that_hosts_their_game_session() {
    let mut rig = Rig::new();
    let (_, arn) = rig.playing();
    let host = rig.world.snapshot().game_sessions[0].process_id.clone();
    rig.measure("early:1|c|#process_pid:33");
    rig.report(33, &CrashReport::Register);
    assert_eq!(rig.world.snapshot().metrics.strangers, [33]);
    let update = CrashReport::Update {
        session_id: arn.clone(),
    };
    rig.report(33, &update);
    assert_eq!(rig.value(&host, "early"), Some(1.0), "what came before is its too");
    assert!(rig.world.snapshot().metrics.strangers.is_empty());
    rig.measure("late:1|c|#process_pid:33");
    assert_eq!(rig.value(&host, "late"), Some(1.0));
    assert_eq!(rig.measured(&host).crash_reporter, CrashReporterStatus::Registered);
    rig.report(33, &CrashReport::Deregister);
    assert_eq!(rig.measured(&host).crash_reporter, CrashReporterStatus::Deregistered);
    rig.measure(&format!("elsewhere:2|g|#process_pid:44,session_id:{arn}"));
    assert_eq!(rig.value(&host, "elsewhere"), Some(2.0));
}

#[test]
fn the_last_values_of_a_process_that_has_ended_are_still_its_own() {
    let mut rig = Rig::new();
    let socket = rig.process("one");
    let up = |value: u8| format!("server_up:{value}|g|#process_pid:11,gamelift_process_id:one");
    rig.measure(&up(1));
    rig.ending(socket);
    rig.measure(&up(0));
    assert_eq!(rig.value("one", "server_up"), Some(0.0));
    rig.process("one");
    rig.measure(&up(1).replace(":11", ":12"));
    let processes = rig.world.snapshot().processes;
    let values: Vec<f64> = processes.iter().map(|process| process.metrics[0].value).collect();
    assert_eq!(values, [0.0, 1.0], "a process that is started anew measures anew");
}

#[test]
fn junk_is_counted_and_everything_is_bounded() {
    let mut rig = Rig::new();
    rig.process("one");
    rig.measure("nonsense\n\nx:1|q\n\0");
    rig.world.handle_metrics(&[0xff, 0xfe], rig.now);
    rig.world
        .handle_metrics(&[b'x'; crate::world::MAX_DATAGRAM + 1], rig.now);
    rig.measure("nobodys:1|c");
    let sink = rig.world.snapshot().metrics;
    assert_eq!((sink.lines, sink.junk, sink.left_out), (1, 4, 1));
    for number in 0..300 {
        rig.measure(&format!("s{number}:1|g|#process_pid:11,gamelift_process_id:one"));
    }
    assert_eq!(rig.measured("one").metrics.len(), 256);
    assert_eq!(rig.world.snapshot().metrics.left_out, 1 + 300 - 256);
    for pid in 1_000..1_200 {
        rig.measure(&format!("s:1|g|#process_pid:{pid}"));
    }
    assert_eq!(rig.world.snapshot().metrics.strangers.len(), 64);
}
