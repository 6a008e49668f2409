//! The bench of series: files of times and values, and the windows of trouble beside them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use cordon_learn::eval::{self, Series, SeriesPlan};
use jiff::civil::DateTime;

use super::{SeriesArgs, files, runs};
use crate::Exit;

/// Largest file in bytes.
const BYTES_MAX: u64 = 256 << 20;

/// Seconds of a season.
const DAY_SECONDS: f64 = 86_400.0;

/// Characters of a time that are compared: to the second.
const TIME_CHARS: usize = 19;

type Windows = BTreeMap<String, Vec<(String, String)>>;

pub(super) fn run(args: &SeriesArgs) -> Result<Exit> {
    ensure!(args.rate > 0.0 && args.rate < 1.0, "--rate takes a share between 0 and 1");
    let windows: Windows = serde_json::from_str(&files::text(&args.windows, BYTES_MAX)?)
        .with_context(|| format!("{}: pairs of times are expected for each file", args.windows.display()))?;
    let mut all = Vec::new();
    for file in files::below(&args.input)? {
        if file.extension().is_some_and(|extension| extension == "csv") {
            all.push(read(&file, &windows)?);
        }
    }
    ensure!(!all.is_empty(), "{}: no .csv file in it", args.input.display());
    let plan = SeriesPlan { rate: args.rate, seeds: runs::seeds(&args.common), ..SeriesPlan::default() };
    runs::show(&eval::series(&all, &plan, &mut runs::clock())?, &args.common)
}

fn read(path: &Path, windows: &Windows) -> Result<Series> {
    let name = path.to_string_lossy().replace('\\', "/");
    let trouble = windows.iter().find(|(end, _)| name.ends_with(end.as_str())).map(|(_, trouble)| trouble);
    let Some(trouble) = trouble else { bail!("{name}: the windows name no file that this path ends with") };
    let text = files::text(path, BYTES_MAX)?;
    let mut series = Series { name, ..Series::default() };
    let mut times = Vec::new();
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let is_header = |line: &str| {
        let time = line.split_once(',').map_or(line, |(time, _)| time);
        to_the_second(time).parse::<DateTime>().is_err() && !time.starts_with(|letter: char| letter.is_ascii_digit())
    };
    let named = lines.clone().next().is_some_and(is_header);
    for (row, line) in lines.skip(usize::from(named)).enumerate() {
        let about = || format!("{}: row {}: `timestamp,value` is expected", series.name, row + 1);
        let (time, value) = line.split_once(',').with_context(about)?;
        let time = to_the_second(time);
        times.push(time.parse::<DateTime>().with_context(about)?);
        series.values.push(if value.trim().is_empty() {
            f64::NAN
        } else {
            value.trim().parse().with_context(about)?
        });
        series.labels.push(trouble.iter().any(|(from, to)| to_the_second(from) <= time && time <= to_the_second(to)));
    }
    series.season = season(&times);
    Ok(series)
}

fn to_the_second(time: &str) -> &str {
    let time = time.trim();
    time.get(..TIME_CHARS).unwrap_or(time)
}

/// Values of a day at the middle distance between two; 0 when a day holds fewer than two.
fn season(times: &[DateTime]) -> usize {
    let seconds = |pair: &[DateTime]| match pair {
        [a, b] => b.duration_since(*a).as_secs_f64(),
        _ => 0.0,
    };
    let mut distances: Vec<f64> = times.windows(2).map(seconds).collect();
    distances.sort_by(f64::total_cmp);
    let Some(middle) = distances.get(distances.len() / 2).filter(|middle| **middle > 0.0) else { return 0 };
    let values = (DAY_SECONDS / middle).round();
    (2..=86_400)
        .find(|count: &u32| f64::from(*count) >= values)
        .filter(|_| values >= 2.0)
        .map_or(0, |count| usize::try_from(count).unwrap_or(0))
}
