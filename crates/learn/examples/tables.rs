//! Runs the bench of tables over plain files: `tables FILE.csv...` learns and judges each (last column 1 for an attack); `tables --stream FILE.csv...` scores each row before it learns it;
//! `tables --flows TRAIN TEST` is the split of NSL-KDD.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "an example that people run by hand")]

use std::io::Write as _;

use cordon_learn::{
    eval::{Codes, Report, Sheet, TablesPlan, TestPart, joint, prequential, tables},
    tabular::Settings,
};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan =
        TablesPlan { seeds: vec![1, 2, 3, 4, 5], budget: None, settings: Settings::default(), contamination: None };
    let mut clock = cpu_seconds;
    if arguments[0] == "--stream" {
        for path in &arguments[1..] {
            show(path, &prequential(&plain(path), true, &plan, &mut clock).unwrap());
        }
        return;
    }
    if arguments[0] == "--joint" {
        for path in &arguments[1..] {
            show(path, &joint(&plain(path), None, &plan).unwrap());
        }
        return;
    }
    if arguments[0] != "--flows" {
        for path in &arguments {
            show(path, &tables(&plain(path), None, &[], &plan, &mut clock).unwrap());
        }
        return;
    }
    let mut codes = Codes::default();
    let (train, _) = flows(&arguments[1], false, &mut codes);
    if arguments.len() == 2 {
        // development: every fifth normal row held back, beside the attacks of the file learnt
        let fit = train.part(|place| place % 5 != 0);
        let held = train.part(|place| place % 5 == 0 || train.labels[place]);
        show("held-back rows, joint", &joint(&fit, Some(&held), &plan).unwrap());
        show("held-back rows", &tables(&fit, Some(&held), &[], &plan, &mut clock).unwrap());
        return;
    }
    let (test, hard) = flows(&arguments[2], true, &mut codes);
    let parts = [TestPart { name: "KDDTest-21, a part of these".to_owned(), rows: hard }];
    show(&arguments[2], &tables(&train, Some(&test), &parts, &plan, &mut clock).unwrap());
}

fn show(path: &str, report: &Report) {
    let mut out = std::io::stdout();
    writeln!(out, "{path}").unwrap();
    report.write_table(&mut out).unwrap();
}

fn plain(path: &str) -> Sheet {
    let text = std::fs::read_to_string(path).unwrap();
    let width = text.lines().next().unwrap().split(',').count() - 1;
    let mut sheet = Sheet::new((0..width).map(|column| column.to_string()).collect(), Vec::new());
    let mut codes = Codes::default();
    for line in text.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        sheet.push(&cells[..width], cells[width].parse::<f64>().unwrap() > 0.5, &mut codes).unwrap();
    }
    sheet
}

fn flows(path: &str, header: bool, codes: &mut Codes) -> (Sheet, Vec<usize>) {
    let text = std::fs::read_to_string(path).unwrap();
    let mut sheet = Sheet::new((0..41).map(|column| column.to_string()).collect(), vec![1, 2, 3]);
    let mut hard = Vec::new();
    for line in text.lines().skip(usize::from(header)) {
        let cells: Vec<&str> = line.split([',', ' ']).filter(|cell| !cell.is_empty()).collect();
        if cells[42] != "21" {
            hard.push(sheet.labels.len());
        }
        sheet.push(&cells[..41], cells[41] != "normal", codes).unwrap();
    }
    (sheet, hard)
}

/// Processor time of this process in seconds, from the kernel's own table of its first thread.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
