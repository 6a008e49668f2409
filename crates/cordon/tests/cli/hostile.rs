//! Damaged, hostile and absurd input: a named anomaly, a true summary and the right exit code; memory stays bounded.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::common::{Bench, Ran, failed_logon, process};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The input has one finding, ends with `code`, and the summary names `anomaly`; the same with one thread and with three.
fn check(name: &str, bytes: impl AsRef<[u8]>, code: i32, anomaly: &str) {
    let bench = Bench::new();
    bench.log(name, bytes).log("z.log", process(1, "sekurlsa"));
    check_scan(&bench, code, anomaly);
}

fn check_scan(bench: &Bench, code: i32, anomaly: &str) -> Ran {
    let one = bench.scan(&["--format", "ndjson", "--threads", "1"]);
    assert_eq!(one.code, Some(code), "{}", one.err);
    assert!(one.err.contains(&format!(" {anomaly} x")), "{anomaly}: {}", one.err);
    assert!(
        one.out.lines().any(|line| line.contains(r#""source_file":"z.log""#)),
        "the sound file is read: {}",
        one.out
    );
    assert_eq!(bench.scan(&["--format", "ndjson", "--threads", "3"]).out, one.out);
    one
}

#[test]
fn each_absurd_input_is_named_and_the_rest_is_read() {
    let line = process(1, "notepad");
    check("empty.log", "", 1, "empty_input");
    check("noise.bin", b"\x7fELF\x02\x01\0\0\0\0\xff\xfe\0\0\0", 3, "unknown_format");
    let whole = gzip(line.repeat(50).as_bytes());
    check("cut.gz", &whole[..whole.len() - 9], 3, "compressed_truncated");
    check("bad.zip", b"PK\x03\x04 not really", 3, "zip_damaged");
    check("deep.gz", gzip(&gzip(&gzip(line.as_bytes()))), 3, "nested_too_deep");
    check("bomb.gz", gzip(&vec![b' '; 150 << 20]), 3, "expansion_bomb");
}

#[test]
fn findings_come_out_of_nested_archives_and_of_what_precedes_the_damage() {
    let bench = Bench::new();
    let hit = process(1, "sekurlsa");
    let inner = zip(&[("deep/x.log", hit.as_bytes())]);
    bench.log("a.zip", zip(&[("inner.zip", &inner), ("y.log.gz", &gzip(hit.as_bytes()))]));
    let mut noise = 7_u64;
    let filler: String = (0..2_000)
        .map(|second| {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            process(second, &format!("{noise:x}"))
        })
        .collect();
    let cut = gzip(format!("{hit}{filler}").as_bytes());
    bench.log("b.gz", &cut[..cut.len() / 2]).log("z.log", &hit);
    let ran = check_scan(&bench, 3, "compressed_truncated");
    let sources: Vec<&str> =
        ran.out.lines().filter_map(|line| line.split_once(r#""source_file":""#)?.1.split('"').next()).collect();
    assert_eq!(sources, ["a.zip!inner.zip!deep/x.log", "a.zip!y.log.gz", "b.gz", "z.log"]);
}

#[test]
fn links_in_circles_and_links_to_nowhere_are_counted() {
    let bench = Bench::new();
    bench.log("d/a.log", failed_logon(1, "bob")).log("z.log", process(1, "sekurlsa"));
    symlink("..", bench.logs().join("d/up")).unwrap();
    check_scan(&bench, 1, "symlink_loop");
    symlink("nowhere", bench.logs().join("gone")).unwrap();
    check_scan(&bench, 3, "input_unreadable");
}

#[test]
fn text_in_utf_16_and_broken_utf_8_is_read() {
    let hit = process(1, "sekurlsa ä");
    for bytes in [
        [0xFF_u8, 0xFE].into_iter().chain(hit.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>(),
        [0xFE_u8, 0xFF].into_iter().chain(hit.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
        [b"\xEF\xBB\xBF", hit.as_bytes()].concat(),
    ] {
        let bench = Bench::new();
        bench.log("a.log", bytes);
        let ran = bench.scan(&["--format", "ndjson"]);
        assert_eq!((ran.code, ran.out.lines().count()), (Some(1), 1), "{}", ran.err);
    }
    let bench = Bench::new();
    let broken: Vec<u8> = process(1, "sekurlsa @").bytes().map(|byte| if byte == b'@' { 0xFF } else { byte }).collect();
    bench.log("a.log", [broken, process(2, "sekurlsa").into_bytes()].concat());
    let ran = bench.scan(&["--format", "ndjson"]);
    assert!(
        ran.out.lines().any(|line| line.contains("00:00:02")),
        "reading goes on behind the broken bytes: {}",
        ran.err
    );
    assert!(ran.err.contains(" x1: "), "the broken bytes have a name: {}", ran.err);
}

/// Runs a scan of standard input under a limit of address space, fed `pieces` times 1 MiB of one byte and then `end`.
fn scan_limited(kibibytes: u32, pieces: usize, byte: u8, start: &[u8], end: &[u8]) -> (Option<i32>, String, String) {
    let bench = Bench::new();
    let script = format!(
        "ulimit -v {kibibytes}; exec {} scan --threads 1 --rules rules --format ndjson -",
        env!("CARGO_BIN_EXE_cordon")
    );
    let mut child = Command::new("sh")
        .args(["-c", &script])
        .current_dir(bench.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let piece = vec![byte; 1 << 20];
    stdin.write_all(start).unwrap();
    for _ in 0..pieces {
        stdin.write_all(&piece).unwrap();
    }
    stdin.write_all(end).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_line_of_a_gibibyte_is_one_anomaly_in_bounded_memory() {
    let line = process(1, "sekurlsa");
    let start = format!("{line}{{\"Message\":\"");
    let (code, out, err) = scan_limited(420_000, 1_024, b'a', start.as_bytes(), format!("\n{line}").as_bytes());
    assert_eq!(code, Some(3), "{err}");
    assert_eq!(out.lines().count(), 2, "the lines before and after it are read: {err}");
    assert!(err.contains("record_too_long x1"), "{err}");
}

#[test]
fn a_stream_of_short_lines_takes_bounded_memory() {
    let line = process(1, "sekurlsa");
    let (code, out, err) = scan_limited(420_000, 256, b'\n', line.as_bytes(), line.as_bytes());
    assert_eq!((code, out.lines().count()), (Some(1), 2), "{err}");
}

#[test]
fn an_output_that_is_an_input_is_refused_and_the_input_stays() {
    let bench = Bench::new();
    let log = process(1, "sekurlsa");
    bench.log("in.log", &log);
    let target = bench.logs().join("in.log");
    let ran = bench.scan(&["--output", target.to_str().unwrap()]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.err.contains("is one of the inputs"), "{}", ran.err);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), log);
}

#[test]
fn an_output_takes_its_place_only_when_the_run_has_ended() {
    let bench = Bench::new();
    bench.log("in.log", process(1, "sekurlsa"));
    let target = bench.path().join("findings.ndjson");
    std::fs::write(&target, "what was there").unwrap();
    let nowhere = bench.scan(&["--output", "none/such/out"]);
    assert_eq!(nowhere.err, "cordon: --output none/such/out: there is no folder none/such\n");
    let refused =
        bench.scan(&["--format", "ndjson", "--output", target.to_str().unwrap(), "--rules", "no-such-folder"]);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "what was there");
    bench.scan(&["--format", "ndjson", "--output", target.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&target).unwrap().starts_with(r#"{"schema_version""#));
    let beside = std::fs::read_dir(bench.path())
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".cordon-output-"));
    assert_eq!(beside.count(), 0);
}

#[test]
fn xml_that_is_cut_off_is_lost_input() {
    let event = r#"<AuditMessage><EventIdentification EventActionCode="R" EventDateTime="2026-03-18T19:00:00Z" EventOutcomeIndicator="0"><EventID csd-code="110110" codeSystemName="DCM" originalText="Patient Record"/></EventIdentification><ActiveParticipant UserID="a" UserIsRequestor="true"/><AuditSourceIdentification AuditSourceID="x"/>"#;
    check("cut.xml", event, 3, "xml_broken");
}
