//! Check helpers for stream formats: whole inputs in, every record, fault and masked byte out in text. Tests only.

use std::sync::Arc;

use cordon_model::{Anomaly, Arena, Record, Time};

use crate::{DecodeOptions, Format, Framed, Sink, Unit};

/// What came out of a source.
#[derive(Debug, Default, PartialEq, Eq, Clone)]
pub(crate) struct Seen {
    /// `name=value` lines of each record; null is `name!`.
    pub(crate) records: Vec<Vec<String>>,
    /// Time of each record in RFC 3339, `-` when it has none.
    pub(crate) times: Vec<String>,
    /// Log sources of each record, `product/category/service`.
    pub(crate) sources: Vec<Vec<String>>,
    /// Anomaly names of each record.
    pub(crate) anomalies: Vec<Vec<&'static str>>,
    /// Texts of the patient spans of each record.
    pub(crate) patient: Vec<Vec<String>>,
    /// The raw bytes of each record.
    pub(crate) raw: Vec<Vec<u8>>,
    /// Faults that belong to no record, with their offset.
    pub(crate) faults: Vec<(u64, &'static str)>,
}

struct Taker<'s> {
    seen: &'s mut Seen,
    options: &'s DecodeOptions,
    arena: &'s Arena,
}

impl<'a> Sink<'a> for Taker<'a> {
    fn record(&mut self, record: Record<'a>) {
        let arena = self.arena;
        let line = |field: &cordon_model::Field<'a>| match field.value.text(arena) {
            Some(text) => format!("{}={text}", field.name),
            None => format!("{}!", field.name),
        };
        let (mut last, mut patient) = (0, Vec::new());
        for span in record.patient_spans {
            assert!(last <= span.start && span.start <= span.end, "spans are in order: {:?}", record.patient_spans);
            last = span.end;
            let bytes = record.raw.bytes.get(span.start..span.end).expect("spans lie within the record");
            patient.push(String::from_utf8_lossy(bytes).into_owned());
        }
        let sources = self.options.log_sources.sources(record.sources);
        let sources = sources.iter().map(|s| format!("{}/{}/{}", s.product, s.category, s.service)).collect();
        self.seen.records.push(record.fields.iter().map(line).collect());
        self.seen.times.push(record.when.resolve().map_or_else(|| "-".to_owned(), |time| time.to_string()));
        self.seen.sources.push(sources);
        self.seen.anomalies.push(record.anomalies.iter().map(|anomaly| anomaly.name()).collect());
        self.seen.patient.push(patient);
        self.seen.raw.push(record.raw.bytes.to_vec());
    }

    fn fault(&mut self, offset: u64, anomaly: Anomaly) {
        self.seen.faults.push((offset, anomaly.name()));
    }
}

/// Options as of 2026-01-02, UTC.
pub(crate) fn options() -> DecodeOptions {
    DecodeOptions::new(Time::from_rfc3339("2026-01-02T00:00:00Z").unwrap())
}

/// Reads a whole source that arrives `step` bytes at a time.
pub(crate) fn read_in_steps(format: &dyn Format, options: DecodeOptions, input: &[u8], step: usize) -> Seen {
    let options = Arc::new(options);
    let (mut seen, mut framer) = (Seen::default(), format.framer(&options));
    let (mut at, mut have) = (0, step.min(input.len()));
    let mut rounds = 0;
    while at < input.len() {
        rounds += 1;
        assert!(rounds <= 8 * input.len() + 16, "the framer does not get on");
        let ended = have == input.len();
        if at == have {
            have = (have + step).min(input.len());
            continue;
        }
        let offset = u64::try_from(at).unwrap();
        match framer.next(&input[at..have], ended) {
            Framed::More if ended => break,
            Framed::More => have = (have + step).min(input.len()),
            Framed::Unit { start, end, next } => {
                let arena = Arena::new();
                let unit = Unit { offset: offset + u64::try_from(start).unwrap(), bytes: &input[at + start..at + end] };
                decode(&framer, &options, unit, &arena, &mut seen);
                assert!(next >= 1 && at + next <= have);
                at += next;
            }
            Framed::Fault { anomaly, next } => {
                assert!(next >= 1 && at + next <= have);
                seen.faults.push((offset, anomaly.name()));
                at += next;
            }
            Framed::Skip { next } | Framed::Header { next } => {
                assert!(next >= 1 && at + next <= have);
                at += next;
            }
        }
    }
    seen
}

#[expect(clippy::borrowed_box, reason = "a framer is always handed around in its box")]
fn decode<'a>(
    framer: &Box<dyn crate::Framer>,
    options: &'a DecodeOptions,
    unit: Unit<'a>,
    arena: &'a Arena,
    seen: &'a mut Seen,
) {
    framer.decoder().decode(unit, arena, &mut Taker { seen, options, arena });
}

/// Reads a whole source at once.
pub(crate) fn read(format: &dyn Format, input: &[u8]) -> Seen {
    read_in_steps(format, options(), input, input.len().max(1))
}

/// Reads a source cut off at every byte and in steps of every small size: nothing panics, and the steps change nothing.
pub(crate) fn check_cut_everywhere(format: &dyn Format, input: &[u8]) {
    for end in 0..input.len() {
        read(format, &input[..end]);
    }
    let whole = read(format, input);
    for step in 1..input.len().min(40) {
        assert_eq!(read_in_steps(format, options(), input, step), whole, "in steps of {step}");
    }
}

/// The folder of outside test material, or `None` (said aloud) when it is not there.
pub(crate) fn outside(folder: &str) -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("NOT TESTED: {} is absent", path.display());
    None
}
