//! Runs the bench of series over the NAB files prepared as `value,label` lines: `series SEASON:FILE...`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "an example that people run by hand"
)]

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
    let started = std::time::Instant::now();
    let report = series(&all, &SeriesPlan::default(), &mut || started.elapsed().as_secs_f64()).unwrap();
    report.write_table(&mut std::io::stdout()).unwrap();
}
