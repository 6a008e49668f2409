//! Metrics in Prometheus' text form (version 0.0.4), those of this room and those of the node. Names: `docs/specs/api.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::{Method, StatusCode};

/// Most (method, route, status) that are counted apart; routes are ours, so this is only reached by a fault of ours. The rest is counted as `other`.
const SERIES_MAX: usize = 2_048;

/// How values of a metric behave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises.
    Counter,
    /// Rises and falls.
    Gauge,
}

/// One value of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Names and values that tell it from others. Never anything of a patient or a person.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

/// A metric with all its values.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Its name, `cordon_` in front, unit last.
    pub name: &'static str,
    /// What it counts, one line.
    pub help: &'static str,
    /// How it behaves.
    pub kind: Kind,
    /// Its values.
    pub samples: Vec<Sample>,
}

impl Family {
    /// A metric with one value.
    #[must_use]
    pub fn one(name: &'static str, help: &'static str, kind: Kind, value: f64) -> Self {
        Self { name, help, kind, samples: vec![Sample { labels: Vec::new(), value }] }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Answered {
    requests: u64,
    seconds: f64,
}

/// What this room counts.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    answered: Mutex<BTreeMap<(String, String, u16), Answered>>,
}

impl Counts {
    /// Counts one answer.
    pub(crate) fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let mut all = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = (method.as_str().to_owned(), route.to_owned(), status.as_u16());
        if is_odd(method) || (all.len() >= SERIES_MAX && !all.contains_key(&key)) {
            key = ("other".to_owned(), "other".to_owned(), status.as_u16());
        }
        let entry = all.entry(key).or_default();
        entry.requests += 1;
        entry.seconds += took.as_secs_f64();
    }

    /// As metrics.
    pub(crate) fn families(&self) -> Vec<Family> {
        let all = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let samples = |value: fn(&Answered) -> f64| {
            let sample = |((method, route, status), answered): (&(String, String, u16), &Answered)| Sample {
                labels: vec![("method", method.clone()), ("route", route.clone()), ("status", status.to_string())],
                value: value(answered),
            };
            all.iter().map(sample).collect()
        };
        vec![
            Family {
                name: "cordon_http_requests_total",
                help: "Answered requests.",
                kind: Kind::Counter,
                samples: samples(|answered| as_number(answered.requests)),
            },
            Family {
                name: "cordon_http_request_seconds_total",
                help: "Time until the head of the answer, summed.",
                kind: Kind::Counter,
                samples: samples(|answered| answered.seconds),
            },
        ]
    }
}

/// A method that somebody made up: it must not become a label.
fn is_odd(method: &Method) -> bool {
    !matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS")
}

#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 may lose its last digit")]
fn as_number(count: u64) -> f64 {
    count as f64
}

/// Writes metrics as text.
pub(crate) fn text(families: &[Family]) -> String {
    let mut out = String::new();
    for family in families {
        let kind = match family.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let _ = writeln!(out, "# HELP {} {}\n# TYPE {} {kind}", family.name, family.help, family.name);
        for sample in &family.samples {
            out.push_str(family.name);
            write_labels(&sample.labels, &mut out);
            let _ = writeln!(out, " {}", sample.value);
        }
    }
    out
}

fn write_labels(labels: &[(&'static str, String)], out: &mut String) {
    if labels.is_empty() {
        return;
    }
    out.push('{');
    for (place, (name, value)) in labels.iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        let _ = write!(out, "{comma}{name}=\"{value}\"");
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_written_as_prometheus_reads_them() {
        let family = Family {
            name: "cordon_source_records_total",
            help: "RawRecords received.",
            kind: Kind::Counter,
            samples: vec![
                Sample { labels: vec![("source", "a\"b\\c\nd".to_owned()), ("site", "main".to_owned())], value: 3.0 },
                Sample { labels: Vec::new(), value: 0.5 },
            ],
        };
        let expect = "# HELP cordon_source_records_total RawRecords received.\n# TYPE cordon_source_records_total counter\n\
             cordon_source_records_total{source=\"a\\\"b\\\\c\\nd\",site=\"main\"} 3\ncordon_source_records_total 0.5\n";
        assert_eq!(text(&[family]), expect);
    }

    #[test]
    fn made_up_methods_do_not_become_series() {
        let counts = Counts::default();
        for number in 0..100 {
            let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            counts.answered(&method, "none", StatusCode::NOT_FOUND, Duration::ZERO);
        }
        assert_eq!(counts.families()[0].samples.len(), 1);
    }
}
