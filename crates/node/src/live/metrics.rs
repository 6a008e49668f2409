//! What the node counts, as metrics. Every queue of the street has its fill here; nothing in it names a patient or a person.

use std::sync::atomic::{AtomicU64, Ordering};

use cordon_api::{Family, Kind, Part, PartState, Sample};

use super::node::Parts;

/// All metrics of the node.
pub(super) fn families(parts: &Parts) -> Vec<Family> {
    let mut families = street(parts);
    families.extend(sources(parts));
    families.extend(store(parts));
    families.extend(health(parts));
    families.extend(parts.room.metrics());
    families.extend(parts.reviews.metrics());
    families
}

fn street(parts: &Parts) -> Vec<Family> {
    let counts = &parts.counts;
    let counter =
        |name, help, count: &AtomicU64| Family::one(name, help, Kind::Counter, number(count.load(Ordering::Relaxed)));
    vec![
        counter("cordon_raw_records_judged_total", "Raw records taken from the log and judged.", &counts.raw_records),
        counter("cordon_raw_bytes_judged_total", "Their bytes.", &counts.bytes),
        counter("cordon_events_total", "Events made of them.", &counts.events),
        counter(
            "cordon_undecoded_total",
            "Raw records of which no event could be made; they are kept.",
            &counts.undecoded,
        ),
        counter(
            "cordon_parts_undecoded_total",
            "Parts of raw records that gave no event beside others that did.",
            &counts.parts_undecoded,
        ),
        counter("cordon_findings_total", "Findings that were new.", &counts.findings),
        counter("cordon_matches_late_total", "Matches that came too late for their correlation.", &counts.matches_late),
        counter(
            "cordon_matches_of_history_total",
            "Matches in imported history; its correlations are judged at the end of the import.",
            &counts.matches_of_history,
        ),
        counter(
            "cordon_matches_ahead_total",
            "Matches of events dated more than five minutes ahead of their receipt: no correlation takes them.",
            &counts.matches_ahead,
        ),
        counter(
            "cordon_matches_undated_total",
            "Matches of events without a time: no correlation takes them.",
            &counts.matches_undated,
        ),
        counter("cordon_sink_retries_total", "Times a sink could not be written and was tried again.", &counts.retries),
        Family::one(
            "cordon_intake_waiting_bytes",
            "Bytes that wait for the log.",
            Kind::Gauge,
            number(parts.intake.bytes_waiting() as u64),
        ),
    ]
}

fn sources(parts: &Parts) -> Vec<Family> {
    let all = parts.registry.all();
    let (mut records, mut bytes, mut drops, mut last) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for source in &all {
        let label = || vec![("source", source.declaration.id.to_string())];
        let counts = &source.counts;
        records.push(Sample { labels: label(), value: number(counts.records.load(Ordering::Relaxed)) });
        bytes.push(Sample { labels: label(), value: number(counts.bytes.load(Ordering::Relaxed)) });
        let heard = counts.received_last.load(Ordering::Relaxed);
        last.push(Sample { labels: label(), value: seconds(heard) });
        for (reason, count) in counts.drops().filter(|(_, count)| *count > 0) {
            let mut labels = label();
            labels.push(("reason", reason.name().to_owned()));
            drops.push(Sample { labels, value: number(count) });
        }
    }
    let family = |name, help, kind, samples| Family { name, help, kind, samples };
    vec![
        family("cordon_source_records_total", "Raw records received.", Kind::Counter, records),
        family("cordon_source_bytes_total", "Their bytes.", Kind::Counter, bytes),
        family("cordon_source_dropped_total", "Raw records that were not kept.", Kind::Counter, drops),
        family(
            "cordon_source_received_last_seconds",
            "When the last was received, seconds since 1970.",
            Kind::Gauge,
            last,
        ),
    ]
}

fn store(parts: &Parts) -> Vec<Family> {
    let gauge = |name, help, value: u64| Family::one(name, help, Kind::Gauge, number(value));
    let tables = parts.tables.counts();
    let samples = |value: &dyn Fn(&cordon_store::tables::TableCounts) -> u64| {
        let sample = |table: &cordon_store::tables::TableCounts| Sample {
            labels: vec![("table", table.family.name().to_owned())],
            value: number(value(table)),
        };
        tables.iter().map(sample).collect()
    };
    let through = parts.counts.through.load(Ordering::Relaxed);
    let durable = parts.wal.durable();
    vec![
        gauge("cordon_wal_durable_offset", "Everything below is durable in the log.", durable),
        gauge("cordon_wal_bytes", "Bytes that the log holds.", durable.saturating_sub(parts.wal.oldest())),
        gauge(
            "cordon_street_behind_bytes",
            "Bytes of the log that are not judged yet.",
            durable.saturating_sub(through),
        ),
        gauge(
            "cordon_tables_applied_offset",
            "Everything below is in the files of the event tables.",
            parts.tables.applied(),
        ),
        gauge(
            "cordon_tables_hot_bytes",
            "Bytes of events in memory alone; the log has them too.",
            parts.tables.hot_bytes() as u64,
        ),
        Family {
            name: "cordon_table_rows",
            help: "Rows of the event tables, in files and in memory.",
            kind: Kind::Gauge,
            samples: samples(&|table| table.rows + table.hot_rows),
        },
        Family {
            name: "cordon_table_bytes",
            help: "Bytes of the files of the event tables.",
            kind: Kind::Gauge,
            samples: samples(&|table| table.bytes),
        },
    ]
}

/// The same that `/api/v1/health` says.
fn health(parts: &Parts) -> Vec<Family> {
    let all = parts.health();
    let is_ready = all.iter().all(|part| part.state < PartState::Failed);
    let sample = |part: &Part| Sample {
        labels: vec![("part", part.name.to_owned())],
        value: match part.state {
            PartState::Ok => 0.0,
            PartState::Degraded => 1.0,
            PartState::Failed => 2.0,
        },
    };
    vec![
        Family {
            name: "cordon_part_state",
            help: "How a part of the node is: 0 ok, 1 degraded, 2 failed.",
            kind: Kind::Gauge,
            samples: all.iter().map(sample).collect(),
        },
        Family::one("cordon_ready", "Whether the node is ready: no part has failed.", Kind::Gauge, f64::from(is_ready)),
    ]
}

/// Microseconds since 1970 as seconds.
#[expect(clippy::cast_precision_loss, reason = "a time in 2100 loses less than a microsecond")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "a count above 2^53 may lose its last digit")]
const fn number(count: u64) -> f64 {
    count as f64
}
