//! Findings over time: counted in buckets while they come, drawn as one row of bars per level.
//!
//! A row per level tells levels apart without colour. Widths of buckets come from a ladder on which each divides the next, so that the counts are the same
//! in whatever order findings come and however many they are.

use std::collections::BTreeMap;

use cordon_model::{Level, Time};

use super::markup::Markup;
use super::moment::shown;

/// Most buckets from the first finding to the last.
const BUCKETS_MAX: i64 = 96;
/// Most labels below the chart.
const LABELS_MAX: i64 = 6;
/// Height of a row's bars in CSS pixels.
const ROW_PX: u64 = 26;
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Widths of buckets in microseconds, each a divisor of the next; the last spans all of [`Time`] in few enough.
const LADDER: [i64; 17] = [
    SECOND,
    5 * SECOND,
    15 * SECOND,
    30 * SECOND,
    60 * SECOND,
    300 * SECOND,
    900 * SECOND,
    1_800 * SECOND,
    3_600 * SECOND,
    10_800 * SECOND,
    21_600 * SECOND,
    43_200 * SECOND,
    DAY,
    7 * DAY,
    28 * DAY,
    364 * DAY,
    3_640_000 * DAY,
];

/// How many findings at which level happened when.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    rung: usize,
    buckets: BTreeMap<i64, [u64; 5]>,
    /// First and last finding of each level.
    ranges: [Option<(Time, Time)>; 5],
    /// Findings that state no time.
    pub(super) undated: u64,
}

impl Timeline {
    /// Counts a finding.
    pub(super) fn add(&mut self, time: Option<Time>, level: Level) {
        let Some(time) = time else {
            self.undated += 1;
            return;
        };
        let place = Level::ALL.iter().position(|other| *other == level);
        if let Some(range) = place.and_then(|place| self.ranges.get_mut(place)) {
            *range = joined(*range, Some((time, time)));
        }
        let bucket = self.buckets.entry(time.0.div_euclid(self.width())).or_default();
        add_level(bucket, level, 1);
        while self.span() > BUCKETS_MAX && self.rung + 1 < LADDER.len() {
            self.widen();
        }
    }

    /// First and last finding.
    pub(super) fn range(&self) -> Option<(Time, Time)> {
        self.range_from(Level::Informational)
    }

    /// First and last finding at a level or above.
    pub(super) fn range_from(&self, level: Level) -> Option<(Time, Time)> {
        let ranges = Level::ALL.into_iter().zip(self.ranges).filter(|(other, _)| *other >= level);
        ranges.fold(None, |all, (_, range)| joined(all, range))
    }

    /// Start of the first bucket, width of each (microseconds) and their number.
    pub(super) fn scale(&self) -> (i64, i64, i64) {
        let first = self.buckets.keys().next().copied().unwrap_or_default();
        (first.saturating_mul(self.width()), self.width(), self.span())
    }

    /// Writes the chart; readable without script.
    pub(super) fn write(&self, page: &mut Markup) {
        page.html("<figure class=\"timeline\">");
        for (place, level) in Level::ALL.into_iter().enumerate().rev() {
            let count = |levels: &[u64; 5]| levels.get(place).copied().unwrap_or_default();
            let total: u64 = self.buckets.values().map(count).sum();
            let most = self.buckets.values().map(count).max().unwrap_or_default();
            if total == 0 {
                continue;
            }
            page.html("<div class=\"row\">").level(level).html("<svg role=\"img\"");
            page.attr(
                "aria-label",
                &format!("{total} findings over time, at most {most} in {}", self.width_in_words()),
            );
            page.html(" class=\"").html(level.name()).html("\">");
            for (bucket, levels) in &self.buckets {
                self.bar(page, *bucket, count(levels), most);
            }
            page.html("</svg><span class=\"total\">").number(total).html("</span></div>");
        }
        self.labels(page);
        page.html("<figcaption>Findings per ").text(&self.width_in_words());
        page.html(", UTC; each row has its own scale, the number is its total.");
        if self.undated > 0 {
            page.html(" Not drawn: ").count(self.undated, "finding", "findings").html(" whose event states no time.");
        }
        page.html("</figcaption></figure>");
    }

    fn bar(&self, page: &mut Markup, bucket: i64, count: u64, most: u64) {
        if count == 0 {
            return;
        }
        let (start, width, span) = self.scale();
        let height = (count * ROW_PX / most.max(1)).max(3);
        let from = Time(bucket.saturating_mul(width));
        page.html("<rect");
        page.attr("x", &percent(bucket - start / width, span));
        page.attr("width", &percent(9, span * 10));
        page.attr("y", &(ROW_PX - height.min(ROW_PX)).to_string());
        page.attr("height", &height.to_string());
        page.html("><title>").text(&shown(from, "%-d %b %H:%M:%S")).html(" · ").number(count).html("</title></rect>");
    }

    fn labels(&self, page: &mut Markup) {
        let (start, width, span) = self.scale();
        let end = start.saturating_add(width.saturating_mul(span));
        let of = |steps: i64| LADDER.into_iter().find(|step| (end - start) / step <= steps).unwrap_or(DAY);
        let step = of(LABELS_MAX).max(width);
        let pattern = match step / SECOND {
            ..60 => "%H:%M:%S",
            60..86_400 if (end - start) <= DAY => "%H:%M",
            60..86_400 => "%-d %b %H:%M",
            86_400..2_419_200 => "%-d %b",
            _ => "%b %Y",
        };
        page.html("<div class=\"row axis\" aria-hidden=\"true\"><span></span><svg>");
        let mut at = start.div_euclid(step).saturating_mul(step);
        for _ in 0..=LABELS_MAX + 1 {
            if at >= start && at <= end {
                let x = percent(at.saturating_sub(start) / SECOND, (end - start) / SECOND);
                page.html("<line y1=\"0\" y2=\"5\"").attr("x1", &x).attr("x2", &x).html("/><text y=\"17\"");
                page.attr("x", &x).html(">").text(&shown(Time(at), pattern)).html("</text>");
            }
            at = at.saturating_add(step);
        }
        page.html("</svg><span></span></div>");
    }

    fn width(&self) -> i64 {
        LADDER.get(self.rung).copied().unwrap_or(DAY)
    }

    fn width_in_words(&self) -> String {
        let seconds = self.width() / SECOND;
        let (count, unit) = match seconds {
            ..60 => (seconds, "second"),
            60..3_600 => (seconds / 60, "minute"),
            3_600..86_400 => (seconds / 3_600, "hour"),
            _ => (seconds / 86_400, "day"),
        };
        if count == 1 { unit.to_owned() } else { format!("{count} {unit}s") }
    }

    /// Buckets from the first to the last.
    fn span(&self) -> i64 {
        let first = self.buckets.keys().next().copied().unwrap_or_default();
        let last = self.buckets.keys().next_back().copied().unwrap_or_default();
        last.saturating_sub(first).saturating_add(1)
    }

    fn widen(&mut self) {
        let old = self.width();
        self.rung += 1;
        let times = self.width() / old;
        for (bucket, levels) in std::mem::take(&mut self.buckets) {
            let wider = self.buckets.entry(bucket.div_euclid(times)).or_default();
            Level::ALL.into_iter().zip(levels).for_each(|(level, count)| add_level(wider, level, count));
        }
    }
}

fn joined(one: Option<(Time, Time)>, other: Option<(Time, Time)>) -> Option<(Time, Time)> {
    match (one, other) {
        (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
        (range, None) | (None, range) => range,
    }
}

/// Adds to the count of a level.
pub(super) fn add_level(counts: &mut [u64; 5], level: Level, more: u64) {
    let place = Level::ALL.iter().position(|other| *other == level);
    if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
        *count += more;
    }
}

/// `part` of `whole` in percent with three digits.
fn percent(part: i64, whole: i64) -> String {
    let thousandths = i128::from(part) * 100_000 / i128::from(whole.max(1));
    format!("{}.{:03}%", thousandths / 1000, thousandths % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[i64]) -> Timeline {
        let mut timeline = Timeline::default();
        times.iter().for_each(|seconds| timeline.add(Some(Time(seconds * SECOND)), Level::High));
        timeline
    }

    #[test]
    fn buckets_are_the_same_in_any_order_and_few() {
        let mut times: Vec<i64> = (0..500).map(|number| number * 7_919 % 100_000).collect();
        let forth = of(&times);
        times.reverse();
        let back = of(&times);
        assert_eq!((forth.rung, &forth.buckets), (back.rung, &back.buckets));
        assert!(forth.span() <= BUCKETS_MAX);
        assert_eq!(forth.buckets.values().flatten().sum::<u64>(), 500);
    }

    #[test]
    fn each_width_divides_the_next_and_the_last_spans_all_time() {
        for pair in LADDER.windows(2) {
            assert_eq!(pair[1] % pair[0], 0);
        }
        let far = of(&[i64::MIN / SECOND, 0, i64::MAX / SECOND]);
        assert!(far.span() <= BUCKETS_MAX, "{}", far.span());
        far.write(&mut Markup::default());
    }

    #[test]
    fn a_chart_has_a_row_for_each_level_that_has_findings() {
        let mut page = Markup::default();
        of(&[60, 61, 400]).write(&mut page);
        let page = page.take();
        assert_eq!(page.matches("<div class=\"row\">").count(), 1, "{page}");
        assert_eq!(page.matches("<rect").count(), 2, "{page}");
    }
}
