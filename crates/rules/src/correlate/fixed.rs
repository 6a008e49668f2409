//! Numbers of events, summed without rounding: whole millionths in 128 bits, so that a sum does not depend on order and what is added can be
//! taken away again.

/// Largest magnitude taken; larger values count as this.
const MAGNITUDE_MAX: f64 = 1e18;
/// Parts of one.
const PARTS: f64 = 1e6;

/// Reads a number in decimal spelling; `None` when it is not one or not finite.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The number in millionths.
#[expect(clippy::cast_possible_truncation, reason = "clamped to 1e18, times 1e6 is far below the limits of i128")]
pub(super) fn millionths(number: f64) -> i128 {
    (number.clamp(-MAGNITUDE_MAX, MAGNITUDE_MAX) * PARTS).round() as i128
}

/// A sum of millionths as a number: exact as far as a double is.
pub(super) fn as_number(millionths: i128) -> f64 {
    millionths as f64 / PARTS
}

/// A count as a number; exact below 2^53.
pub(super) fn count(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_decimals_do_not_drift() {
        let sum: i128 = (0..1_000).map(|_| millionths(0.1)).sum();
        assert_eq!(as_number(sum), 100.0);
        assert_eq!(as_number(sum - 999 * millionths(0.1)), 0.1);
        assert_eq!(as_number(millionths(1e300)), 1e18);
    }

    #[test]
    fn only_finite_decimal_numbers_are_numbers() {
        for (text, expect) in
            [("12", Some(12.0)), (" -1.5e3 ", Some(-1500.0)), ("0x1f", None), ("", None), ("inf", None), ("NaN", None)]
        {
            assert_eq!(number(text), expect, "{text}");
        }
    }
}
