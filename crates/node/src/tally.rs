//! What is counted on the street: nothing is left out without showing up here.

use std::collections::BTreeMap;

use cordon_collect::{InputFault, Loss, SourceInfo};
use cordon_model::{Anomaly, Record, SourceSet, Time};

/// How often an anomaly was met, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnomalyCount {
    /// The anomaly.
    pub anomaly: Anomaly,
    /// How often.
    pub count: u64,
    /// Number, id and position of the first place in the order of reading.
    pub first: (u32, String, Option<u64>),
    /// Whether bytes were left unread because of it.
    pub loss: Loss,
}

/// Counts of one walk along the street. The sum of the workers' tallies is the same however the work was shared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sources read.
    pub sources: u64,
    /// Events decoded.
    pub events: u64,
    /// Bytes decoded, after expansion.
    pub bytes: u64,
    /// Events by the name of their format.
    pub formats: BTreeMap<&'static str, u64>,
    /// Events by their set of log sources.
    pub source_sets: BTreeMap<SourceSet, u64>,
    /// Events left out because their time lies outside `from` and `to`.
    pub events_outside: u64,
    /// Events kept although they state no time while `from` or `to` was asked for.
    pub events_undated: u64,
    /// Anomalies by name.
    pub anomalies: BTreeMap<&'static str, AnomalyCount>,
    /// Times of the first and the last event, where they were asked for.
    pub times: Option<(Time, Time)>,
}

impl Tally {
    /// Whether some of the input could not be read: `cordon scan` ends with 3 then.
    #[must_use]
    pub fn input_lost(&self) -> bool {
        self.anomalies.values().any(|count| count.loss == Loss::Input)
    }

    /// Whether no event came of the inputs at all: `cordon scan` ends with 3 then, for nothing was looked at.
    #[must_use]
    pub const fn nothing_read(&self) -> bool {
        self.events == 0
    }

    /// Adds what another worker counted.
    pub fn add(&mut self, other: &Self) {
        self.sources += other.sources;
        self.events += other.events;
        self.bytes += other.bytes;
        self.events_outside += other.events_outside;
        self.events_undated += other.events_undated;
        other.formats.iter().for_each(|(name, count)| *self.formats.entry(name).or_default() += count);
        other.source_sets.iter().for_each(|(set, count)| *self.source_sets.entry(*set).or_default() += count);
        other.anomalies.values().for_each(|count| self.anomaly(count.clone()));
        let (first, last) = other.times.unzip();
        self.time(first);
        self.time(last);
    }

    pub(crate) fn time(&mut self, time: Option<Time>) {
        let Some(time) = time else { return };
        self.times = Some(self.times.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
    }

    pub(crate) fn input_fault(&mut self, fault: &InputFault, order: u32) {
        let mut place = fault.source.to_string();
        if !fault.detail.is_empty() {
            place = format!("{place} ({})", fault.detail);
        }
        self.anomaly(AnomalyCount { anomaly: fault.anomaly, count: 1, first: (order, place, None), loss: fault.loss });
    }

    /// Bytes that gave no record.
    pub(crate) fn fault(&mut self, source: &SourceInfo, offset: u64, anomaly: Anomaly) {
        self.count(source, offset, anomaly, Loss::Input);
    }

    pub(crate) fn record(&mut self, record: &Record<'_>, source: &SourceInfo, unit_offset: u64) {
        self.events += 1;
        *self.formats.entry(record.format).or_default() += 1;
        *self.source_sets.entry(record.sources).or_default() += 1;
        for anomaly in record.anomalies {
            let loss = if anomaly.loses_input() { Loss::Input } else { Loss::Nothing };
            self.count(source, unit_offset, *anomaly, loss);
        }
    }

    /// A repeated anomaly costs one look-up and one comparison.
    fn count(&mut self, source: &SourceInfo, offset: u64, anomaly: Anomaly, loss: Loss) {
        if let Some(known) = self.anomalies.get_mut(anomaly.name()) {
            let (order, _, position) = &known.first;
            if (*order, *position) <= (source.order, Some(offset)) {
                known.count += 1;
                known.loss = known.loss.max(loss);
                return;
            }
        }
        let first = (source.order, source.id.to_string(), Some(offset));
        self.anomaly(AnomalyCount { anomaly, count: 1, first, loss });
    }

    fn anomaly(&mut self, new: AnomalyCount) {
        let Some(known) = self.anomalies.get_mut(new.anomaly.name()) else {
            self.anomalies.insert(new.anomaly.name(), new);
            return;
        };
        known.count += new.count;
        known.loss = known.loss.max(new.loss);
        if (new.first.0, new.first.2) < (known.first.0, known.first.2) {
            known.first = new.first;
        }
    }
}
