//! The tracing subscriber: one JSON object a line in Lambda, readable lines on a terminal.
//!
//! Fields keep their dotted names and stand beside `timestamp`, `level`, `target` and `message`. A serialiser writes
//! the lines, so that nothing a client sends can begin a line of its own (promise 25).

use std::fmt::{self, Debug};
use std::io::{self, IsTerminal as _};

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{self as lines, FmtContext};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry};

use crate::config::{LogConfig, LogFormat};
use crate::metrics::Source;
use domain::clock::Clock;

/// True if `text` says what is to be logged.
pub fn is_filter(text: &str) -> bool {
    text.parse::<Targets>().is_ok()
}

/// Not `EnvFilter`, which distinguishes spans and fields too: its regular expressions add 400 KB to each function.
fn filter(config: &LogConfig) -> Targets {
    let filter = config.filter.parse();
    filter.unwrap_or_else(|_| Targets::new().with_default(LevelFilter::INFO))
}

/// Installs the process's subscriber. Only the first call has an effect.
pub fn init(config: &LogConfig) {
    let (filtered, lines) = (
        tracing_subscriber::registry().with(filter(config)),
        lines::layer().with_writer(io::stderr),
    );
    let _ = match config.format {
        LogFormat::Json => filtered
            .with(lines.event_format(JsonLines::new(config.metrics.clone())))
            .try_init(),
        LogFormat::Text => filtered
            .with(lines.with_target(false).with_ansi(io::stderr().is_terminal()))
            .try_init(),
    };
    if config.metrics.is_some() {
        tracing::info!(cold_starts = 1, "started");
    }
}

/// Like [`init`], with another layer beside the log, which sees also what the log's filter hides.
pub fn init_beside(config: &LogConfig, layer: impl Layer<Registry> + Send + Sync) {
    let (beside, lines) = (
        tracing_subscriber::registry().with(layer),
        lines::layer().with_writer(io::stderr),
    );
    let _ = match config.format {
        LogFormat::Json => {
            let lines = lines.event_format(JsonLines::new(config.metrics.clone()));
            beside.with(lines.with_filter(filter(config))).try_init()
        }
        LogFormat::Text => {
            let lines = lines.with_target(false).with_ansi(io::stderr().is_terminal());
            beside.with(lines.with_filter(filter(config))).try_init()
        }
    };
}

/// Events as JSON objects, with their metrics where there is somebody to count them.
#[derive(Debug)]
pub struct JsonLines {
    clock: Clock,
    metrics: Option<Source>,
}

impl JsonLines {
    pub fn new(metrics: Option<Source>) -> Self {
        Self {
            clock: Clock::system(),
            metrics,
        }
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut line = Line::default();
        event.record(&mut line);
        let Line(mut line) = line;
        let now = self.clock.now();
        line.insert("timestamp".to_owned(), now.to_string().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        if let Some(source) = &self.metrics {
            source.embed(&mut line, now.as_millisecond());
        }
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The fields of an event.
#[derive(Default)]
struct Line(Map<String, Value>);

impl Line {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Line {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use super::*;

    /// What is logged, kept.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(log: impl FnOnce()) -> Value {
        let kept = Kept::default();
        let source = Source {
            namespace: "tidegate".to_owned(),
            function: "tidegate-proxy".to_owned(),
        };
        let lines = JsonLines {
            clock: Clock::fixed("2026-11-23T08:00:00Z".parse().unwrap()),
            metrics: Some(source),
        };
        let writer = kept.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(lines)
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn an_event_is_one_object_with_its_fields_by_name() {
        let line = logged(
            || tracing::info!(request.id = %"r1", status = 200, code = None::<&str>, duration_ms = 7_u64, "request"),
        );
        for (field, value) in [
            ("timestamp", json!("2026-11-23T08:00:00Z")),
            ("level", json!("INFO")),
            ("message", json!("request")),
        ] {
            assert_eq!(line[field], value);
        }
        assert_eq!(
            (&line["request.id"], &line["status"], line.get("code")),
            (&json!("r1"), &json!(200), None)
        );
        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"],
            "duration_ms"
        );
    }

    #[test]
    fn p25_line_breaks_of_a_client_stay_inside_their_line() {
        let line = logged(|| tracing::warn!(path = "/a\n{\"level\":\"INFO\"}\u{1b}[2J", "request"));
        assert_eq!(line["path"], "/a\n{\"level\":\"INFO\"}\u{1b}[2J");
    }
}
