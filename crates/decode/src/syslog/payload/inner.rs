//! Payloads that another decoder of this room reads: JSON (`{...}`, `@cee: {...}`), FHIR AuditEvents, HL7 v2, and ATNA audit messages (XML).
//!
//! The inner record's fields, time, anomalies and patient spans become the message's own; its log sources are kept when it has any.

use cordon_model::{Anomaly, Record, SourceSet, Span, When};

use crate::syslog::list::FieldList;
use crate::{Decoder, Sink, Unit};

/// What the other decoder found besides fields and anomalies.
#[derive(Debug, Default, Clone, Copy)]
pub(in crate::syslog) struct Inner<'a> {
    pub(in crate::syslog) when: When<'a>,
    pub(in crate::syslog) sources: SourceSet,
    pub(in crate::syslog) patient_spans: &'a [Span],
    /// The inner record's format; `None` when there is no record.
    pub(in crate::syslog) format: Option<&'static str>,
}

struct Take<'l, 'a> {
    list: &'l mut FieldList<'a>,
    inner: Inner<'a>,
}

impl<'a> Sink<'a> for Take<'_, 'a> {
    fn record(&mut self, record: Record<'a>) {
        // One message, one record: a further one cannot come from one object or one document.
        if self.inner.format.is_some() {
            return;
        }
        for field in record.fields {
            self.list.push(field.name, field.value);
        }
        for anomaly in record.anomalies {
            self.list.anomaly(*anomaly);
        }
        let Record { when, sources, patient_spans, format, .. } = record;
        self.inner = Inner { when, sources, patient_spans, format: Some(format) };
    }

    fn fault(&mut self, _offset: u64, anomaly: Anomaly) {
        self.list.anomaly(anomaly);
    }
}

/// Reads `text` with `decoder`; `start` is where it begins within the message's bytes, `None` when those are not the text's own.
pub(in crate::syslog) fn read<'a>(
    decoder: &dyn Decoder,
    text: &'a str,
    start: Option<usize>,
    list: &mut FieldList<'a>,
) -> Inner<'a> {
    let arena = list.arena;
    let mut take = Take { list, inner: Inner::default() };
    decoder.decode(Unit { offset: 0, bytes: text.as_bytes() }, arena, &mut take);
    let mut inner = take.inner;
    let moved = inner.patient_spans.iter().filter_map(|span| {
        let start = start?;
        Some(Span { start: start.checked_add(span.start)?, end: start.checked_add(span.end)? })
    });
    let spans = bumpalo::collections::Vec::from_iter_in(moved, arena);
    inner.patient_spans = spans.into_bump_slice();
    inner
}
