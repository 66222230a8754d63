//! Metrics for Prometheus: of the fields of log lines that are metrics in the cloud too.
//!
//! Like there, what is measured is what is logged, whether or not the log's level lets it through: a layer beside the
//! log's sees the same events.

mod families;
mod port;

use std::fmt::{self, Debug};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use families::{Measurement, Totals, is_label, is_number};

pub(crate) use port::{Gauges, serve};

/// The totals of this process since its start. Clones share it.
#[derive(Clone, Default)]
pub struct Metrics(Arc<Mutex<Totals>>);

impl Metrics {
    /// Sees the events of a subscriber; of those that measure nothing not one.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + Send + Sync + use<S> {
        let measuring = filter_fn(is_measurement).with_max_level_hint(LevelFilter::INFO);
        Counter(self.clone()).with_filter(measuring)
    }

    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

impl Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

/// Asked once for each place in the code that logs.
fn is_measurement(metadata: &Metadata<'_>) -> bool {
    metadata.is_event() && metadata.fields().iter().any(|field| is_number(field.name()))
}

struct Counter(Metrics);

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut measurement = Measurement::default();
        event.record(&mut measurement);
        let Self(Metrics(totals)) = self;
        totals.lock().unwrap_or_else(PoisonError::into_inner).add(&measurement);
    }
}

impl Measurement {
    fn label(&mut self, field: &Field, value: impl FnOnce() -> String) {
        if is_label(field.name()) {
            self.labels.push((field.name(), value()));
        }
    }
}

impl Visit for Measurement {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if is_number(field.name()) {
            self.numbers.push((field.name(), value));
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        self.record_f64(field, value as f64);
        self.label(field, || value.to_string());
    }

    /// Literals are of this type.
    fn record_i64(&mut self, field: &Field, value: i64) {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        self.record_f64(field, value as f64);
        self.label(field, || value.to_string());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.label(field, || value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.label(field, || format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn c4_what_is_logged_is_counted_though_the_log_is_silent() {
        let metrics = Metrics::default();
        let silent = tracing_subscriber::fmt::layer().with_filter(LevelFilter::OFF);
        let subscriber = tracing_subscriber::registry().with(metrics.layer()).with(silent);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(model = %"m", status = Some(200_u16), code = None::<&str>, duration_ms = 7_u64, "exchange");
            tracing::warn!(failed_attempts = 1, backend = %"b", class = "timeout", "attempt failed");
            tracing::info!(model = %"m", "nothing to count");
        });
        let text = metrics.text();
        for line in [
            "tidegate_requests_total{model=\"m\",status=\"200\"} 1",
            "tidegate_request_duration_seconds_sum{model=\"m\"} 0.007",
            "tidegate_failed_attempts_total{backend=\"b\",class=\"timeout\"} 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
    }
}
