//! From options to sources and to how the street is walked.

use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::{fs, thread};

use anyhow::{Context, Result, bail, ensure};
use cordon_collect::{Limits, Sources, path_exists};
use cordon_decode::csv::{Mapping, with_presets};
use cordon_decode::{DecodeOptions, log_source_table_with};
use cordon_model::Time;
use cordon_node::StreetOptions;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use crate::cli::{InputArgs, ReadingArgs};

/// Most threads that are started, whatever is asked for.
const THREADS_MAX: usize = 256;
/// Longest record that can be asked for: 1 GiB, since each thread holds two of them.
const RECORD_BYTES_CEILING: usize = 1 << 30;

/// Finds the sources; every PATH must exist.
///
/// # Errors
/// A PATH that is not there, in the operator's words.
pub(crate) fn sources(args: &InputArgs) -> Result<Sources> {
    for path in &args.paths {
        ensure!(path_exists(path), "{}: no such file or directory; nothing was scanned", path.display());
    }
    Ok(Sources::new(&args.paths, Limits::default(), now()))
}

/// How the street is walked.
///
/// # Errors
/// An option that makes no sense, named.
pub(crate) fn street_options(args: &InputArgs) -> Result<StreetOptions> {
    let range = 1024..=RECORD_BYTES_CEILING;
    ensure!(range.contains(&args.record_bytes_max), "--record-bytes-max takes 1024 to {RECORD_BYTES_CEILING}");
    let decode = DecodeOptions { record_bytes_max: args.record_bytes_max, ..decode_options(&args.reading)? };
    let bound = |text: &Option<String>, option| match text {
        Some(text) => moment(text, &decode.timezone).with_context(|| format!("{option} {text}")).map(Some),
        None => Ok(None),
    };
    let (from, to) = (bound(&args.from, "--from")?, bound(&args.to, "--to")?);
    if let (Some(from), Some(to)) = (from, to) {
        ensure!(from < to, "--from must be before --to");
    }
    Ok(StreetOptions { decode, threads: threads(args.threads)?, from, to, count_times: false })
}

/// How logs are read that do not say everything of themselves.
///
/// # Errors
/// A zone that is none, a mapping that makes no sense.
pub(crate) fn decode_options(args: &ReadingArgs) -> Result<DecodeOptions> {
    let mut decode = DecodeOptions { timezone: timezone(&args.timezone)?, ..DecodeOptions::new(now()) };
    add_source_maps(&args.source_map, &mut decode)?;
    Ok(decode)
}

/// Most bytes of a mapping file.
const SOURCE_MAP_BYTES_MAX: u64 = 1 << 20;

/// A user's mappings of tables go before the built-in ones, and their log sources into the table.
pub(crate) fn add_source_maps(paths: &[PathBuf], decode: &mut DecodeOptions) -> Result<()> {
    if paths.is_empty() {
        return Ok(());
    }
    let (mut mappings, mut rows) = (Vec::new(), String::new());
    for path in paths {
        let named = || format!("--source-map {}", path.display());
        let mut text = String::new();
        fs::File::open(path)
            .and_then(|file| file.take(SOURCE_MAP_BYTES_MAX + 1).read_to_string(&mut text))
            .with_context(named)?;
        ensure!(
            text.len() as u64 <= SOURCE_MAP_BYTES_MAX,
            "{}: larger than {SOURCE_MAP_BYTES_MAX} bytes: not a mapping",
            named()
        );
        let mapping = Mapping::parse(&text).with_context(named)?;
        rows.push_str(&mapping.log_source_rows());
        mappings.push(mapping);
    }
    // The table borrows its words for as long as the process runs; it is read once.
    decode.log_sources = log_source_table_with(rows.leak()).context("--source-map: log sources")?;
    decode.csv_mappings = with_presets(mappings);
    Ok(())
}

fn threads(asked: Option<usize>) -> Result<usize> {
    match asked {
        Some(0) => bail!("--threads must be at least 1"),
        Some(asked) => Ok(asked.min(THREADS_MAX)),
        None => Ok(thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX)),
    }
}

/// Now, to the microsecond: stands in for when standard input was written.
pub(crate) fn now() -> Time {
    Time(jiff::Timestamp::now().as_microsecond())
}

/// An IANA name from the database in the binary, or an offset.
fn timezone(text: &str) -> Result<TimeZone> {
    if let Ok(zone) = TimeZone::get(text) {
        return Ok(zone);
    }
    let offset = offset_seconds(text).and_then(|seconds| Offset::from_seconds(seconds).ok());
    let unknown =
        || format!("--timezone {text}: neither an IANA name such as Europe/Berlin nor an offset such as +02:00");
    offset.map(TimeZone::fixed).with_context(unknown)
}

/// `+02`, `+0200`, `+02:00` in seconds.
fn offset_seconds(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    let digits = digits.replacen(':', "", 1);
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok().filter(|_| minutes.len() == 2)? };
    let hours: i32 = hours.parse().ok()?;
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A moment as RFC 3339, or a date or a time of day in `timezone`.
pub(crate) fn moment(text: &str, timezone: &TimeZone) -> Result<Time> {
    if let Some(time) = Time::from_rfc3339(text) {
        return Ok(time);
    }
    let local = text.parse::<civil::DateTime>().or_else(|_| text.parse::<civil::Date>().map(civil::DateTime::from));
    let local = local.ok().context("not a time: give 2026-01-31, 2026-01-31T14:05 or 2026-01-31T14:05:00+01:00")?;
    let zoned = local.to_zoned(timezone.clone()).context("not a time of that zone")?;
    Ok(Time(zoned.timestamp().as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_moment(text: &str, zone: &str, expect: &str) {
        assert_eq!(moment(text, &timezone(zone).unwrap()).unwrap().to_string(), expect);
    }

    #[test]
    fn times_are_read_in_the_zone_given_unless_they_name_one() {
        check_moment("2026-01-31", "UTC", "2026-01-31T00:00:00.000000Z");
        check_moment("2026-01-31", "Europe/Berlin", "2026-01-30T23:00:00.000000Z");
        check_moment("2026-07-31T14:05", "Europe/Berlin", "2026-07-31T12:05:00.000000Z");
        check_moment("2026-07-31 14:05:01", "-0330", "2026-07-31T17:35:01.000000Z");
        check_moment("2026-07-31T14:05:00+01:00", "-03", "2026-07-31T13:05:00.000000Z");
    }

    #[test]
    fn what_is_no_zone_or_time_is_refused_with_an_example() {
        assert!(timezone("Berlin").unwrap_err().to_string().contains("Europe/Berlin"));
        assert!(timezone("+2").is_err());
        assert!(timezone("+02:0").is_err());
        assert!(moment("yesterday", &TimeZone::UTC).unwrap_err().to_string().contains("2026-01-31"));
    }
}
