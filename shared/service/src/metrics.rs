//! Metrics as fields of log lines: `CloudWatch`'s embedded metric format.
//!
//! What is measured is what is logged. A line that has one of [`METRICS`] among its fields is a measurement and says
//! so in a member `_aws`, of which `CloudWatch` makes metrics; so nothing else is called, kept or lost with the
//! process. How many requests there were is the number of `duration_ms`. Pure; [`telemetry`](crate::telemetry)
//! writes the lines. The format:
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.

use serde_json::{Map, Value, json};

/// Fields that are metrics, and their units.
pub const METRICS: [(&str, &str); 10] = [
    // Of a request, from its head to its last byte; and until the first byte of a completion.
    ("duration_ms", "Milliseconds"),
    ("first_byte_ms", "Milliseconds"),
    ("tokens.input", "Count"),
    ("tokens.output", "Count"),
    // A part of the input.
    ("tokens.cache_write", "Count"),
    ("cost_usd", "None"),
    // Backends that gave nothing to pass on, so that another was called.
    ("failed_attempts", "Count"),
    // Exchanges whose process had died, found by the janitor.
    ("settled_by_janitor", "Count"),
    // Requests whose usage could not be written.
    ("usage_lost", "Count"),
    ("cold_starts", "Count"),
];

/// Fields that are dimensions, each by itself: a metric for each of their values, and none for pairs of
/// them, since each metric is paid for. Their values are few: functions, codes of errors, models that exist.
const DIMENSIONS: [&str; 3] = ["function", "code", "model"];

/// Whose metrics they are.
#[derive(Clone, Debug)]
pub struct Source {
    /// `CloudWatch`'s namespace: the installation.
    pub namespace: String,
    pub function: String,
}

impl Source {
    /// Turns `line`, written at `timestamp_ms` (since 1970), into a measurement if it is one.
    pub fn embed(&self, line: &mut Map<String, Value>, timestamp_ms: i64) {
        let measured: Vec<Value> = METRICS
            .iter()
            .filter(|(name, _)| line.get(*name).is_some_and(Value::is_number))
            .map(|(name, unit)| json!({"Name": name, "Unit": unit}))
            .collect();
        if measured.is_empty() {
            return;
        }
        line.insert("function".to_owned(), self.function.as_str().into());
        let dimensions: Vec<_> = DIMENSIONS
            .iter()
            .filter(|name| line.contains_key(**name))
            .map(|name| [name])
            .collect();
        let directive = json!({"Namespace": self.namespace, "Dimensions": dimensions, "Metrics": measured});
        line.insert(
            "_aws".to_owned(),
            json!({"Timestamp": timestamp_ms, "CloudWatchMetrics": [directive]}),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(line: Value) -> Value {
        let source = Source {
            namespace: "tidegate".to_owned(),
            function: "tidegate-proxy".to_owned(),
        };
        let Value::Object(mut line) = line else {
            panic!("a line is an object")
        };
        source.embed(&mut line, 1_764_000_000_000);
        line.into()
    }

    #[test]
    fn a_line_with_a_measurement_says_what_is_measured_and_by_what_it_is_told_apart() {
        let line = embedded(
            json!({"message": "exchange", "model": "m", "duration_ms": 12, "tokens.input": 3, "user.id": "u"}),
        );
        let directive = json!({
            "Namespace": "tidegate",
            "Dimensions": [["function"], ["model"]],
            "Metrics": [{"Name": "duration_ms", "Unit": "Milliseconds"}, {"Name": "tokens.input", "Unit": "Count"}],
        });
        assert_eq!(
            line["_aws"],
            json!({"Timestamp": 1_764_000_000_000_i64, "CloudWatchMetrics": [directive]})
        );
        assert_eq!(
            (&line["function"], &line["duration_ms"]),
            (&json!("tidegate-proxy"), &json!(12))
        );
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        let line = json!({"message": "translation dropped fields", "duration_ms": "soon"});
        assert_eq!(embedded(line.clone()), line);
    }
}
