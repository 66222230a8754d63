//! The families of metrics, and how they are added up. Pure.
//!
//! They are those of the cloud ([`service::metrics`]): fields of log lines. A series of Prometheus costs nothing, so
//! several labels tell one apart, where `CloudWatch` has one dimension.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Upper bounds of durations, in seconds: from refusals to the longest streams.
const BOUNDS: [f64; 15] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0,
];

/// The way in which the numbers of a field become a metric.
#[derive(Clone, Copy)]
enum Kind {
    /// The count of measurements.
    Number,
    /// Their sum.
    Sum,
    /// Their distribution; they are milliseconds, as fields of a log have them.
    Durations,
}

/// One metric of Prometheus.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    /// Fields beside the number that tell series apart.
    labels: &'static [&'static str],
    /// The fields that have its numbers; with the value of the label `kind` where there are several.
    fields: &'static [(&'static str, &'static str)],
}

const FAMILIES: [Family; 8] = [
    Family {
        name: "tidegate_requests_total",
        help: "Requests that have ended; with the code of their error.",
        kind: Kind::Number,
        labels: &["model", "status", "code"],
        fields: &[("duration_ms", "")],
    },
    Family {
        name: "tidegate_request_duration_seconds",
        help: "From the head of a request to the last byte of its answer.",
        kind: Kind::Durations,
        labels: &["model"],
        fields: &[("duration_ms", "")],
    },
    Family {
        name: "tidegate_first_byte_seconds",
        help: "From the head of a request to the first byte of a completion.",
        kind: Kind::Durations,
        labels: &["model"],
        fields: &[("first_byte_ms", "")],
    },
    Family {
        name: "tidegate_tokens_total",
        help: "Tokens of completions; what was written to a cache is a part of the input.",
        kind: Kind::Sum,
        labels: &["model"],
        fields: &[
            ("tokens.input", "input"),
            ("tokens.output", "output"),
            ("tokens.cache_write", "cache_write"),
        ],
    },
    Family {
        name: "tidegate_cost_usd_total",
        help: "Cost of completions by the prices of their models.",
        kind: Kind::Sum,
        labels: &["model"],
        fields: &[("cost_usd", "")],
    },
    Family {
        name: "tidegate_failed_attempts_total",
        help: "Calls of backends that gave nothing to pass on.",
        kind: Kind::Sum,
        labels: &["backend", "class"],
        fields: &[("failed_attempts", "")],
    },
    Family {
        name: "tidegate_settled_by_janitor_total",
        help: "Exchanges whose process had died, settled as reserved.",
        kind: Kind::Sum,
        labels: &["model"],
        fields: &[("settled_by_janitor", "")],
    },
    Family {
        name: "tidegate_usage_lost_total",
        help: "Requests whose usage could not be written.",
        kind: Kind::Sum,
        labels: &[],
        fields: &[("usage_lost", "")],
    },
];

/// True if events with the field `name` count in a family.
pub(super) fn is_number(name: &str) -> bool {
    FAMILIES
        .iter()
        .any(|family| family.fields.iter().any(|(field, _)| *field == name))
}

/// True if the field `name` tells series of a family apart.
pub(super) fn is_label(name: &str) -> bool {
    FAMILIES.iter().any(|family| family.labels.contains(&name))
}

/// The fields of an event that count in families.
#[derive(Default)]
pub(super) struct Measurement {
    pub(super) numbers: Vec<(&'static str, f64)>,
    pub(super) labels: Vec<(&'static str, String)>,
}

impl Measurement {
    /// The labels of its series in `family`, as the text format has them between braces.
    fn series(&self, family: &Family, kind: &str) -> String {
        let told = self.labels.iter().filter(|(name, _)| family.labels.contains(name));
        let told = told.map(|(name, value)| (*name, value.as_str()));
        let kind = (!kind.is_empty()).then_some(("kind", kind));
        let labels = told.chain(kind).map(|(name, value)| label(name, value));
        labels.collect::<Vec<_>>().join(",")
    }
}

/// A label, escaped (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
fn label(name: &str, value: &str) -> String {
    let value = value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
    format!("{name}=\"{value}\"")
}

/// The numbers of one series so far.
#[derive(Clone, Copy, Default)]
struct Total {
    count: u64,
    sum: f64,
    /// The counts of each bound: not above it, and above those before.
    buckets: [u64; BOUNDS.len()],
}

impl Total {
    fn add(&mut self, number: f64) {
        self.count += 1;
        self.sum += number;
        if let Some(bucket) = BOUNDS.iter().position(|bound| number <= *bound) {
            self.buckets[bucket] += 1;
        }
    }
}

/// All series, by family.
#[derive(Default)]
pub(super) struct Totals([BTreeMap<String, Total>; FAMILIES.len()]);

impl Totals {
    pub(super) fn add(&mut self, measurement: &Measurement) {
        for (family, totals) in FAMILIES.iter().zip(&mut self.0) {
            for (field, kind) in family.fields {
                let found = measurement.numbers.iter().find(|(name, _)| name == field);
                let Some((_, number)) = found else { continue };
                let unit = if let Kind::Durations = family.kind { 1000.0 } else { 1.0 };
                let series = measurement.series(family, kind);
                totals.entry(series).or_default().add(number / unit);
            }
        }
    }

    /// All series in Prometheus' text format.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for (family, totals) in FAMILIES.iter().zip(&self.0) {
            let Family { name, help, .. } = family;
            let kind = if let Kind::Durations = family.kind {
                "histogram"
            } else {
                "counter"
            };
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            for (series, total) in totals {
                family.write(&mut text, series, total);
            }
        }
        text
    }
}

impl Family {
    fn write(&self, text: &mut String, series: &str, total: &Total) {
        let Self { name, .. } = self;
        let braces = if series.is_empty() {
            String::new()
        } else {
            format!("{{{series}}}")
        };
        let _ = match self.kind {
            Kind::Number => writeln!(text, "{name}{braces} {}", total.count),
            Kind::Sum => writeln!(text, "{name}{braces} {}", total.sum),
            Kind::Durations => {
                let before = if series.is_empty() {
                    String::new()
                } else {
                    format!("{series},")
                };
                let mut below = 0;
                for (bound, number) in BOUNDS.iter().zip(total.buckets) {
                    below += number;
                    let _ = writeln!(text, "{name}_bucket{{{before}le=\"{bound}\"}} {below}");
                }
                let Total { count, sum, .. } = total;
                let _ = writeln!(text, "{name}_bucket{{{before}le=\"+Inf\"}} {count}");
                writeln!(text, "{name}_sum{braces} {sum}\n{name}_count{braces} {count}")
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use service::metrics::METRICS;

    use super::*;

    #[test]
    fn c4_every_metric_of_the_cloud_is_in_a_family() {
        let missing = METRICS.iter().filter(|(name, _)| !is_number(name));
        let missing: Vec<_> = missing.map(|(name, _)| *name).collect();
        // A process says itself when it has started.
        assert_eq!(missing, ["cold_starts"]);
    }

    #[test]
    fn c4_series_are_told_apart_by_their_labels_and_added_up() {
        let mut totals = Totals::default();
        for (model, milliseconds) in [("a", 20.0), ("a", 3000.0), ("b\"\\\n", 2_000_000.0)] {
            totals.add(&Measurement {
                numbers: vec![("duration_ms", milliseconds), ("tokens.input", 5.0)],
                labels: vec![("model", model.to_owned()), ("status", "200".to_owned())],
            });
        }
        let text = totals.text();
        for line in [
            "# TYPE tidegate_requests_total counter",
            "tidegate_requests_total{model=\"a\",status=\"200\"} 2",
            "# TYPE tidegate_request_duration_seconds histogram",
            "tidegate_request_duration_seconds_bucket{model=\"a\",le=\"0.01\"} 0",
            "tidegate_request_duration_seconds_bucket{model=\"a\",le=\"0.025\"} 1",
            "tidegate_request_duration_seconds_bucket{model=\"a\",le=\"5\"} 2",
            "tidegate_request_duration_seconds_sum{model=\"a\"} 3.02",
            "tidegate_request_duration_seconds_bucket{model=\"b\\\"\\\\\\n\",le=\"900\"} 0",
            "tidegate_request_duration_seconds_bucket{model=\"b\\\"\\\\\\n\",le=\"+Inf\"} 1",
            "tidegate_tokens_total{model=\"a\",kind=\"input\"} 10",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
        assert!(!text.contains("cost_usd_total{"), "{text}");
    }

    #[test]
    fn c4_a_family_without_labels_has_no_braces() {
        let mut totals = Totals::default();
        totals.add(&Measurement {
            numbers: vec![("failed_attempts", 1.0), ("first_byte_ms", 1.0)],
            labels: Vec::new(),
        });
        let text = totals.text();
        assert!(text.contains("\ntidegate_failed_attempts_total 1\n"), "{text}");
        assert!(
            text.contains("\ntidegate_first_byte_seconds_bucket{le=\"0.005\"} 1\n"),
            "{text}"
        );
        assert!(text.contains("\ntidegate_first_byte_seconds_count 1\n"), "{text}");
    }
}
