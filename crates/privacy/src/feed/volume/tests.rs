//! What is a silence and what is chance.

use std::ops::Range;

use super::*;

/// A Monday, midnight, in days since 1970.
const MONDAY: i64 = 4;

fn hourly(days: i64, without: Range<i64>) -> Vec<i64> {
    (0..days * 24).map(|hour| MONDAY * DAY + hour * HOUR).filter(|at| !without.contains(at)).collect()
}

fn found(times: &[i64], days: i64) -> Vec<(i64, i64, u32)> {
    let found = silences(Feed::Orders, times, MONDAY * DAY, (MONDAY + days) * DAY - 1);
    found.iter().map(|silence| (silence.from - MONDAY * DAY, silence.until - MONDAY * DAY, silence.came)).collect()
}

/// Days of a feed: how many rows in each quarter of a day, spread evenly over it.
fn quarters(days: &[[i64; 4]]) -> Vec<i64> {
    let mut times = Vec::new();
    for (day, rows) in (MONDAY..).zip(days) {
        for (quarter, count) in (0..).zip(rows) {
            times.extend((0..*count).map(|row| day * DAY + quarter * BIN + row * BIN / count));
        }
    }
    times
}

fn between(days: Range<i64>) -> Range<i64> {
    (MONDAY + days.start) * DAY..(MONDAY + days.end) * DAY
}

#[test]
fn two_silent_days_are_found_and_an_hour_is_not() {
    assert_eq!(found(&hourly(21, between(8..10)), 21), [(8 * DAY - HOUR, 10 * DAY, 0)]);
    let hour = (MONDAY + 8) * DAY..(MONDAY + 8) * DAY + HOUR;
    assert_eq!(found(&hourly(21, hour), 21), []);
}

#[test]
fn a_feed_that_ends_early_is_late_from_then_on() {
    assert_eq!(found(&hourly(21, between(18..30)), 21), [(18 * DAY - HOUR, 21 * DAY, 0)]);
}

#[test]
fn a_feed_that_never_was_is_not_silent() {
    assert_eq!(found(&[], 21), []);
}

#[test]
fn several_silences_are_found_though_each_hides_what_is_usual() {
    let mut times = hourly(21, between(1..3));
    times.retain(|at| !between(8..10).contains(at) && !between(15..17).contains(at));
    let silent = [(DAY, 3 * DAY), (8 * DAY, 10 * DAY), (15 * DAY, 17 * DAY)];
    assert_eq!(found(&times, 21), silent.map(|(from, until)| (from - HOUR, until, 0)));
}

#[test]
fn two_silent_days_of_four_are_found_where_the_feed_is_even() {
    let day = [8, 70, 38, 12];
    assert_eq!(found(&quarters(&[day, [0; 4], [0; 4], day]), 4).len(), 1);
}

#[test]
fn a_feed_of_a_third_of_its_rows_is_thin() {
    let day = [40, 160, 80, 40];
    let mut days = vec![day; 12];
    days[7] = day.map(|rows| rows / 4);
    days[8] = day.map(|rows| rows / 4);
    let found = found(&quarters(&days), 12);
    assert_eq!(found.iter().map(|(_, _, came)| *came).collect::<Vec<_>>(), [160]);
}

/// As in a small hospital whose messages are a few a day and now and then a list.
#[test]
fn lists_of_patients_do_not_make_the_days_between_them_silent() {
    let mut times = quarters(&[[2, 4, 5, 3], [2, 3, 2, 1], [3, 2, 3, 1], [1, 5, 6, 2]]);
    for moment in [2 * HOUR, DAY + HOUR, DAY + 7 * HOUR] {
        times.extend((0..25).map(|row| MONDAY * DAY + moment + row * 2_000));
    }
    times.sort_unstable();
    assert_eq!(found(&times, 4), []);
}

#[test]
fn the_first_busy_day_does_not_make_the_next_ones_silent() {
    assert_eq!(found(&quarters(&[[20, 30, 22, 25], [5, 9, 7, 6], [6, 10, 5, 7]]), 3), []);
}

#[test]
fn a_feed_that_jumps_from_day_to_day_is_not_silent_on_its_quiet_ones() {
    let days: Vec<[i64; 4]> = [60, 12, 80, 15, 70, 6, 8, 18, 75, 11, 66, 90, 7, 9]
        .iter()
        .map(|rows| [rows / 3, *rows, *rows, rows / 2])
        .collect();
    assert_eq!(found(&quarters(&days), 14), []);
}

#[test]
fn the_tail_of_students_distribution_is_as_tabled() {
    for (t, freedom, tail) in [(2.776, 4, 0.025), (5.041, 8, 0.0005), (3.169, 10, 0.005), (2.626, 100, 0.005)] {
        assert!((upper_tail(t, freedom) - tail).abs() < tail * 0.002, "{t} {freedom}: {}", upper_tail(t, freedom));
    }
}
