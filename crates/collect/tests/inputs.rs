//! Inputs as operators have them: each test lays out files, and compares every source and fault in order.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use cordon_collect::{Found, Limits, Loss, Sources};
use cordon_model::Time;
use tempfile::TempDir;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

const TIGHT: Limits = Limits {
    expansion_ratio_max: 20,
    expanded_bytes_free: 100_000,
    expanded_bytes_max: 1_000_000,
    nested_max: 2,
    members_max: 5,
};

/// Every source as `id: contents`, every fault as `id! name` with `lost` when input is missing for it.
fn read_all(paths: &[PathBuf], limits: Limits) -> Vec<String> {
    let mut seen = Vec::new();
    for found in Sources::new(paths, limits, Time(0)) {
        match found {
            Found::Fault(fault) => seen.push(told(&fault.source, fault.anomaly.name(), fault.loss)),
            Found::Source(mut source) => {
                let (mut text, mut buffer) = (Vec::new(), [0; 7]);
                let end = loop {
                    match source.read(&mut buffer) {
                        Ok(0) => break None,
                        Ok(read) => text.extend_from_slice(&buffer[..read]),
                        Err(fault) => break Some(fault),
                    }
                };
                let text =
                    if text.len() > 100 { format!("{} bytes", text.len()) } else { String::from_utf8(text).unwrap() };
                seen.push(format!("{}: {text}", source.info.id));
                seen.extend(end.map(|fault| told(&fault.source, fault.anomaly.name(), fault.loss)));
            }
        }
    }
    seen
}

fn told(source: &str, name: &str, loss: Loss) -> String {
    format!("{source}! {name}{}", if loss == Loss::Input { " lost" } else { "" })
}

fn check(dir: &Path, expect: &[&str]) {
    assert_eq!(read_all(&[dir.to_owned()], Limits::default()), expect);
}

fn write(dir: &TempDir, name: &str, bytes: impl AsRef<[u8]>) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::stream::encode_all(bytes, 1).unwrap()
}

fn zip(members: &[(&str, &[u8])], method: CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn directories_are_read_in_the_order_of_names_with_relative_ids() {
    let dir = TempDir::new().unwrap();
    write(&dir, "b.log", "two");
    write(&dir, "a/z.log", "one");
    write(&dir, "c/d/e.log", "three");
    check(dir.path(), &["a/z.log: one", "b.log: two", "c/d/e.log: three"]);
    check(&dir.path().join("b.log"), &["b.log: two"]);
}

#[test]
fn an_empty_file_is_counted_and_costs_nothing() {
    let dir = TempDir::new().unwrap();
    write(&dir, "empty.log", "");
    check(dir.path(), &["empty.log! empty_input"]);
}

#[test]
fn a_folder_without_a_file_is_lost_input() {
    let dir = TempDir::new().unwrap();
    fs::create_dir_all(dir.path().join("a/b")).unwrap();
    check(dir.path(), &[&format!("{}! no_files lost", dir.path().display())]);
}

#[test]
fn links_are_followed_out_of_the_path_and_never_in_circles() {
    let outside = TempDir::new().unwrap();
    write(&outside, "far/x.log", "far");
    let dir = TempDir::new().unwrap();
    write(&dir, "d/a.log", "near");
    symlink("..", dir.path().join("d/loop")).unwrap();
    symlink("a.log", dir.path().join("d/again")).unwrap();
    symlink("self", dir.path().join("self")).unwrap();
    symlink("gone", dir.path().join("dangling")).unwrap();
    symlink(outside.path().join("far"), dir.path().join("out1")).unwrap();
    symlink(outside.path(), dir.path().join("out2")).unwrap();
    check(
        dir.path(),
        &[
            "d/a.log: near",
            "d/again! symlink_repeated",
            "d/loop! symlink_loop",
            "dangling! input_unreadable lost",
            "out1/x.log: far",
            "out2/far! symlink_repeated",
            "self! symlink_loop",
        ],
    );
}

#[test]
fn sources_of_several_paths_are_told_apart_and_what_is_given_twice_is_read_once() {
    let dir = TempDir::new().unwrap();
    for name in ["a/logs/x.log", "b/logs/x.log", "b/y.log"] {
        write(&dir, name, name);
    }
    symlink("b/y.log", dir.path().join("link.log")).unwrap();
    let check = |paths: &[&str], expect: &[&str]| {
        let paths: Vec<PathBuf> = paths.iter().map(|path| dir.path().join(path)).collect();
        assert_eq!(read_all(&paths, Limits::default()), expect, "{paths:?}");
    };
    check(&["a/logs", "b/logs"], &["a/logs/x.log: a/logs/x.log", "b/logs/x.log: b/logs/x.log"]);
    check(&["a/logs/x.log", "b/logs/x.log"], &["a/logs/x.log: a/logs/x.log", "b/logs/x.log: b/logs/x.log"]);
    check(&["a", "b/y.log"], &["a/logs/x.log: a/logs/x.log", "y.log: b/y.log"]);
    check(&["b", "b/y.log"], &["b/logs/x.log: b/logs/x.log", "b/y.log: b/y.log", "y.log! input_repeated"]);
    check(&["b/y.log", "b"], &["y.log: b/y.log", "b/logs/x.log: b/logs/x.log", "b/y.log! input_repeated"]);
    check(&["link.log", "b/logs/../y.log"], &["link.log: b/y.log", "y.log! input_repeated"]);
    check(&["a", "a/."], &["a/logs/x.log: a/logs/x.log", "a/logs/x.log! input_repeated"]);
}

#[test]
fn names_of_files_that_are_no_text_stay_apart() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let dir = TempDir::new().unwrap();
    for name in [b"\xFC.log", b"\xFD.log"] {
        fs::write(dir.path().join(OsStr::from_bytes(name)), "one").unwrap();
    }
    check(dir.path(), &[r"\xFC.log: one", r"\xFD.log: one"]);
}

#[test]
fn a_socket_in_a_directory_is_left_out_and_never_waited_for() {
    let dir = TempDir::new().unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(dir.path().join("socket")).unwrap();
    let whole = format!("{}! no_files lost", dir.path().display());
    check(dir.path(), &["socket! not_a_regular_file", &whole]);
}

#[test]
fn a_file_that_vanishes_after_the_walk_is_unreadable() {
    let dir = TempDir::new().unwrap();
    write(&dir, "a.log", "one");
    write(&dir, "b.log", "two");
    let mut sources = Sources::new(&[dir.path().to_owned()], Limits::default(), Time(0));
    fs::remove_file(dir.path().join("a.log")).unwrap();
    let Some(Found::Fault(fault)) = sources.next() else { panic!("the file is gone") };
    assert_eq!(told(&fault.source, fault.anomaly.name(), fault.loss), "a.log! input_unreadable lost");
    assert!(matches!(sources.next(), Some(Found::Source(_))));
    assert!(sources.next().is_none());
}

#[test]
fn a_growing_file_is_read_to_the_length_it_had() {
    let dir = TempDir::new().unwrap();
    write(&dir, "a.log", "first line\n");
    let mut sources = Sources::new(&[dir.path().to_owned()], Limits::default(), Time(0));
    let Some(Found::Source(mut source)) = sources.next() else { panic!("a source") };
    write(&dir, "a.log", "first line\nsecond line\n");
    let (mut text, mut buffer) = (Vec::new(), [0; 64]);
    while let Ok(read @ 1..) = source.read(&mut buffer) {
        text.extend_from_slice(&buffer[..read]);
    }
    assert_eq!(text, b"first line\n");
}

#[test]
fn compressed_files_are_told_by_their_bytes_and_keep_their_names() {
    let dir = TempDir::new().unwrap();
    let mut two_members = gzip(b"one ");
    two_members.extend(gzip(b"two"));
    write(&dir, "a.log", two_members);
    write(&dir, "b.log", zstd(b"three"));
    write(&dir, "c.gz", "not gzip at all");
    write(&dir, "d.gz", gzip(&zstd(b"four")));
    check(dir.path(), &["a.log: one two", "b.log: three", "c.gz: not gzip at all", "d.gz: four"]);
}

#[test]
fn zip_members_come_in_the_order_of_names_and_their_names_are_never_paths() {
    let dir = TempDir::new().unwrap();
    let members: &[(&str, &[u8])] = &[("b/2.log", b"two"), ("a.log", b"one"), ("../../evil.log", b"evil"), ("z", b"")];
    for (name, method) in [
        ("1.zip", CompressionMethod::Deflated),
        ("2.zip", CompressionMethod::Stored),
        ("3.zip", CompressionMethod::Zstd),
    ] {
        write(&dir, name, zip(members, method));
    }
    let expect: Vec<String> = ["1.zip", "2.zip", "3.zip"]
        .iter()
        .flat_map(|zip| {
            [
                format!("{zip}!../../evil.log: evil"),
                format!("{zip}!a.log: one"),
                format!("{zip}!b/2.log: two"),
                format!("{zip}!z! empty_input"),
            ]
        })
        .collect();
    check(dir.path(), &expect.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!dir.path().join("../../evil.log").exists());
}

#[test]
fn compression_is_undone_twice_and_not_a_third_time() {
    let dir = TempDir::new().unwrap();
    let inner = zip(&[("deep.log", b"deep"), ("deeper.gz", &gzip(b"deeper"))], CompressionMethod::Deflated);
    write(&dir, "a.zip", zip(&[("inner.zip", &inner), ("x.gz", &gzip(b"x"))], CompressionMethod::Deflated));
    write(&dir, "b.gz", gzip(&gzip(&gzip(b"too deep"))));
    check(
        dir.path(),
        &[
            "a.zip!inner.zip!deep.log: deep",
            "a.zip!inner.zip!deeper.gz! nested_too_deep lost",
            "a.zip!x.gz: x",
            "b.gz! nested_too_deep lost",
        ],
    );
}

#[test]
fn a_truncated_stream_gives_what_was_there_and_a_fault_at_every_length() {
    let text = b"line one\nline two\n";
    for whole in [gzip(text), zstd(text)] {
        for length in 5..whole.len() {
            let dir = TempDir::new().unwrap();
            write(&dir, "a", &whole[..length]);
            let seen = read_all(&[dir.path().to_owned()], Limits::default());
            assert!(seen.last().unwrap().starts_with("a! compressed_"), "length {length}: {seen:?}");
        }
    }
}

#[test]
fn a_damaged_stream_or_archive_is_named() {
    let dir = TempDir::new().unwrap();
    let mut bad = gzip(b"some text that is long enough");
    bad[14] ^= 0xFF;
    write(&dir, "a.gz", bad);
    let mut wrong_checksum = zip(&[("m", b"text")], CompressionMethod::Stored);
    let at = wrong_checksum.windows(4).position(|four| four == b"text").unwrap();
    wrong_checksum[at] = b'T';
    write(&dir, "b.zip", wrong_checksum);
    write(&dir, "c.zip", b"PK\x03\x04 and then nothing of the kind");
    let seen = read_all(&[dir.path().to_owned()], Limits::default());
    assert_eq!(seen.last().unwrap(), "c.zip! zip_damaged lost");
    assert!(seen.iter().any(|line| line == "a.gz! compressed_damaged lost"), "{seen:?}");
    assert!(seen.iter().any(|line| line == "b.zip!m! zip_checksum lost"), "{seen:?}");
}

#[test]
fn bombs_end_at_the_limit_and_are_named() {
    let zeros = vec![b'0'; 5_000_000];
    for (name, bytes) in [
        ("a.gz", gzip(&zeros)),
        ("a.zst", zstd(&zeros)),
        ("a.zip", zip(&[("m", &zeros)], CompressionMethod::Deflated)),
        ("b.gz", gzip(&gzip(&zeros))),
        (
            "b.zip",
            zip(&[("inner.zip", &zip(&[("m", &zeros)], CompressionMethod::Deflated))], CompressionMethod::Deflated),
        ),
    ] {
        let dir = TempDir::new().unwrap();
        write(&dir, name, bytes);
        let seen = read_all(&[dir.path().to_owned()], TIGHT);
        assert!(seen.last().unwrap().ends_with("! expansion_bomb lost"), "{name}: {seen:?}");
    }
}

#[test]
fn the_members_of_one_archive_share_one_budget() {
    let dir = TempDir::new().unwrap();
    let part = vec![b'0'; 40_000];
    let members: Vec<(&str, &[u8])> = ["1", "2", "3", "4"].iter().map(|name| (*name, part.as_slice())).collect();
    write(&dir, "a.zip", zip(&members, CompressionMethod::Deflated));
    let seen = read_all(&[dir.path().to_owned()], TIGHT);
    assert_eq!(seen[..2], ["a.zip!1: 40000 bytes", "a.zip!2: 40000 bytes"]);
    assert_eq!(seen.iter().filter(|line| line.ends_with("expansion_bomb lost")).count(), 2);
}

#[test]
fn an_archive_with_too_many_members_or_hidden_ones_says_so() {
    let dir = TempDir::new().unwrap();
    let names: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    write(&dir, "a.zip", zip(&members, CompressionMethod::Stored));
    let seen = read_all(&[dir.path().to_owned()], TIGHT);
    assert_eq!(seen.len(), 6, "{seen:?}");
    assert_eq!(seen[0], "a.zip! too_many_files lost");

    let mut twice = zip(&[("a", b"shown"), ("b", b"other")], CompressionMethod::Stored);
    let last_b = twice
        .windows(5)
        .rposition(|five| five == b"\0\0\0\0b")
        .unwrap_or_else(|| twice.iter().rposition(|byte| *byte == b'b').unwrap() - 4);
    twice[last_b + 4] = b'a'; // the directory names both "a"
    write(&dir, "a.zip", twice);
    let seen = read_all(&[dir.path().to_owned()], TIGHT);
    assert_eq!(seen[0], "a.zip! zip_members_hidden lost", "{seen:?}");
}

#[test]
fn an_encrypted_member_is_named() {
    let mut archive = zip(&[("m", b"text")], CompressionMethod::Stored);
    for (signature, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = archive.windows(4).position(|four| four == signature).unwrap();
        archive[at + flags] |= 1; // APPNOTE.TXT 4.4.4, bit 0
    }
    let dir = TempDir::new().unwrap();
    write(&dir, "a.zip", archive);
    check(dir.path(), &["a.zip!m! zip_encrypted lost"]);
}

#[test]
fn utf_16_comes_out_as_utf_8() {
    let dir = TempDir::new().unwrap();
    let text: Vec<u8> = "\u{FEFF}Grüße".encode_utf16().flat_map(u16::to_le_bytes).collect();
    write(&dir, "a.log", &text);
    write(&dir, "b.gz", gzip(&text));
    check(dir.path(), &["a.log: Grüße", "b.gz: Grüße"]);
}

#[test]
fn a_directory_too_deep_is_left_out() {
    let dir = TempDir::new().unwrap();
    let deep = "d/".repeat(130);
    write(&dir, &format!("{deep}a.log"), "deep");
    let seen = read_all(&[dir.path().to_owned()], Limits::default());
    assert_eq!(seen.len(), 1);
    assert!(seen[0].ends_with("d! directory_too_deep lost"), "{seen:?}");
}

/// A tar archive of these members: name and bytes.
fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        tar_member(&mut builder, name, tar::EntryType::Regular, bytes);
    }
    builder.into_inner().unwrap()
}

fn tar_member(builder: &mut tar::Builder<Vec<u8>>, name: &str, kind: tar::EntryType, bytes: &[u8]) {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(u64::try_from(bytes.len()).unwrap());
    header.set_mtime(7);
    // Past the builder's own checks: a hostile archive has none.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    builder.append(&header, bytes).unwrap();
}

#[test]
fn tar_members_come_as_they_stand_compressed_or_not() {
    let dir = TempDir::new().unwrap();
    let archive = tar(&[("b/2.log", b"two"), ("../../evil.log", b"evil"), ("a.log", &[b'x'; 1024]), ("z", b"")]);
    write(&dir, "1.tar", &archive);
    write(&dir, "2.tar.gz", gzip(&archive));
    write(&dir, "3.tar.zst", zstd(&archive));
    let expect: Vec<String> = ["1.tar", "2.tar.gz", "3.tar.zst"]
        .iter()
        .flat_map(|tar| {
            [
                format!("{tar}!b/2.log: two"),
                format!("{tar}!../../evil.log: evil"),
                format!("{tar}!a.log: 1024 bytes"),
                format!("{tar}!z! empty_input"),
            ]
        })
        .collect();
    check(dir.path(), &expect.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!dir.path().join("../../evil.log").exists());
}

#[test]
fn a_tar_archive_and_the_compression_around_it_count_once() {
    let dir = TempDir::new().unwrap();
    let inner = tar(&[("deep.log", b"deep"), ("deeper.gz", &gzip(b"deeper"))]);
    write(&dir, "a.tar.gz", gzip(&tar(&[("inner.tgz", &gzip(&inner)), ("x.gz", &gzip(b"x")), ("y.tar", &inner)])));
    write(&dir, "b.tar", tar(&[("c.tar", &tar(&[("d.tar", &inner)]))]));
    let expect = [
        "a.tar.gz!inner.tgz!deep.log: deep",
        "a.tar.gz!inner.tgz!deeper.gz! nested_too_deep lost",
        "a.tar.gz!x.gz: x",
        "a.tar.gz!y.tar!deep.log: deep",
        "a.tar.gz!y.tar!deeper.gz! nested_too_deep lost",
        "b.tar!c.tar!d.tar! nested_too_deep lost",
    ];
    check(dir.path(), &expect);
}

#[test]
fn links_devices_and_directories_in_a_tar_archive_are_not_read() {
    let mut builder = tar::Builder::new(Vec::new());
    tar_member(&mut builder, "d/", tar::EntryType::Directory, b"");
    tar_member(&mut builder, "soft", tar::EntryType::Symlink, b"");
    tar_member(&mut builder, "hard", tar::EntryType::Link, b"");
    tar_member(&mut builder, "pipe", tar::EntryType::Fifo, b"");
    tar_member(&mut builder, "sparse", tar::EntryType::GNUSparse, b"holes");
    tar_member(&mut builder, "a.log", tar::EntryType::Regular, b"one");
    let dir = TempDir::new().unwrap();
    write(&dir, "a.tar", builder.into_inner().unwrap());
    let expect =
        ["soft! tar_link", "hard! tar_link", "pipe! not_a_regular_file", "sparse! tar_kind_unknown lost", "a.log: one"];
    check(dir.path(), &expect.map(|line| format!("a.tar!{line}")).each_ref().map(String::as_str));
}

#[test]
fn a_sparse_member_of_many_holes_costs_nothing_of_what_stands_behind_it() {
    let mut header = tar::Header::new_gnu();
    header.set_path("sparse").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(512);
    header.as_gnu_mut().unwrap().isextended = [1];
    header.set_cksum();
    let holes = |goes_on: u8| [vec![b'0'; 504], vec![goes_on; 8]].concat();
    let bytes = vec![b'x'; 512];
    let behind = tar(&[("a.log", b"one")]);
    let dir = TempDir::new().unwrap();
    write(&dir, "a.tar", [header.as_bytes().to_vec(), holes(1), holes(0), bytes, behind].concat());
    write(&dir, "b.tar", [header.as_bytes().to_vec(), holes(1), vec![b'0'; 100]].concat());
    check(dir.path(), &["a.tar!sparse! tar_kind_unknown lost", "a.tar!a.log: one", "b.tar! tar_truncated lost"]);
}

#[test]
fn a_member_called_as_a_repeated_one_would_be_is_told_apart_too() {
    let dir = TempDir::new().unwrap();
    write(&dir, "a.tar", tar(&[("a#3", b"1"), ("a", b"2"), ("a", b"3"), ("a#2", b"4")]));
    check(dir.path(), &["a.tar!a#3: 1", "a.tar!a: 2", "a.tar!a#3#3: 3", "a.tar!a#2: 4"]);
}

#[test]
fn long_names_of_both_kinds_are_shown_and_equal_names_told_apart() {
    let long = format!("{}end.log", "deep/".repeat(60));
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("path", long.as_bytes()), ("size", b"3".as_slice())]).unwrap();
    tar_member(&mut builder, "short", tar::EntryType::Regular, b"pax");
    let mut header = tar::Header::new_gnu();
    header.set_size(3);
    builder.append_data(&mut header, format!("gnu/{long}"), b"gnu".as_slice()).unwrap();
    tar_member(&mut builder, "same", tar::EntryType::Regular, b"1");
    tar_member(&mut builder, "same", tar::EntryType::Regular, b"2");
    let dir = TempDir::new().unwrap();
    write(&dir, "a.tar", builder.into_inner().unwrap());
    let expect = [format!("{long}: pax"), format!("gnu/{long}: gnu"), "same: 1".to_owned(), "same#4: 2".to_owned()];
    check(dir.path(), &expect.map(|line| format!("a.tar!{line}")).each_ref().map(String::as_str));
}

#[test]
fn a_tar_archive_cut_at_every_byte_gives_what_was_there() {
    let whole = tar(&[("a", b"first"), ("b", b"second")]);
    for length in 512..2048 + 512 {
        let dir = TempDir::new().unwrap();
        write(&dir, "a.tar", &whole[..length]);
        let seen = read_all(&[dir.path().to_owned()], Limits::default());
        assert!(seen.last().unwrap().ends_with("! tar_truncated lost"), "length {length}: {seen:?}");
    }
    let dir = TempDir::new().unwrap();
    write(&dir, "a.tar", whole);
    check(dir.path(), &["a.tar!a: first", "a.tar!b: second"]);
}

#[test]
fn a_damaged_tar_archive_is_named_and_archives_behind_one_another_are_read() {
    let dir = TempDir::new().unwrap();
    let mut bad = tar(&[("a", b"first"), ("b", b"second")]);
    bad[1024] ^= 1;
    write(&dir, "a.tar", bad);
    write(&dir, "b.tar", [tar(&[("a", b"first")]), tar(&[("b", b"second")])].concat());
    let mut text = vec![b'x'; 600];
    text[257..263].copy_from_slice(b"ustar\0");
    write(&dir, "c.log", text);
    let endless = tar(&[("a", b"")]);
    let mut header = tar::Header::from_byte_slice(&endless[..512]).clone();
    header.set_size(u64::MAX);
    header.set_cksum();
    write(&dir, "d.tar", header.as_bytes());
    let expect = [
        "a.tar!a: first",
        "a.tar! tar_damaged lost",
        "b.tar!a: first",
        "b.tar!b: second",
        "c.log: 600 bytes",
        "d.tar!a! tar_truncated lost",
    ];
    check(dir.path(), &expect);
}

#[test]
fn tar_archives_keep_to_the_limits() {
    let dir = TempDir::new().unwrap();
    let names: Vec<String> = (0..7).map(|number| number.to_string()).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    write(&dir, "a.tar", tar(&members));
    let zeros = vec![b'0'; 5_000_000];
    write(&dir, "b.tar.gz", gzip(&tar(&[("m", &zeros), ("n", b"behind")])));
    let seen = read_all(&[dir.path().to_owned()], TIGHT);
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(seen[4..6], ["a.tar!4: x", "a.tar! too_many_files lost"]);
    assert!(seen[6..].contains(&"b.tar.gz!m! expansion_bomb lost"), "{seen:?}");
    assert_eq!(seen.last(), Some(&"b.tar.gz! expansion_bomb lost"));
}
