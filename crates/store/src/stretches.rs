//! Stretches of time that counts are cut into.

/// Lengths that people read well, in seconds, rising: from one to ten, a minute, an hour, a day, a week, a month, to a year.
pub(crate) const LENGTHS_SECONDS: [i64; 16] =
    [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000, 31_536_000];
