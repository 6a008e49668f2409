//! EVTX over the outside samples, cut, damaged and whole.

use cordon_testkit::evtx as made;
use proptest::prelude::*;

use super::{CHUNK_BYTES, Evtx, FILE_HEADER_BYTES};
use crate::json::tests::files_below;
use crate::stream_check::{Seen, options, outside, read, read_in_steps};
use crate::{Confidence, Format};

fn samples() -> Vec<std::path::PathBuf> {
    let folders = ["evtx-attack-samples", "sigma-regression"];
    folders.into_iter().filter_map(outside).flat_map(|folder| files_below(&folder, "evtx")).collect()
}

/// One small real file: a regression case with one record.
fn small() -> Option<Vec<u8>> {
    let folder = outside("sigma-regression")?;
    let files = files_below(&folder, "evtx");
    Some(std::fs::read(files.first().unwrap()).unwrap())
}

fn fault_names(seen: &Seen) -> Vec<&'static str> {
    seen.faults.iter().map(|(_, name)| *name).collect()
}

#[test]
fn every_sample_is_read_whole() {
    let files = samples();
    let mut records = 0;
    for path in &files {
        let seen = read(&Evtx, &std::fs::read(path).unwrap());
        records += seen.records.len();
        assert!(seen.times.iter().all(|time| time != "-"), "{}", path.display());
        assert!(seen.sources.iter().all(|sources| !sources.is_empty()), "{}", path.display());
        if !seen.faults.is_empty() {
            eprintln!("{}: {:?}", path.display(), fault_names(&seen));
        }
    }
    assert!(files.is_empty() || (files.len(), records) == (409, 8397), "{} {records}", files.len());
}

#[test]
fn evtx_is_recognised_by_its_magic_or_that_of_its_first_chunk() {
    let mut head = vec![0; FILE_HEADER_BYTES];
    head.extend_from_slice(b"ElfChnk\0");
    assert_eq!(Evtx.sniff(&head, true), Confidence::Certain);
    assert_eq!(Evtx.sniff(b"ElfFile\0", true), Confidence::Certain);
    assert_eq!(Evtx.sniff(b"{\"Event\":", true), Confidence::No);
}

#[test]
fn damage_is_named_and_what_is_left_is_read() {
    let Some(file) = small() else { return };
    let whole = read(&Evtx, &file);
    assert_eq!((whole.records.len(), whole.faults.as_slice()), (1, &[][..]));
    let check = |change: &dyn Fn(&mut Vec<u8>), faults: &[&str], records: usize| {
        let mut damaged = file.clone();
        change(&mut damaged);
        let seen = read(&Evtx, &damaged);
        assert_eq!((fault_names(&seen).as_slice(), seen.records.len()), (faults, records));
    };
    check(&|file| file[0] = b'X', &["evtx_header_damaged"], 1);
    check(&|file| file[60] ^= 1, &["evtx_header_damaged"], 1);
    check(&|file| file[FILE_HEADER_BYTES] = b'X', &["evtx_chunk_damaged", "evtx_chunk_count"], 0);
    check(&|file| file.truncate(FILE_HEADER_BYTES + 30_000), &["evtx_chunk_truncated"], 1);
    check(&|file| file.truncate(FILE_HEADER_BYTES + 600), &["evtx_chunk_truncated", "evtx_record_damaged"], 0);
    check(&|file| file[FILE_HEADER_BYTES + 512] = b'X', &["evtx_chunk_checksum", "evtx_record_damaged"], 0);
    check(&|file| file.extend(vec![0; CHUNK_BYTES]), &[], 1);
    check(&|file| file.extend_from_within(FILE_HEADER_BYTES..), &["evtx_chunk_count"], 2);
}

#[test]
fn a_file_cut_anywhere_or_arriving_in_pieces_is_read_alike() {
    let Some(file) = small() else { return };
    let whole = read(&Evtx, &file);
    for step in [1000, 4096, 65_536, 70_000] {
        assert_eq!(read_in_steps(&Evtx, options(), &file, step), whole, "in steps of {step}");
    }
    let used = FILE_HEADER_BYTES + 6000;
    for end in (1..used).step_by(7) {
        read(&Evtx, &file[..end]);
    }
}

/// What both ways give for every chunk of a file.
fn both_ways(file: &[u8], mut compare: impl FnMut(Option<Vec<String>>, Vec<String>)) {
    let options = options();
    for (number, bytes) in
        file[FILE_HEADER_BYTES..].chunks(CHUNK_BYTES).enumerate().filter(|(_, bytes)| bytes.starts_with(b"ElfChnk"))
    {
        let unit = crate::Unit { offset: u64::try_from(FILE_HEADER_BYTES + number * CHUNK_BYTES).unwrap(), bytes };
        let arena = cordon_model::Arena::new();
        let mut certain = Collected { arena: &arena, lines: Vec::new() };
        super::rendered::decode(unit, &options, &arena, &mut certain);
        let fast = super::walk::records(unit, &options, &arena);
        let fast = fast.map(|records| records.iter().map(|record| line(record, &arena)).collect());
        // The fast way has no need of the table of names.
        certain.lines.retain(|line| !line.ends_with("evtx_names_damaged"));
        compare(fast, certain.lines);
    }
}

struct Collected<'a> {
    arena: &'a cordon_model::Arena,
    lines: Vec<String>,
}

impl<'a> crate::Sink<'a> for Collected<'a> {
    fn record(&mut self, record: cordon_model::Record<'a>) {
        self.lines.push(line(&record, self.arena));
    }

    fn fault(&mut self, offset: u64, anomaly: cordon_model::Anomaly) {
        self.lines.push(format!("{offset} {anomaly:?}"));
    }
}

/// All of a record in text; numbers and booleans are told apart from texts.
fn line<'a>(record: &cordon_model::Record<'a>, arena: &'a cordon_model::Arena) -> String {
    let mut out =
        format!("{} {} {:?} {:?}", record.raw.position, record.raw.bytes.len(), record.when.resolve(), record.sources);
    for field in record.fields {
        let kind = match field.value {
            cordon_model::Value::Escaped(_) => std::mem::discriminant(&cordon_model::Value::Text("")),
            other => std::mem::discriminant(&other),
        };
        out.push_str(&format!("\n{} {kind:?} {:?}", field.name, field.value.text(arena)));
    }
    out
}

#[test]
fn the_fast_way_gives_what_the_json_of_the_record_gives() {
    let (mut chunks, mut refused) = (0, 0);
    for path in samples() {
        both_ways(&std::fs::read(&path).unwrap(), |fast, certain| {
            chunks += 1;
            match fast {
                Some(fast) => assert_eq!(fast, certain, "{}", path.display()),
                None => refused += 1,
            }
        });
    }
    eprintln!("{refused} of {chunks} chunks took the slow way");
    assert!(refused * 50 <= chunks, "{refused} of {chunks} chunks took the slow way");
}

#[test]
fn damaged_bytes_never_panic_and_both_ways_stay_alike() {
    let Some(file) = small() else { return };
    let used = FILE_HEADER_BYTES + 512..FILE_HEADER_BYTES + 6000;
    // A fixed sequence of places and bytes: every run damages the same.
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for _ in 0..3000 {
        let mut damaged = file.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = used.start + usize::try_from(state >> 33).unwrap() % used.len();
            damaged[at] = state.to_le_bytes()[3];
        }
        both_ways(&damaged, |fast, certain| {
            // A refused chunk is the slow way's; what the fast way does take, the slow way must not call damaged.
            if let Some(fast) = fast {
                assert_eq!(fast.len(), certain.len());
            }
        });
        read(&Evtx, &damaged);
    }
}

/// A file with a record of each shape.
fn made() -> Vec<u8> {
    let mut records = made::Records::default();
    made::sample::push(&mut records);
    records.file()
}

#[test]
fn every_type_and_shape_is_read_under_its_name() {
    let seen = read(&Evtx, &made());
    assert_eq!(seen.faults, []);
    let own: Vec<String> = seen.records.iter().map(|record| record.get(5..).unwrap_or_default().join(" ")).collect();
    let types = "String=aäb AnsiString=ansi Int8=-1 UInt8=254 Int16=-2 UInt16=513 Int32=-3 UInt32=67305985 Int64=-4 UInt64=578437695752307201 \
        Real32=2.5 Real64=-1.5 Bool=true Binary=DEADBE Guid={04030201-0605-0807-090a-0b0c0d0e0f10} Size=0x1 \
        FileTime=1970-01-01T00:00:00.0000000Z SystemTime=2025-12-10T04:47:28.2500000Z Sid=S-1-5-18 HexInt32=0x10 HexInt64=0x8000000000000010 \
        Strings=a Strings=bc";
    let expect = [
        types,
        r"Image=C:\Windows\System32\cmd.exe",
        "",
        "Data=one Data=two",
        "Inner.Param=7 Inner.Note=fixed",
        "Param=7 Note=fixed",
    ];
    assert_eq!(own, expect);
}

#[test]
fn a_damaged_record_is_named_by_its_place_and_costs_no_other() {
    let mut records = made::Records::default();
    let mut starts = Vec::new();
    for _ in 0..3 {
        starts.push(records.content().len());
        made::sample::push_unnamed(&mut records);
    }
    let check = |at: usize, byte: u8, left: usize| {
        let mut content = records.content();
        content[starts[1] + at] = byte;
        let seen = read(&Evtx, &made::file_around(&content));
        let place = u64::try_from(made::FILE_HEADER_BYTES + 128 + starts[1]).unwrap();
        assert_eq!((seen.faults.as_slice(), seen.records.len()), (&[(place, "evtx_record_damaged")][..], left));
    };
    check(0, b'X', 2);
    check(24 + 4, 0x55, 2);
}

#[test]
fn a_chunk_whose_table_of_names_is_damaged_is_read_all_the_same() {
    let mut records = made::Records::default();
    made::sample::push_types(&mut records);
    let whole = read(&Evtx, &records.file());
    let mut content = records.content();
    content[3] = 0xFF;
    let seen = read(&Evtx, &made::file_around(&content));
    assert_eq!((seen.records.len(), seen.records), (1, whole.records));
    assert_eq!(fault_names(&read(&Evtx, &made::file_around(&content))), ["evtx_names_damaged"]);
}

#[test]
fn the_fast_way_reads_every_usual_shape() {
    let mut records = made::Records::default();
    made::sample::push_optional(&mut records);
    made::sample::push_unnamed(&mut records);
    made::sample::push_nested(&mut records, "UserData");
    both_ways(&records.file(), |fast, certain| assert_eq!(fast, Some(certain)));
}

#[test]
fn a_made_file_cut_at_every_byte_is_read_as_far_as_it_goes() {
    let file = made();
    let whole = read(&Evtx, &file);
    let used = file.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    for end in 0..used {
        let seen = read(&Evtx, &file[..end]);
        assert!(end == 0 || !seen.faults.is_empty(), "cut at {end}");
        for (record, known) in seen.records.iter().zip(&whole.records) {
            assert_eq!(record, known, "cut at {end}");
        }
    }
    for step in [1, 7, 512, 4095, 65_537] {
        assert_eq!(read_in_steps(&Evtx, options(), &file, step), whole, "in steps of {step}");
    }
}

proptest! {
    #[test]
    fn any_records_area_is_read_without_panic(content: Vec<u8>, magic: bool) {
        let mut area = vec![0; made::TABLES_BYTES];
        area.extend(if magic { &b"**\0\0"[..] } else { &[] });
        area.extend(content);
        made::mend_record_sizes(&mut area);
        read(&Evtx, &made::file_around(&area));
    }

    #[test]
    fn a_made_chunk_with_any_bytes_changed_is_read_alike_both_ways(
        sample in proptest::sample::select(made::sample::contents()),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut content = sample;
        for (at, byte) in changes {
            *at.get_mut(&mut content) = byte;
        }
        both_ways(&made::file_around(&content), |fast, certain| {
            if let Some(fast) = fast {
                assert_eq!(fast.len(), certain.len());
                // The certain way calls more damaged than must be; where both read a record, they read the same.
                let both = fast.iter().zip(&certain).filter(|(_, certain)| !certain.ends_with("evtx_record_damaged"));
                both.for_each(|(fast, certain)| assert_eq!(fast, certain));
            }
        });
    }
}

#[test]
fn a_zero_within_a_template_text_goes_the_slow_way() {
    let mut records = made::Records::default();
    made::sample::push_data(&mut records, &[("Im\0age", 0x08, &[7, 0, 0, 0])]);
    both_ways(&records.file(), |fast, certain| {
        assert_eq!((fast, certain.len()), (None, 1));
        assert!(certain[0].ends_with("Im Discriminant(2) Some(\"7\")"), "{certain:?}");
    });
}
