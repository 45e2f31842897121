//! One line of `StatsD` as server SDKs write it: `name:value|kind|@rate|#key:value,key:value`.

/// The longest name, key and value.
const LONGEST: usize = 200;
/// Tags of one line.
const MAX_TAGS: usize = 32;

/// What to do with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    /// A gauge whose value has a sign: a change of what it was.
    GaugeChange,
    Counter,
    Timer,
}

/// One value, and whose it is.
#[derive(Debug, PartialEq)]
pub(super) struct Line<'a> {
    pub(super) name: &'a str,
    pub(super) value: f64,
    pub(super) kind: Kind,
    /// The part of all values that this one stands for.
    pub(super) rate: f64,
    pub(super) process_pid: Option<u32>,
    pub(super) process_id: &'a str,
    pub(super) session_id: &'a str,
    /// The tags that say more than whose it is.
    pub(super) tags: Vec<(&'a str, &'a str)>,
}

impl<'a> Line<'a> {
    /// Reads a line; nothing for what is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let mut parts = text.split('|');
        let (name, number) = parts.next()?.split_once(':')?;
        let signed = number.starts_with(['+', '-']);
        let kind = match parts.next()? {
            "g" if signed => Kind::GaugeChange,
            "g" => Kind::Gauge,
            "c" => Kind::Counter,
            // histograms and distributions of other clients are told alike
            "ms" | "h" | "d" => Kind::Timer,
            _ => return None,
        };
        let mut line = Line {
            name: Some(name).filter(|name| is_key(name))?,
            value: number.parse().ok().filter(|value: &f64| value.is_finite())?,
            kind,
            rate: 1.0,
            process_pid: None,
            process_id: "",
            session_id: "",
            tags: Vec::new(),
        };
        for part in parts {
            if let Some(rate) = part.strip_prefix('@') {
                line.rate = rate.parse().ok().filter(|rate| *rate > 0.0 && *rate <= 1.0)?;
            } else if let Some(tags) = part.strip_prefix('#') {
                line.take_tags(tags)?;
            } else {
                return None;
            }
        }
        Some(line)
    }

    fn take_tags(&mut self, tags: &'a str) -> Option<()> {
        for tag in tags.split(',').filter(|tag| !tag.is_empty()) {
            let (key, value) = tag.split_once(':').unwrap_or((tag, ""));
            match key {
                "process_pid" => self.process_pid = Some(value.parse().ok()?),
                "gamelift_process_id" => self.process_id = value,
                "session_id" => self.session_id = value,
                _ if is_key(key) && value.len() <= LONGEST && self.tags.len() < MAX_TAGS => {
                    self.tags.push((key, value));
                }
                _ => return None,
            }
        }
        self.tags.sort_unstable();
        Some(())
    }

    /// The name under which its values are gathered: with the tags that say more than whose it is.
    pub(super) fn series(&self) -> String {
        let mut series = self.name.to_owned();
        for (at, (key, value)) in self.tags.iter().enumerate() {
            series.push(if at == 0 { '#' } else { ',' });
            series.push_str(key);
            series.push(':');
            series.push_str(value);
        }
        series
    }
}

fn is_key(text: &str) -> bool {
    text.len() <= LONGEST
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_of_the_official_sdks_are_read() {
        let go =
            Line::read("server.up:1|g|#process_pid:6602,gamelift_process_id:envproc,session_id:arn:aws:x").unwrap();
        assert_eq!(
            (go.name, go.kind, go.process_pid),
            ("server.up", Kind::Gauge, Some(6602))
        );
        assert_eq!((go.process_id, go.session_id), ("envproc", "arn:aws:x"));
        assert_eq!(go.series(), "server.up");
        let cpp = Line::read("server_up:0|g|#session_id:arn:x,process_pid:800,gamelift_process_id:envproc").unwrap();
        assert_eq!((cpp.name, cpp.process_pid), ("server_up", Some(800)));
        let timer = Line::read("server_tick_time:16.6|ms|@0.5|#map:docks,area:7").unwrap();
        assert_eq!(
            (timer.kind, timer.value.to_bits(), timer.rate.to_bits()),
            (Kind::Timer, 16.6_f64.to_bits(), 0.5_f64.to_bits())
        );
        assert_eq!(timer.series(), "server_tick_time#area:7,map:docks");
        assert_eq!(Line::read("x:-3|g").unwrap().kind, Kind::GaugeChange);
        assert_eq!(Line::read("x:3|c|#").unwrap().kind, Kind::Counter);
    }

    #[test]
    fn what_is_no_line_is_junk() {
        for junk in [
            "",
            "x",
            "x:1",
            "x:|g",
            "x:one|g",
            "x:1|s",
            "x:nan|g",
            "x:inf|c",
            "1x:1|g",
            ":1|g",
            "x y:1|g",
            "x:1|c|@0",
            "x:1|c|@2",
            "x:1|c|later",
            "x:1|g|#process_pid:many",
            "x:1|g|#a b:c",
            "<b>:1|g",
        ] {
            assert_eq!(Line::read(junk), None, "{junk}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in ".{0,200}", odd in "[a-z]{0,3}:[-+.0-9e]{0,5}\\|(g|c|ms)(\\|[@#].{0,20}){0,2}") {
            drop(Line::read(&text));
            drop(Line::read(&odd));
        }
    }
}
