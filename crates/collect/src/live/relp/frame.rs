//! Finding frames in a RELP stream (librelp's `relp.html`): `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. Pure.

/// Most digits of a transaction number and of a length.
const DIGITS_MAX: usize = 9;
/// Most letters of a command.
const COMMAND_BYTES_MAX: usize = 32;
/// Longest header: number, command, length and blanks.
const HEADER_BYTES_MAX: usize = DIGITS_MAX + 1 + COMMAND_BYTES_MAX + 1 + DIGITS_MAX + 1;

/// What a sender asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A session; the data are the sender's offers.
    Open,
    /// The end of the session.
    Close,
    /// The data are one syslog message.
    Syslog,
    /// Anything else.
    Other,
}

/// What stands at the start of the bytes. Places count from their start; `next` is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// More bytes are needed.
    More,
    /// A frame with its data at `start..end`; reading goes on at `next`.
    Whole {
        /// Transaction number.
        number: u32,
        /// What it asks for.
        command: Command,
        /// First byte of the data.
        start: usize,
        /// One past their last byte.
        end: usize,
        /// Where reading goes on.
        next: usize,
    },
    /// A frame whose data are longer than allowed; the rest of it is skipped.
    TooLong {
        /// Transaction number.
        number: u32,
        /// Where reading goes on.
        next: usize,
    },
    /// Part of a frame that is skipped.
    Skip {
        /// Where reading goes on.
        next: usize,
    },
    /// Bytes that are no frame: the stream is out of step.
    Broken,
}

/// Finds the frames of one connection.
#[derive(Debug)]
pub struct Frames {
    data_bytes_max: usize,
    /// Bytes left of a frame that is too long.
    passing: usize,
}

/// A frame's header.
struct Header {
    number: u32,
    command: Command,
    data_bytes: usize,
    /// Where the data or, without any, the line feed stands.
    end: usize,
}

impl Frames {
    /// Frames with at most `data_bytes_max` bytes of data.
    #[must_use]
    pub const fn new(data_bytes_max: usize) -> Self {
        Self { data_bytes_max, passing: 0 }
    }

    /// Looks at bytes that are not empty. After [`Frame::More`] it wants the same bytes with more behind them.
    pub fn next(&mut self, bytes: &[u8]) -> Frame {
        if self.passing > 0 {
            let next = self.passing.min(bytes.len());
            self.passing -= next;
            return Frame::Skip { next };
        }
        let Some(header) = header(bytes) else {
            let may_become_one = bytes.len() <= HEADER_BYTES_MAX && is_header_so_far(bytes);
            return if may_become_one { Frame::More } else { Frame::Broken };
        };
        let Header { number, command, data_bytes, end: start } = header;
        if data_bytes > self.data_bytes_max {
            self.passing = data_bytes + 1;
            return Frame::TooLong { number, next: start };
        }
        let end = start + data_bytes;
        match bytes.get(end) {
            None => Frame::More,
            Some(b'\n') => Frame::Whole { number, command, start, end, next: end + 1 },
            Some(_) => Frame::Broken,
        }
    }
}

/// A complete header; `None` when it is not complete or not one.
fn header(bytes: &[u8]) -> Option<Header> {
    let (number, rest) = digits(bytes)?;
    let rest = rest.strip_prefix(b" ")?;
    let letters = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (command, rest) = rest.split_at_checked(letters).filter(|_| (1..=COMMAND_BYTES_MAX).contains(&letters))?;
    let (data_bytes, rest) = digits(rest.strip_prefix(b" ")?)?;
    let end = bytes.len() - rest.len();
    let command = match command {
        b"open" => Command::Open,
        b"close" => Command::Close,
        b"syslog" => Command::Syslog,
        _ => Command::Other,
    };
    let data_bytes = usize::try_from(data_bytes).ok()?;
    let end = match rest.first()? {
        b' ' => end + 1,
        b'\n' if data_bytes == 0 => end,
        _ => return None,
    };
    Some(Header { number, command, data_bytes, end })
}

/// A number of one to nine digits that something follows, and what follows.
fn digits(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(count).filter(|_| (1..=DIGITS_MAX).contains(&count))?;
    if rest.is_empty() {
        return None;
    }
    str::from_utf8(digits).ok()?.parse().ok().map(|number| (number, rest))
}

/// Whether bytes that are no complete header may become one.
fn is_header_so_far(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(3, |byte| *byte == b' ');
    let number = parts.next().unwrap_or_default();
    let is_number = |part: &[u8]| part.len() <= DIGITS_MAX && part.iter().all(u8::is_ascii_digit);
    if !is_number(number) || number.is_empty() {
        return false;
    }
    let Some(command) = parts.next() else { return true };
    let is_command = command.len() <= COMMAND_BYTES_MAX && command.iter().all(u8::is_ascii_alphabetic);
    let Some(length) = parts.next() else { return is_command };
    is_command && !command.is_empty() && is_number(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(input: &[u8], limit: usize, step: usize) -> Vec<String> {
        let mut frames = Frames::new(limit);
        let (mut at, mut have, mut seen) = (0, 0, Vec::new());
        loop {
            let rest = &input[at..have];
            match if rest.is_empty() { Frame::More } else { frames.next(rest) } {
                Frame::More if have == input.len() => break,
                Frame::More => have = (have + step).min(input.len()),
                Frame::Whole { number, command, start, end, next } => {
                    seen.push(format!("{number} {command:?} {}", String::from_utf8_lossy(&rest[start..end])));
                    at += next;
                }
                Frame::TooLong { number, next } => {
                    seen.push(format!("{number} TOO LONG"));
                    at += next;
                }
                Frame::Skip { next } => at += next,
                Frame::Broken => {
                    seen.push("BROKEN".to_owned());
                    break;
                }
            }
        }
        seen
    }

    fn check(input: &[u8], expect: &[&str]) {
        for step in 1..=input.len() {
            assert_eq!(read(input, 12, step), expect, "in steps of {step}");
        }
    }

    #[test]
    fn frames_with_and_without_data_are_told_apart() {
        check(
            b"1 open 7 a=b\nc=d\n2 syslog 6 <1>a\nb\n3 close 0\n4 close 0 \n",
            &["1 Open a=b\nc=d", "2 Syslog <1>a\nb", "3 Close ", "4 Close "],
        );
    }

    #[test]
    fn a_frame_too_long_is_told_once_and_the_next_is_read() {
        check(b"1 syslog 13 <1>0123456789\n2 syslog 4 <1>a\n", &["1 TOO LONG", "2 Syslog <1>a"]);
    }

    #[test]
    fn bytes_that_are_no_frame_break_the_stream() {
        for input in [
            "GET / HTTP/1.1",
            "1 open 3 abcd",
            "1  3 abc",
            "1234567890 open 0\n",
            "1 open 1\n",
            " 1 open 0\n",
            "1 op3n 0\n",
        ] {
            check(input.as_bytes(), &["BROKEN"]);
        }
        let long = format!("1 {} 0\n", "a".repeat(33));
        check(long.as_bytes(), &["BROKEN"]);
    }

    proptest! {
        #[test]
        fn a_stream_cut_anywhere_gives_the_same_frames(
            input in prop::collection::vec(prop::sample::select(b"12 syslog 4\n<1>a".to_vec()), 1..60),
            messages in prop::collection::vec("[ -~\n]{0,16}", 0..4),
            step in 1_usize..30,
        ) {
            let mut stream: Vec<u8> =
                messages.iter().flat_map(|data| format!("7 syslog {} {data}\n", data.len()).into_bytes()).collect();
            stream.extend(input);
            prop_assert_eq!(read(&stream, 12, step), read(&stream, 12, stream.len()));
        }
    }
}
