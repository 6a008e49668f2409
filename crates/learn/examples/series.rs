//! Runs the bench of series over the NAB files prepared as `value,label` lines: `series SEASON:FILE...`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "an example that people run by hand")]

use cordon_learn::eval::{Series, SeriesPlan, series};

fn main() {
    let mut all = Vec::new();
    for argument in std::env::args().skip(1) {
        let (season, path) = argument.split_once(':').unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let mut one = Series { name: path.to_owned(), season: season.parse().unwrap(), ..Series::default() };
        for line in text.lines() {
            let cells: Vec<&str> = line.split(',').collect();
            one.values.push(cells[0].parse().unwrap());
            one.labels.push(cells[1] == "1");
        }
        all.push(one);
    }
    let report = series(&all, &SeriesPlan::default(), &mut cpu_seconds).unwrap();
    report.write_table(&mut std::io::stdout()).unwrap();
}

/// Processor time of this process in seconds, from the kernel's own table of its first thread.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
