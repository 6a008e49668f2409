//! Any other text: one line is one record with the field `message`. The format of last resort, so that nothing readable is passed over in silence.
//!
//! It knows no time, host or log source; rules on a log source never see it. Bytes that are not text (a NUL, or more than one control character in fifty) are refused.

use std::sync::Arc;

use bumpalo::collections::String;
use cordon_model::{Anomaly, Arena, Field, Position, RawRecord, Record, SourceSet, Value, When};

use crate::frame::Lines;
use crate::{Confidence, DecodeOptions, Decoder, Format, Framed, Framer, Sink, Unit};

/// Bytes that are not UTF-8.
const INVALID_UTF8: Anomaly =
    Anomaly::new("text_invalid_utf8", "the line is not UTF-8; the bad bytes were replaced by U+FFFD");

/// One control character in so many bytes is still text.
const BYTES_PER_CONTROL: usize = 50;

/// Lines of text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text;

impl Format for Text {
    fn name(&self) -> &'static str {
        "text"
    }

    fn sniff(&self, head: &[u8], _ended: bool) -> Confidence {
        if head.is_empty() || !is_text(head) { Confidence::No } else { Confidence::Fallback }
    }

    fn framer(&self, options: &Arc<DecodeOptions>) -> Box<dyn Framer> {
        Box::new(TextFramer(Lines::new(options.record_bytes_max)))
    }
}

/// Whether bytes are text in an encoding that keeps ASCII.
fn is_text(head: &[u8]) -> bool {
    let is_control = |byte: &&u8| matches!(byte, 0x01..=0x06 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f);
    !head.contains(&0) && head.iter().filter(is_control).count() * BYTES_PER_CONTROL <= head.len()
}

struct TextFramer(Lines);

impl Framer for TextFramer {
    fn next(&mut self, buffer: &[u8], ended: bool) -> Framed {
        self.0.next(buffer, ended)
    }

    fn decoder(&self) -> Arc<dyn Decoder> {
        Arc::new(TextDecoder)
    }
}

struct TextDecoder;

impl Decoder for TextDecoder {
    fn decode<'a>(&self, unit: Unit<'a>, arena: &'a Arena, sink: &mut dyn Sink<'a>) {
        let (text, anomalies): (&'a str, &'static [Anomaly]) = match std::str::from_utf8(unit.bytes) {
            Ok(text) => (text, &[]),
            Err(_) => (String::from_utf8_lossy_in(unit.bytes, arena).into_bump_str(), &[INVALID_UTF8]),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        sink.record(Record {
            raw: RawRecord { position: Position::Offset(unit.offset), bytes: unit.bytes },
            index: 0,
            format: "text",
            when: When::Missing,
            sources: SourceSet::default(),
            fields: arena.alloc_slice_copy(&[Field { name: "message", value: Value::Text(text) }]),
            anomalies,
            patient_spans: &[],
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordon_model::Time;
    use proptest::prelude::*;

    struct Seen(Vec<std::string::String>);

    impl<'a> Sink<'a> for Seen {
        fn record(&mut self, record: Record<'a>) {
            self.0.push(format!("{:?} {:?}", record.value("message").unwrap(), record.anomalies));
        }

        fn fault(&mut self, offset: u64, anomaly: Anomaly) {
            self.0.push(format!("{offset} {anomaly:?}"));
        }
    }

    fn decode(bytes: &[u8]) -> Vec<std::string::String> {
        let options = Arc::new(DecodeOptions::new(Time(0)));
        let arena = Arena::new();
        let mut seen = Seen(Vec::new());
        Text.framer(&options).decoder().decode(Unit { offset: 0, bytes }, &arena, &mut seen);
        seen.0
    }

    #[test]
    fn a_line_is_a_record_with_its_message() {
        assert_eq!(decode("grüße".as_bytes()), [r#"Text("grüße") []"#]);
        assert_eq!(decode(b"caf\xe9"), ["Text(\"caf\u{fffd}\") [text_invalid_utf8]"]);
    }

    #[test]
    fn text_is_taken_last_and_binary_is_refused() {
        assert_eq!(Text.sniff(b"hello\r\n\tworld \x1b[0m", true), Confidence::Fallback);
        assert_eq!(Text.sniff(b"caf\xe9 latin", true), Confidence::Fallback);
        assert_eq!(Text.sniff(b"MZ\x90\x00\x03", true), Confidence::No);
        assert_eq!(Text.sniff(b"\x01\x02\x03abcdefg", true), Confidence::No);
        assert_eq!(Text.sniff(b"", true), Confidence::No);
    }

    #[test]
    fn text_cut_at_every_byte_is_read_as_far_as_it_goes() {
        let text = "\u{feff}grüße\r\n\n \tzwei 😀\nlast".as_bytes();
        crate::stream_check::check_cut_everywhere(&Text, text);
        for end in 1..=text.len() {
            let seen = crate::stream_check::read(&Text, &text[..end]);
            let whole = seen.anomalies.iter().rev().skip(1).all(Vec::is_empty);
            assert!(whole && seen.faults.is_empty(), "cut at {end}: {seen:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_give_one_record(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(decode(&bytes).len(), 1);
        }
    }
}
