//! Events to columns, for worker threads: events go in one by one, one Arrow batch for each table comes out. No IO, no lock.
//!
//! An attribute that has a column goes there; every other one goes into the JSON of `rest`, except what [`super::catalogue`] leaves out and what reads like
//! prose. Nothing is allocated for a value: builders grow and are handed over whole.

use std::fmt;
use std::sync::Arc;

use cordon_model::{Digest, Event, EventId};
use datafusion::arrow::array::{
    ArrayRef, BinaryBuilder, Date32Builder, Int32Builder, Int64Builder, ListBuilder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use datafusion::arrow::datatypes::{DataType, Field};

use super::catalogue::{CATALOGUE, Family, Table};
use super::cells::Cells;
use super::rest;

/// Microseconds of a day.
pub(super) const DAY_MICROS: i64 = 86_400_000_000;
/// Most patients of one event that are kept in `patient_refs`.
const PATIENTS_MAX: usize = 1_024;

/// Where an event came from and what it is known by.
#[derive(Clone, Copy, Debug)]
pub struct RowMeta<'m> {
    /// Identity of the event.
    pub event_id: EventId,
    /// SHA-256 of the RawRecord's bytes.
    pub record_sha256: Digest,
    /// The site of its source.
    pub site: &'m str,
    /// Id of its source.
    pub source: &'m str,
    /// Place of the RawRecord in the write-ahead log.
    pub position: u64,
    /// Which of the records of the RawRecord, from 0.
    pub index: u32,
}

/// Events of several tables on their way into columns.
pub struct Rows {
    tables: Vec<Option<Box<TableRows>>>,
    /// What is known of the names of each table's attributes.
    names: Vec<rest::Names>,
    /// The JSON of one event, reused.
    json: Vec<u8>,
    rows: usize,
}

impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Default for Rows {
    fn default() -> Self {
        let tables = CATALOGUE.tables.iter().map(|_| None).collect();
        let names = CATALOGUE.tables.iter().map(|_| rest::Names::default()).collect();
        Self { tables, names, json: Vec::new(), rows: 0 }
    }
}

impl Rows {
    /// No event yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Events so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there is no event.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Adds an event to its table.
    pub fn push(&mut self, event: &Event<'_>, meta: &RowMeta<'_>) {
        let family = Family::of_class(event.class_uid);
        let Some(table) = CATALOGUE.table(family) else { return };
        let places = self.tables.get_mut(family.place()).zip(self.names.get_mut(family.place()));
        let Some((slot, names)) = places else { return };
        let rows = slot.get_or_insert_with(|| Box::new(TableRows::new(table)));
        rows.push(event, meta, (table, names), &mut self.json);
        self.rows += 1;
    }

    /// The events as one batch for each table that has any, in the order of the tables; the builder is empty afterwards.
    pub fn finish(&mut self) -> Vec<(Family, RecordBatch)> {
        self.rows = 0;
        let mut out = Vec::new();
        for (family, slot) in Family::all().zip(&mut self.tables) {
            let Some(batch) = slot.take().and_then(|rows| rows.finish(family)) else { continue };
            out.push((family, batch));
        }
        out
    }
}

/// Columns of one table.
struct TableRows {
    envelope: Envelope,
    cells: Cells,
    rest: StringBuilder,
    day: Date32Builder,
}

impl TableRows {
    fn new(table: &Table) -> Self {
        Self {
            envelope: Envelope::new(),
            cells: Cells::new(&table.columns),
            rest: StringBuilder::new(),
            day: Date32Builder::new(),
        }
    }

    fn push(
        &mut self,
        event: &Event<'_>,
        meta: &RowMeta<'_>,
        (table, names): (&Table, &mut rest::Names),
        json: &mut Vec<u8>,
    ) {
        self.envelope.push(event, meta);
        json.clear();
        rest::split(&event.ocsf, &table.places, names, &mut self.cells, json);
        self.cells.end_row();
        match std::str::from_utf8(json) {
            Ok(text) if text.len() > 2 => self.rest.append_value(text),
            _ => self.rest.append_null(),
        }
        self.day.append_value(i32::try_from(event.received.0.div_euclid(DAY_MICROS)).unwrap_or_default());
    }

    fn finish(mut self: Box<Self>, family: Family) -> Option<RecordBatch> {
        let mut columns = self.envelope.finish();
        self.cells.finish(&mut columns);
        columns.push(Arc::new(self.rest.finish()));
        columns.push(Arc::new(self.day.finish()));
        RecordBatch::try_new(family.schema(), columns).ok()
    }
}

/// The columns that every table has, in the order of [`super::catalogue::envelope`].
struct Envelope {
    event_id: BinaryBuilder,
    record_sha256: BinaryBuilder,
    time: TimestampMicrosecondBuilder,
    received: TimestampMicrosecondBuilder,
    site: StringBuilder,
    source: StringBuilder,
    position: Int64Builder,
    record_index: Int32Builder,
    class_uid: Int32Builder,
    activity_id: Int32Builder,
    severity_id: Int32Builder,
    patient_ref: StringBuilder,
    patient_refs: ListBuilder<StringBuilder>,
}

impl Envelope {
    fn new() -> Self {
        Self {
            event_id: BinaryBuilder::new(),
            record_sha256: BinaryBuilder::new(),
            time: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            received: TimestampMicrosecondBuilder::new().with_timezone("UTC"),
            site: StringBuilder::new(),
            source: StringBuilder::new(),
            position: Int64Builder::new(),
            record_index: Int32Builder::new(),
            class_uid: Int32Builder::new(),
            activity_id: Int32Builder::new(),
            severity_id: Int32Builder::new(),
            patient_ref: StringBuilder::new(),
            patient_refs: ListBuilder::new(StringBuilder::new()).with_field(Field::new(
                "element",
                DataType::Utf8,
                true,
            )),
        }
    }

    fn push(&mut self, event: &Event<'_>, meta: &RowMeta<'_>) {
        self.event_id.append_value(meta.event_id.0);
        self.record_sha256.append_value(meta.record_sha256.0);
        self.time.append_value(event.time.0);
        self.received.append_value(event.received.0);
        self.site.append_value(meta.site);
        self.source.append_value(meta.source);
        self.position.append_value(i64::try_from(meta.position).unwrap_or(i64::MAX));
        self.record_index.append_value(i32::try_from(meta.index).unwrap_or(i32::MAX));
        self.class_uid.append_value(i32::try_from(event.class_uid).unwrap_or_default());
        self.activity_id.append_value(i32::try_from(event.activity_id).unwrap_or_default());
        self.severity_id.append_value(i32::try_from(event.severity_id).unwrap_or_default());
        self.patient_ref.append_option(event.patient_refs.first());
        // one patient stands in `patient_ref` alone: a list for each row would cost more than it tells
        if event.patient_refs.len() > 1 {
            event.patient_refs.iter().take(PATIENTS_MAX).for_each(|one| self.patient_refs.values().append_value(one));
        }
        self.patient_refs.append(event.patient_refs.len() > 1);
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.event_id.finish()),
            Arc::new(self.record_sha256.finish()),
            Arc::new(self.time.finish()),
            Arc::new(self.received.finish()),
            Arc::new(self.site.finish()),
            Arc::new(self.source.finish()),
            Arc::new(self.position.finish()),
            Arc::new(self.record_index.finish()),
            Arc::new(self.class_uid.finish()),
            Arc::new(self.activity_id.finish()),
            Arc::new(self.severity_id.finish()),
            Arc::new(self.patient_ref.finish()),
            Arc::new(self.patient_refs.finish()),
        ]
    }
}
