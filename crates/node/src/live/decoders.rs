//! Which decoder reads a unit of a delivery: by the format that its source declares, by the header it brings, or by its bytes.

use std::sync::Arc;

use cordon_decode::{DecodeOptions, Decoder, Format, Framed, Sink, Unit, detect_format, formats};
use cordon_model::{Anomaly, Arena, Delivery, Position};

/// A unit whose bytes are in no format that is read.
pub(super) const UNKNOWN_FORMAT: Anomaly =
    Anomaly::new("unknown_format", "the bytes are in no format that is read; they were kept as they are");

/// Where a record stands in the log, and which of those there it is. Parts that are numbered within their file (EVTX) stand at their unit, by their order in it: only
/// offsets of the log say what of it a sink has.
pub(super) const fn at(position: Position, index: u32, unit: u64, before: u32) -> (u64, u32) {
    match position {
        Position::Offset(offset) => (offset, index),
        Position::Chunk { .. } => (unit, before),
    }
}

/// Decodes the units of one delivery after the other. Formats are recognised once per delivery and first byte, so that a batch of like messages pays once.
#[derive(Debug)]
pub(super) struct Decoders {
    options: DecodeOptions,
}

/// The decoders met in one delivery, by the first byte of the units they read.
struct Met {
    options: Arc<DecodeOptions>,
    declared: Option<Arc<dyn Decoder>>,
    by_first_byte: Vec<(u8, Option<Arc<dyn Decoder>>)>,
}

impl Decoders {
    /// For units decoded with these options; `received` is replaced by that of each delivery.
    pub(super) const fn new(options: DecodeOptions) -> Self {
        Self { options }
    }

    /// Gives every record of the delivery to `sink`; `after_unit` is called behind each unit with the arena's use in bytes and says whether to empty it.
    pub(super) fn decode(
        &self,
        delivery: &Delivery,
        offset: u64,
        arena: &mut Arena,
        unit_sink: &mut dyn FnMut(&DecodeUnit<'_>, &Arena),
    ) {
        let options = Arc::new(DecodeOptions { received: delivery.received, ..self.options.clone() });
        let mut met = Met { declared: declared(delivery, &options), options, by_first_byte: Vec::new() };
        for raw in delivery.raw_records(offset) {
            let Position::Offset(at) = raw.position else { continue };
            let unit = Unit { offset: at, bytes: raw.bytes };
            unit_sink(&DecodeUnit { unit, decoder: met.decoder(raw.bytes) }, arena);
            arena.reset();
        }
    }
}

/// A unit with the decoder that reads it; `None` when no format takes it.
pub(super) struct DecodeUnit<'u> {
    unit: Unit<'u>,
    decoder: Option<Arc<dyn Decoder>>,
}

impl DecodeUnit<'_> {
    /// Where the unit stands in the log.
    pub(super) const fn offset(&self) -> u64 {
        self.unit.offset
    }

    /// Whether a position lies within its bytes; an empty one holds its own start.
    pub(super) fn holds(&self, position: u64) -> bool {
        let bytes = u64::try_from(self.unit.bytes.len().max(1)).unwrap_or(u64::MAX);
        position.checked_sub(self.unit.offset).is_some_and(|within| within < bytes)
    }

    /// Its bytes.
    pub(super) const fn bytes(&self) -> &[u8] {
        self.unit.bytes
    }

    /// Gives its records to `sink`, or the fault that no format takes it.
    pub(super) fn run<'a>(&'a self, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        match &self.decoder {
            Some(decoder) => decoder.decode(self.unit, arena, sink),
            None => sink.fault(self.unit.offset, UNKNOWN_FORMAT),
        }
    }
}

impl Met {
    fn decoder(&mut self, bytes: &[u8]) -> Option<Arc<dyn Decoder>> {
        if let Some(declared) = &self.declared {
            return Some(Arc::clone(declared));
        }
        let first = bytes.first().copied().unwrap_or_default();
        if let Some((_, known)) = self.by_first_byte.iter().find(|(byte, _)| *byte == first) {
            return known.clone();
        }
        let format = detect_format(bytes, true);
        let decoder = format.map(|format| format.framer(&self.options).decoder());
        self.by_first_byte.push((first, decoder.clone()));
        decoder
    }
}

/// The decoder of the format that the delivery names, after its header.
fn declared(delivery: &Delivery, options: &Arc<DecodeOptions>) -> Option<Arc<dyn Decoder>> {
    let by_name = formats().iter().copied().find(|format: &&dyn Format| format.name() == &*delivery.format);
    let format = match by_name {
        Some(format) => format,
        None if delivery.header.is_empty() => return None,
        None => detect_format(&delivery.header, true)?,
    };
    let mut framer = format.framer(options);
    let mut header = delivery.header.as_slice();
    // bounded by the header: every turn but the last takes at least one byte of it
    while !header.is_empty() {
        let next = match framer.next(header, true) {
            Framed::Header { next } | Framed::Skip { next } => next,
            Framed::More | Framed::Unit { .. } | Framed::Fault { .. } => break,
        };
        header = header.get(next.max(1)..).unwrap_or_default();
    }
    Some(framer.decoder())
}

#[cfg(test)]
mod tests {
    use cordon_model::{Record, Span, Time};

    use super::*;

    #[derive(Default)]
    struct Seen(Vec<String>);

    impl<'a> Sink<'a> for Seen {
        fn record(&mut self, record: Record<'a>) {
            self.0.push(format!("{} {} {}", record.raw.position, record.format, record.fields.len()));
        }

        fn fault(&mut self, offset: u64, anomaly: Anomaly) {
            self.0.push(format!("{offset} {}", anomaly.name()));
        }
    }

    fn check(format: &str, header: &str, units: &[&str], expect: &[&str]) {
        let mut bytes = Vec::new();
        let mut spans = Vec::new();
        for unit in units {
            let start = bytes.len();
            bytes.extend_from_slice(unit.as_bytes());
            spans.push(Span { start, end: bytes.len() });
        }
        let delivery = Delivery {
            source: "s".into(),
            site: "main".into(),
            received: Time(1_700_000_000_000_000),
            format: format.into(),
            header: header.as_bytes().to_vec(),
            bytes,
            units: spans,
        };
        let decoders = Decoders::new(DecodeOptions::new(Time(0)));
        let (mut arena, mut seen) = (Arena::new(), Seen::default());
        decoders.decode(&delivery, 100, &mut arena, &mut |unit, arena| unit.run(arena, &mut seen));
        assert_eq!(seen.0, expect);
    }

    #[test]
    fn units_of_one_delivery_may_be_of_several_formats() {
        check(
            "",
            "",
            &[r#"{"a":1,"b":2}"#, "<13>Oct 11 22:14:15 host app: hello", r#"{"a":1}"#],
            &["100 json 2", "113 syslog 5", "148 json 1"],
        );
    }

    #[test]
    fn audit_messages_are_read_with_and_without_the_header_of_syslog() {
        let message = r#"<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-01-02T03:04:05Z"/></AuditMessage>"#;
        let sent = format!("<85>1 2026-01-02T03:04:05Z pacs01 archive 4023 DICOM+RFC3881 - {message}");
        check("atna", "", &[message, &sent], &["100 atna 2", "208 atna 8"]);
    }

    #[test]
    fn a_header_makes_the_columns() {
        check("", "#separator \\x09\n#path\tconn\n#fields\tuid\tid.orig_h\n", &["C1\t10.0.0.1"], &["100 zeek 2"]);
    }
}
