//! The clock of the small hospital: days are counted from Monday 2 March 2026, wall times are Central European, and every time is written with its offset.

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 86_400;

/// 2026-03-02T00:00:00Z, in seconds since 1970.
const FIRST: i64 = 1_772_409_600;
/// The hour that does not exist: 2026-03-29, 02:00 becomes 03:00.
const SUMMER: i64 = FIRST + 27 * DAY + HOUR;
/// The hour that exists twice: 2026-10-25, 03:00 becomes 02:00.
const WINTER: i64 = FIRST + 237 * DAY + HOUR;

/// Wall time of a day, in seconds since 1970. Of the hour that exists twice, the first one.
pub(crate) fn at(day: i64, hour: i64, minute: i64) -> i64 {
    let wall = FIRST + day * DAY + hour * HOUR + minute * MINUTE;
    if (SUMMER + HOUR..WINTER + 2 * HOUR).contains(&wall) { wall - 2 * HOUR } else { wall - HOUR }
}

/// The day in which a time falls, by UTC.
pub(crate) fn day_of(time: i64) -> i64 {
    (time - FIRST).div_euclid(DAY)
}

/// ISO 8601 with the offset that holds at that time.
pub(crate) fn iso(time: i64) -> String {
    let offset = if (SUMMER..WINTER).contains(&time) { 2 } else { 1 };
    let wall = time + offset * HOUR;
    let second = wall.rem_euclid(DAY);
    let (hour, minute) = (second / HOUR, second % HOUR / MINUTE);
    format!("{}T{hour:02}:{minute:02}:{:02}+{offset:02}:00", civil(wall.div_euclid(DAY)), second % MINUTE)
}

/// The same moment as UTC.
pub(crate) fn utc(time: i64) -> String {
    let second = time.rem_euclid(DAY);
    let (hour, minute) = (second / HOUR, second % HOUR / MINUTE);
    format!("{}T{hour:02}:{minute:02}:{:02}Z", civil(time.div_euclid(DAY)), second % MINUTE)
}

/// The date of a day of the small hospital.
pub(crate) fn date(day: i64) -> String {
    civil(FIRST / DAY + day)
}

/// Proleptic Gregorian date of a count of days since 1970-01-01 (Hinnant, chrono-compatible low-level date algorithms).
fn civil(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Spreads numbers evenly and always in the same way (the finaliser of splitmix64).
pub(crate) fn mix(numbers: &[i64]) -> i64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for number in numbers {
        state = state.wrapping_add(number.cast_unsigned()).wrapping_add(0x9e37_79b9_7f4a_7c15);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        state ^= state >> 31;
    }
    (state >> 33).cast_signed()
}

#[test]
fn both_nights_of_the_clock_change_are_written_with_their_offsets() {
    assert_eq!(iso(at(0, 8, 0)), "2026-03-02T08:00:00+01:00");
    assert_eq!(iso(at(27, 1, 59)), "2026-03-29T01:59:00+01:00");
    assert_eq!(iso(at(27, 3, 0)), "2026-03-29T03:00:00+02:00");
    assert_eq!(at(27, 3, 0) - at(27, 1, 59), MINUTE);
    assert_eq!(iso(at(237, 2, 30)), "2026-10-25T02:30:00+02:00");
    assert_eq!(iso(at(237, 2, 30) + HOUR), "2026-10-25T02:30:00+01:00");
    assert_eq!(iso(at(237, 4, 0)), "2026-10-25T04:00:00+01:00");
    assert_eq!(iso(at(-61, 0, 0)), "2025-12-31T00:00:00+01:00");
    assert_eq!(utc(at(0, 8, 0)), "2026-03-02T07:00:00Z");
    assert_eq!(date(34), "2026-04-05");
}
