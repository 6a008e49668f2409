//! Fresh values: a seeded generator, and the time of now in the shapes that logs write. All shapes keep their length.

use std::time::{SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// xorshift64*: quick, and the same for a seed everywhere.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or(0)
    }
}

/// One second, written in every shape.
pub struct Fresh {
    pub random: Random,
    seconds: u64,
    /// `2026-03-16`, `00:30:20`, `Mar 16`.
    date: String,
    clock: String,
    day: String,
}

impl Fresh {
    pub fn new(seed: u64) -> Self {
        let mut fresh =
            Self { random: Random::new(seed), seconds: 0, date: String::new(), clock: String::new(), day: String::new() };
        fresh.now();
        fresh
    }

    /// Moves on to now; events are given times within this second.
    pub fn now(&mut self) {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if seconds == self.seconds {
            return;
        }
        self.seconds = seconds;
        let (year, month, day) = civil(seconds / 86_400);
        let of_day = seconds % 86_400;
        self.date = format!("{year:04}-{month:02}-{day:02}");
        self.clock = format!("{:02}:{:02}:{:02}", of_day / 3_600, of_day / 60 % 60, of_day % 60);
        self.day = format!("{} {day:>2}", MONTHS[usize::try_from(month - 1).unwrap_or(0)]);
    }

    pub fn date(&self, separator: u8, to: &mut Vec<u8>) {
        to.extend(self.date.bytes().map(|byte| if byte == b'-' { separator } else { byte }));
    }

    /// `20260316003020`.
    pub fn compact(&self, to: &mut Vec<u8>) {
        to.extend(self.date.bytes().chain(self.clock.bytes()).filter(u8::is_ascii_digit));
    }

    pub fn clock(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.clock.as_bytes());
    }

    /// `Mar 16 00:30:20`.
    pub fn syslog(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(self.day.as_bytes());
        to.push(b' ');
        self.clock(to);
    }

    /// Seconds since 1970 with `digits` in all, so in milli-, micro- or nanoseconds.
    pub fn epoch(&mut self, digits: usize, to: &mut Vec<u8>) {
        to.extend_from_slice(self.seconds.to_string().as_bytes());
        self.digits(digits.saturating_sub(10), to);
    }

    pub fn digits(&mut self, count: usize, to: &mut Vec<u8>) {
        let mut random = self.random.next();
        for at in 0..count {
            if at % 16 == 15 {
                random = self.random.next();
            }
            to.push(b'0' + (random % 10) as u8);
            random /= 10;
        }
    }

    /// A number of `count` digits without a zero in front.
    pub fn number(&mut self, count: usize, to: &mut Vec<u8>) {
        to.push(b'1' + (self.random.next() % 9) as u8);
        self.digits(count.saturating_sub(1), to);
    }

    pub fn hex(&mut self, count: usize, upper: bool, to: &mut Vec<u8>) {
        let letters: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
        let mut random = 0;
        for at in 0..count {
            if at % 16 == 0 {
                random = self.random.next();
            }
            to.push(letters[(random & 15) as usize]);
            random >>= 4;
        }
    }
}

/// Year, month and day of a day since 1970 (H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days).
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_since_1970_are_dates() {
        assert_eq!([civil(0), civil(11_016), civil(20_528)], [(1970, 1, 1), (2000, 2, 29), (2026, 3, 16)]);
    }
}
