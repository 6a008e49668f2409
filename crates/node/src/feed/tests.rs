//! How much of the input the feed holds at most, whatever its lines are like.

use std::io::Write as _;

use cordon_collect::Limits;
use cordon_model::Time;

use super::*;

const RECORD_BYTES_MAX: usize = 4 << 20;

/// What ARCHITECTURE.md says under bounds of memory.
const HELD_BYTES_MAX: usize = 2 * (RECORD_BYTES_MAX + BATCH_BYTES);

/// A gzip file in which `piece` stands `times` times, one member each.
fn repeated(piece: &[u8], times: usize) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(piece).unwrap();
    encoder.finish().unwrap().repeat(times)
}

/// Feeds a file to its end; the units and faults it gave.
fn check(parts: &[Vec<u8>]) -> (usize, usize) {
    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("input.gz");
    std::fs::write(&path, parts.concat()).unwrap();
    let limits = Limits { expansion_ratio_max: u64::MAX, ..Limits::default() };
    let mut options = DecodeOptions::new(Time(0));
    options.record_bytes_max = RECORD_BYTES_MAX;
    let mut feed = Feed::new(Sources::new(&[path], limits, Time(0)), options);
    let (mut batch, mut units, mut faults) = (Batch::default(), 0, 0);
    while feed.fill(&mut batch) {
        units += batch.units.len();
        faults += batch.faults.len();
        let rest = feed.reading.as_ref().map_or(0, |reading| reading.rest.capacity());
        assert!(batch.bytes.capacity() <= HELD_BYTES_MAX, "a batch of {} bytes", batch.bytes.capacity());
        assert!(rest <= HELD_BYTES_MAX, "{rest} bytes kept");
    }
    (units, faults)
}

#[test]
fn a_line_of_a_gigabyte_is_one_fault_and_held_only_in_part() {
    let endless = repeated(&[b'a'; 1 << 20], 1 << 10);
    assert_eq!(check(&[endless.clone(), repeated(b"\nnext\n", 1)]), (1, 1));
    assert_eq!(check(&[repeated(b"{\"a\":\"", 1), endless, repeated(b"\"}\n{\"b\":1}\n", 1)]), (1, 1));
}

#[test]
fn records_just_under_the_limit_and_short_lines_behind_them_keep_to_the_bound() {
    let mut long = vec![b'a'; RECORD_BYTES_MAX - 1];
    long.push(b'\n');
    assert_eq!(check(&[repeated(&long, 20)]), (20, 0));
    let short = b"b\n".repeat(1 << 20);
    assert_eq!(check(&[repeated(&long, 1), repeated(&short, 4), repeated(&long, 1)]), (2 + (4 << 20), 0));
}
