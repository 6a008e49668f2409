//! Answers to HL7 v2 messages (HL7 v2.5.1 chapter 2.9 and 2.15: MSH, MSA). Pure.
//!
//! An answer speaks as its message does: same separators, version, processing id and character set; sender and receiver are exchanged. Its bytes are those of the
//! message, so they are in its character set whatever that is.

use cordon_model::Time;

/// Longest MSH segment that is read.
const HEADER_BYTES_MAX: usize = 8 << 10;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is durable (or its sender must not wait): AA, in enhanced mode CA.
    Accepted,
    /// It could not be kept and may be sent again: AE, CE.
    NotKept,
    /// It is no HL7 v2 message, or too long: AR, CR. Sending it again will not help.
    Refused,
}

/// The MSH segment of a message.
#[derive(Clone, Copy, Debug)]
pub struct Header<'m> {
    segment: &'m [u8],
    separator: u8,
}

impl<'m> Header<'m> {
    /// Reads the beginning of a message; `None` when it does not start with an MSH segment.
    #[must_use]
    pub fn read(message: &'m [u8]) -> Option<Self> {
        let message = message.trim_ascii_start();
        let within = message.get(..HEADER_BYTES_MAX.min(message.len())).unwrap_or_default();
        let segment = match within.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            Some(end) => within.get(..end)?,
            None if message.len() > HEADER_BYTES_MAX => return None,
            None => within,
        };
        let separator = *segment.strip_prefix(b"MSH")?.first()?;
        let header = Self { segment, separator };
        let encoding = header.field(2);
        let is_separator = separator.is_ascii_graphic() && !separator.is_ascii_alphanumeric();
        (is_separator && encoding.first().is_some_and(|byte| !byte.is_ascii_alphanumeric())).then_some(header)
    }

    /// The bytes of the segment.
    #[must_use]
    pub const fn segment(&self) -> &'m [u8] {
        self.segment
    }

    /// MSH-`number`, 2 or above; empty when it is not there.
    fn field(&self, number: usize) -> &'m [u8] {
        self.segment.split(|byte| *byte == self.separator).nth(number.saturating_sub(1)).unwrap_or_default()
    }

    /// The trigger event, MSH-9.2.
    fn trigger(&self) -> &'m [u8] {
        let component = self.field(2).first().copied().unwrap_or(b'^');
        self.field(9).split(|byte| *byte == component).nth(1).unwrap_or_default()
    }

    /// The code of MSA-1, or `None` when the sender wants no answer (enhanced mode, table 0155).
    fn code(&self, outcome: Outcome) -> Option<[u8; 2]> {
        let accept = self.field(15);
        let (family, wanted) = match accept {
            b"AL" | b"ER" | b"SU" => (b'C', accept),
            b"NE" => (b'A', self.field(16)),
            _ => (b'A', &b"AL"[..]),
        };
        let (letter, is_wanted) = match outcome {
            Outcome::Accepted => (b'A', matches!(wanted, b"AL" | b"SU")),
            Outcome::NotKept => (b'E', matches!(wanted, b"AL" | b"ER")),
            Outcome::Refused => (b'R', matches!(wanted, b"AL" | b"ER")),
        };
        is_wanted.then_some([family, letter])
    }
}

/// The answer to a message, in its MLLP block; empty when the sender asked for none. `number` tells answers of one moment apart.
#[must_use]
pub fn answer(header: Option<Header<'_>>, outcome: Outcome, at: Time, number: u32) -> Vec<u8> {
    let Some(header) = header else {
        let bare = Header { segment: b"MSH|^~\\&|||||||ACK||P|2.5.1", separator: b'|' };
        return block(bare, *b"AR", Outcome::Refused, at, number);
    };
    header.code(outcome).map_or_else(Vec::new, |code| block(header, code, outcome, at, number))
}

fn block(header: Header<'_>, code: [u8; 2], outcome: Outcome, at: Time, number: u32) -> Vec<u8> {
    let separator = header.separator;
    let encoding = header.field(2);
    let component = encoding.first().copied().unwrap_or(b'^');
    let mut kind = b"ACK".to_vec();
    let trigger = header.trigger();
    if !trigger.is_empty() {
        kind.extend([&[component], trigger, &[component], b"ACK"].concat());
    }
    let time = timestamp(at);
    // At most 20 characters, as MSH-10 may hold.
    let control_id = format!("{}-{:03}", at.0.max(0), number % 1_000);
    let mut fields: Vec<&[u8]> = vec![
        b"MSH",
        encoding,
        header.field(5),
        header.field(6),
        header.field(3),
        header.field(4),
        time.as_bytes(),
        b"",
        &kind,
        control_id.as_bytes(),
        header.field(11),
        header.field(12),
    ];
    let charset = header.field(18);
    if !charset.is_empty() {
        fields.extend([&b""[..], b"", b"", b"", b"", charset]);
    }
    let mut out = vec![0x0B];
    out.extend(fields.join(&separator));
    out.push(b'\r');
    let mut acknowledgment: Vec<&[u8]> = vec![b"MSA", &code, header.field(10)];
    match outcome {
        Outcome::Accepted => {}
        Outcome::NotKept => acknowledgment.push(b"not kept, send again"),
        Outcome::Refused => acknowledgment.push(b"no HL7 v2 message or too long"),
    }
    out.extend(acknowledgment.join(&separator));
    out.extend(b"\r\x1C\r");
    out
}

/// `YYYYMMDDHHMMSS+0000`.
fn timestamp(at: Time) -> String {
    let moment = jiff::Timestamp::from_microsecond(at.0).unwrap_or_default();
    moment.strftime("%Y%m%d%H%M%S+0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Time = Time(1_765_340_848_250_802);

    fn check(message: &str, outcome: Outcome, expect: &str) {
        let answer = answer(Header::read(message.as_bytes()), outcome, AT, 7);
        assert_eq!(String::from_utf8(answer).unwrap(), expect);
    }

    #[test]
    fn an_answer_exchanges_sender_and_receiver_and_keeps_version_and_charset() {
        check(
            "MSH|^~\\&|ADT|MAIN|EHR|LAKE|20251210||ADT^A01^ADT_A01|C17|P|2.5.1||||||UNICODE UTF-8\rPID|1\r",
            Outcome::Accepted,
            "\x0BMSH|^~\\&|EHR|LAKE|ADT|MAIN|20251210042728+0000||ACK^A01^ACK|1765340848250802-007|P|2.5.1||||||UNICODE UTF-8\rMSA|AA|C17\r\x1C\r",
        );
    }

    #[test]
    fn separators_of_the_message_are_those_of_the_answer() {
        check(
            "MSH#*~\\&#A#B#C#D#20251210##ORU*R01#9#T#2.3\r",
            Outcome::NotKept,
            "\x0BMSH#*~\\&#C#D#A#B#20251210042728+0000##ACK*R01*ACK#1765340848250802-007#T#2.3\rMSA#AE#9#not kept, send again\r\x1C\r",
        );
    }

    #[test]
    fn what_is_no_hl7_is_refused() {
        check(
            "GET / HTTP/1.1\r\n",
            Outcome::Refused,
            "\x0BMSH|^~\\&|||||20251210042728+0000||ACK|1765340848250802-007|P|2.5.1\rMSA|AR||no HL7 v2 message or too long\r\x1C\r",
        );
        for message in ["", "MSH", "MSH|", "MSHabc", "MSH|abc|d", "PID|1"] {
            assert!(Header::read(message.as_bytes()).is_none(), "{message}");
        }
    }

    #[test]
    fn in_enhanced_mode_the_sender_says_which_answers_it_wants() {
        let message =
            |accept: &str, application: &str| format!("MSH|^~\\&|A|B|C|D|||ADT^A01|1|P|2.5|||{accept}|{application}\r");
        let code = |accept, application, outcome| {
            let message = message(accept, application);
            let answer = answer(Header::read(message.as_bytes()), outcome, AT, 0);
            let answer = String::from_utf8(answer).unwrap();
            answer.split("MSA|").nth(1).map_or(String::new(), |msa| msa.chars().take(2).collect())
        };
        assert_eq!(code("AL", "NE", Outcome::Accepted), "CA");
        assert_eq!(code("ER", "NE", Outcome::Accepted), "");
        assert_eq!(code("ER", "NE", Outcome::NotKept), "CE");
        assert_eq!(code("SU", "", Outcome::Refused), "");
        assert_eq!(code("NE", "AL", Outcome::Accepted), "AA");
        assert_eq!(code("NE", "NE", Outcome::Accepted), "");
        assert_eq!(code("", "", Outcome::Refused), "AR");
    }
}
