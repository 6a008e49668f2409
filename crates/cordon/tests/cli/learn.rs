//! `cordon learn eval`: every bench on tiny files, and what is wrong with a file said with its row.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{Ran, run_in};

fn folder(files: &[(&str, String)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// `cordon learn eval LINE`, its words between blanks.
fn eval(dir: &Path, line: &str) -> Ran {
    let args: Vec<&str> = ["learn", "eval"].into_iter().chain(line.split(' ')).collect();
    run_in(dir, &args, b"")
}

/// It ran, and its report is JSON.
fn report(ran: &Ran) -> Value {
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.err, "");
    serde_json::from_str(&ran.out).unwrap()
}

/// It could not run and says all of `words`; nothing went to the standard output.
fn refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert_eq!(ran.out, "");
    for word in words {
        assert!(ran.err.contains(word), "{word:?} is not in {:?}", ran.err);
    }
}

/// The figures of the line of a name in the first section.
fn line<'a>(report: &'a Value, name: &str) -> &'a Value {
    let lines = report.pointer("/sections/0/lines").unwrap().as_array().unwrap();
    let found = lines.iter().find(|line| line["detector"] == name);
    assert!(found.is_some(), "no line {name} in {report}");
    found.unwrap()
}

fn auc(report: &Value, name: &str) -> f64 {
    line(report, name).pointer("/auc/mean").unwrap().as_f64().unwrap()
}

/// Rows of two numbers, a name and a label; every tenth is an attack with numbers far out.
fn table(rows: usize, header: bool) -> String {
    let mut text = if header { "bytes,seconds,service,label\n".to_owned() } else { String::new() };
    for row in 0..rows {
        let attack = row % 10 == 9;
        let (bytes, service) = (100 + row * 37 % 101, if row % 2 == 0 { "http" } else { "smtp" });
        let far = if attack { 9_000 } else { 0 };
        let label = if attack { "flood" } else { "normal" };
        writeln!(text, "{},{},{service},{label}", bytes + far, row * 53 % 89 + far).unwrap();
    }
    text
}

/// The same rows with their columns in another order.
fn shuffled(rows: usize) -> String {
    let turned = |line: &str| match line.split(',').collect::<Vec<_>>().as_slice() {
        [bytes, seconds, service, label] => format!("{label},{seconds},{service},{bytes}\n"),
        _ => String::new(),
    };
    table(rows, true).lines().map(turned).collect()
}

#[test]
fn a_table_is_learnt_and_another_one_judged_beside_detectors_that_know_nothing() {
    let dir = folder(&[("train.csv", table(1_000, true)), ("test.csv", table(500, true))]);
    let line = "tabular --train train.csv --test test.csv --label label --categorical service --seeds 2 --format json";
    let report = report(&eval(dir.path(), line));
    assert!(auc(&report, "combination") > 0.99, "{report}");
    assert!((auc(&report, "control: constant") - 0.5).abs() < 1e-9, "{report}");
    assert!((report["sections"][0]["base_rate"].as_f64().unwrap() - 0.1).abs() < 1e-9, "{report}");
    let table = eval(dir.path(), "tabular --train train.csv --test test.csv --categorical service --seeds 1");
    assert_eq!(table.code, Some(0), "{}", table.err);
    assert!(table.out.contains("combination") && table.out.contains("flood 50, normal 450"), "{}", table.out);
}

#[test]
fn columns_in_another_order_are_found_by_their_names() {
    let files = [("train.csv", table(600, true)), ("test.csv", table(400, true)), ("shuffled.csv", shuffled(400))];
    let dir = folder(&files);
    let judged = |test: &str| {
        let line = format!(
            "tabular --train train.csv --test {test} --label label --categorical service --seeds 1 --format json"
        );
        report(&eval(dir.path(), &line))
    };
    let (plain, turned) = (judged("test.csv"), judged("shuffled.csv"));
    for figure in ["auc", "ap", "tpr", "precision"] {
        assert_eq!(line(&plain, "combination")[figure], line(&turned, "combination")[figure], "{figure}");
    }
}

#[test]
fn tables_that_do_not_fit_each_other_are_refused() {
    let other = table(50, true).replace("seconds", "packets");
    let narrow = "bytes,label\n1,normal\n2,flood\n".to_owned();
    let twice = table(50, true).replace("seconds", "bytes");
    let short = "5,http,normal\n7,smtp,flood\n".to_owned();
    let files = [("train.csv", table(300, true)), ("other.csv", other), ("narrow.csv", narrow), ("twice.csv", twice)];
    let dir = folder(&files);
    fs::write(dir.path().join("short.csv"), short).unwrap();
    let judged = |test: &str| {
        eval(dir.path(), &format!("tabular --train train.csv --test {test} --label label --categorical service"))
    };
    refused(&judged("other.csv"), &["other.csv", "no column seconds", "train.csv"]);
    refused(&judged("narrow.csv"), &["narrow.csv", "no column seconds"]);
    refused(&judged("twice.csv"), &["twice.csv", "two columns are named bytes"]);
    refused(&judged("short.csv"), &["short.csv", "3 columns", "train.csv has 4"]);
}

#[test]
fn without_a_header_columns_have_numbers() {
    let spaced = table(400, false).replace(',', "  ");
    let dir = folder(&[("plain.csv", table(400, false)), ("spaced.txt", spaced)]);
    for file in ["plain.csv", "spaced.txt"] {
        let line = format!("tabular --train {file} --label 4 --categorical 3 --seeds 1 --format json");
        let report = report(&eval(dir.path(), &line));
        assert!(auc(&report, "combination") > 0.99, "{file} {report}");
        assert_eq!(report["sections"][0]["rows"], 400);
    }
}

#[test]
fn what_is_wrong_with_a_table_is_said_with_its_row() {
    let bad = table(30, true).replacen("smtp,normal", "smtp,normal,again", 1);
    let dir = folder(&[
        ("good.csv", table(300, true)),
        ("ragged.csv", bad),
        ("words.csv", "bytes,label\n12,normal\nmany,flood\n".to_owned()),
        ("empty.csv", String::new()),
        ("header.csv", "bytes,label\n".to_owned()),
        ("one.csv", "bytes,label\n1,normal\n2,normal\n".to_owned()),
    ]);
    let learnt = |file: &str, rest: &str| eval(dir.path(), &format!("tabular --train {file}{rest}"));
    refused(&learnt("good.csv", ""), &["good.csv", "row 1", "column service", "\"http\"", "--categorical"]);
    refused(&learnt("ragged.csv", " --categorical service"), &["ragged.csv", "row 2 has 5 cells where 4 are expected"]);
    refused(&learnt("words.csv", ""), &["words.csv", "row 2", "column bytes", "\"many\""]);
    refused(&learnt("empty.csv", ""), &["empty.csv: no row of data in it"]);
    refused(&learnt("header.csv", ""), &["header.csv: no row of data in it"]);
    refused(&learnt("one.csv", ""), &["0 of 2 rows are labelled as attacks"]);
    refused(&learnt("none.csv", ""), &["none.csv"]);
    refused(&learnt("good.csv", " --label verdict"), &["good.csv: no column verdict"]);
    refused(&learnt("good.csv", " --label 9"), &["no column 9", "4 columns"]);
    refused(&learnt("good.csv", " --categorical service --part seconds"), &["COLUMN=VALUE"]);
    refused(&learnt("good.csv", " --categorical service --contamination 60"), &["0 to 50"]);
}

#[test]
fn a_table_whose_label_nobody_named_and_that_has_none_is_refused() {
    let numbers = (0..500).map(|row| format!("{row},{}\n", row * 7)).collect();
    let dir = folder(&[("numbers.csv", numbers)]);
    let line = "tabular --train numbers.csv";
    refused(&eval(dir.path(), line), &["500 different values in the last column", "--label"]);
}

#[test]
fn attacks_in_the_warm_up_are_mixed_in_and_the_same_rows_are_judged() {
    let dir = folder(&[("all.csv", table(2_000, true))]);
    let judged = |percent: &str| {
        let line =
            format!("tabular --train all.csv --categorical service --seeds 1 --contamination {percent} --format json");
        report(&eval(dir.path(), &line))
    };
    let (clean, dirty) = (judged("0"), judged("5"));
    let note = |report: &Value| report["notes"][0].as_str().unwrap().to_owned();
    assert!(note(&clean).contains("900 rows") && note(&clean).contains("0 attacks, 0.00 %"), "{}", note(&clean));
    assert!(note(&dirty).contains("47 attacks, 4.96 %"), "{}", note(&dirty));
    assert_eq!(clean["sections"][0]["positives"], 100);
    assert_eq!(dirty["sections"][0]["positives"], 100);
    assert!(auc(&clean, "combination") >= auc(&dirty, "combination"), "{clean} {dirty}");
    let both = "tabular --train all.csv --categorical service --contamination 1 --part service=http";
    refused(&eval(dir.path(), both), &["--part", "--contamination"]);
}

#[test]
fn a_stream_of_rows_is_judged_before_it_is_learnt() {
    let dir = folder(&[("stream.csv", table(3_000, true)), ("empty.csv", String::new())]);
    let line = "prequential --input stream.csv --categorical service --seeds 1 --format json";
    let report = report(&eval(dir.path(), line));
    assert!(auc(&report, "combination") > 0.9, "{report}");
    assert!(auc(&report, "half-space trees") > 0.5, "{report}");
    refused(&eval(dir.path(), "prequential --input empty.csv"), &["empty.csv: no row of data in it"]);
    refused(&eval(dir.path(), "prequential --input stream.csv"), &["row 1", "column service", "--categorical"]);
}

/// A quiet stream of edges with a burst near its end.
fn edges(header: &str) -> String {
    let mut text = header.to_owned();
    for minute in 0..60 {
        for client in 0..5 {
            writeln!(text, "c{client},server,{minute},-").unwrap();
        }
        if minute == 55 {
            (0..200).for_each(|_| writeln!(text, "c1,server,{minute},attack").unwrap());
        }
    }
    text
}

#[test]
fn edges_are_judged_with_and_without_a_header() {
    let turned: String = edges("src,dst,time,label\n")
        .lines()
        .map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let dir = folder(&[("named.csv", edges("src,dst,time,label\n")), ("plain.csv", edges("")), ("turned.csv", turned)]);
    let judged = |file: &str| report(&eval(dir.path(), &format!("edges --input {file} --seeds 2 --format json")));
    let named = judged("named.csv");
    assert!(auc(&named, "MIDAS-R") > 0.9, "{named}");
    for file in ["plain.csv", "turned.csv"] {
        assert_eq!(line(&judged(file), "MIDAS-R")["auc"], line(&named, "MIDAS-R")["auc"], "{file}");
    }
}

#[test]
fn what_is_wrong_with_edges_is_said_with_its_row() {
    let dir = folder(&[
        ("short.csv", "a,b,1,-\na,b,2\n".to_owned()),
        ("unlabelled.csv", "src,dst,time\na,b,1\n".to_owned()),
        ("empty.csv", String::new()),
        ("calm.csv", "a,b,1,-\nb,c,1,-\n".to_owned()),
    ]);
    let judged = |file: &str| eval(dir.path(), &format!("edges --input {file}"));
    refused(&judged("short.csv"), &["short.csv", "row 2: no label"]);
    refused(&judged("unlabelled.csv"), &["unlabelled.csv", "row 1: no label"]);
    refused(&judged("empty.csv"), &["empty.csv", "the list of edges is empty"]);
    refused(&judged("calm.csv"), &["0 of 2 rows are labelled as attacks"]);
    refused(&judged("none.csv"), &["none.csv"]);
}

/// Sequences of a round of symbols, or of one alone.
fn acts(name: &str, count: usize, symbols: &[u32]) -> Vec<(String, String)> {
    let act = |number: usize| {
        let words: Vec<String> =
            symbols.iter().cycle().skip(number % 3).take(60 + number % 7).map(u32::to_string).collect();
        (format!("{name}/{number}.txt"), words.join(" "))
    };
    (0..count).map(act).collect()
}

#[test]
fn sequences_are_judged_by_folders() {
    let all =
        [acts("train", 60, &[1, 2, 3, 4]), acts("usual", 40, &[1, 2, 3, 4]), acts("attack", 10, &[4, 1, 4, 3, 3])]
            .concat();
    let files: Vec<(&str, String)> = all.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let dir = folder(&files);
    let line = "sequences --train train --normal usual --attack attack --seeds 2 --format json";
    let report = report(&eval(dir.path(), line));
    assert_eq!(report["sections"][0]["positives"], 10);
    let best =
        report["sections"][0]["lines"].as_array().unwrap().iter().map(|line| line["auc"]["mean"].as_f64().unwrap());
    assert!(best.fold(0.0, f64::max) > 0.95, "{report}");
}

#[test]
fn what_is_wrong_with_sequences_is_said_with_their_file() {
    let files = [("train/1", "1 2 3".to_owned()), ("usual/1", "1 2 3".to_owned()), ("blank/1", "  \n".to_owned())];
    let dir = folder(&files);
    fs::create_dir(dir.path().join("bare")).unwrap();
    let judged = |attack: &str| eval(dir.path(), &format!("sequences --train train --normal usual --attack {attack}"));
    refused(&judged("blank"), &["blank", "no symbol in it"]);
    refused(&judged("bare"), &["bare: no file in it"]);
    refused(&judged("none"), &["none"]);
}

/// Four days of five-minute values; a plateau at the end of the third.
fn values(header: &str) -> String {
    let mut text = header.to_owned();
    for step in 0..4 * 288 {
        let trouble = (800..830).contains(&step);
        let value = 50 + step * 31 % 7 + if trouble { 40 } else { 0 };
        let (day, minute) = (1 + step / 288, step % 288 * 5);
        writeln!(text, "2026-03-{day:02} {:02}:{:02}:00,{value}", minute / 60, minute % 60).unwrap();
    }
    text
}

const WINDOWS: &str = r#"{"data/a.csv": [["2026-03-03 18:40:00.000000", "2026-03-03 21:10:00.000000"]]}"#;

#[test]
fn a_series_is_judged_with_and_without_a_header() {
    let windows = ("windows.json", WINDOWS.to_owned());
    let judged = |header: &str| {
        let dir = folder(&[("data/a.csv", values(header)), windows.clone()]);
        report(&eval(dir.path(), "series --input data --windows windows.json --seeds 1 --format json"))
    };
    let (named, plain) = (judged("timestamp,value\n"), judged(""));
    assert_eq!(named["sections"][0]["rows"], plain["sections"][0]["rows"]);
    assert!(line(&named, "watch")["ap"]["mean"].as_f64().unwrap() > 0.1, "{named}");
}

#[test]
fn what_is_wrong_with_a_series_is_said_with_its_row() {
    let cases: [(&str, String, &str, &[&str]); 5] = [
        (
            "data/a.csv",
            values("timestamp,value\n").replacen(",50\n", ",many\n", 1),
            WINDOWS,
            &["a.csv: row 1", "timestamp,value"],
        ),
        ("data/a.csv", "timestamp,value\n12 March,4\n".to_owned(), WINDOWS, &["a.csv: row 1"]),
        ("data/b.csv", values(""), WINDOWS, &["b.csv", "the windows name no file"]),
        ("data/a.csv", values(""), "{", &["windows.json", "pairs of times"]),
        ("data/a.txt", values(""), WINDOWS, &["data: no .csv file in it"]),
    ];
    for (name, text, windows, words) in cases {
        let dir = folder(&[(name, text), ("windows.json", windows.to_owned())]);
        refused(&eval(dir.path(), "series --input data --windows windows.json"), words);
    }
    let dir = folder(&[("data/a.csv", values("")), ("windows.json", WINDOWS.to_owned())]);
    refused(&eval(dir.path(), "series --input data --windows windows.json --rate 2"), &["--rate", "between 0 and 1"]);
}
