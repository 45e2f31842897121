//! The log: for people, or as lines of JSON for programs.

use std::{
    fmt,
    io::{self, IsTerminal, Write},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

use crate::arguments::Arguments;

/// To standard error: in colours only for a terminal whose user did not ask for none, one JSON object a line if asked.
pub(crate) fn start(arguments: &Arguments) {
    let usual = if arguments.quiet { "error" } else { "info" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    if arguments.json {
        tracing_subscriber::registry().with(filter).with(JsonLines).init();
        return;
    }
    let wants_none = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal() && !wants_none)
        .with_writer(io::stderr)
        .init();
}

/// Writes every event as one line: time in milliseconds since the Unix epoch, level, target, message, fields.
struct JsonLines;

impl<S: Subscriber> Layer<S> for JsonLines {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        // nobody reads it: that is no reason to stop
        drop(writeln!(io::stderr().lock(), "{}", line(event, fields.0)));
    }
}

fn line(event: &Event<'_>, mut fields: Map<String, Value>) -> Value {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let message = fields.remove("message").unwrap_or_default();
    let metadata = event.metadata();
    json!({
        "at": u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        "level": metadata.level().as_str().to_ascii_lowercase(),
        "target": metadata.target(),
        "message": message,
        "fields": fields,
    })
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), json!(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), json!(value));
    }
}
