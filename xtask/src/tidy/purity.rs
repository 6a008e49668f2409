//! Purity: rooms below the store have no clock, file, environment, network, process, thread or randomness in what they ship.
//!
//! Same input, same output, byte for byte. The lint is here and not in `clippy.toml`, because clippy's list of forbidden methods holds for a whole
//! workspace and a second `clippy.toml` in a room replaces the first one instead of adding to it.

use super::Problem;
use super::layers;
use super::rust::Source;
use super::shape;
use super::tree::File;
use super::use_paths::{CodePath, paths};

/// Paths of the world, and what they bring in. A path ends at a part: `std::thread` is not `std::thread_local`.
const WORLD: [(&str, &str); 19] = [
    ("std::time::Instant", "a clock"),
    ("std::time::SystemTime", "a clock"),
    ("std::env", "the environment"),
    ("std::fs", "files"),
    ("std::net::TcpListener", "the network"),
    ("std::net::TcpStream", "the network"),
    ("std::net::ToSocketAddrs", "the network"),
    ("std::net::UdpSocket", "the network"),
    ("std::os", "the operating system"),
    ("std::process", "processes"),
    ("std::thread", "threads"),
    ("std::io::stdin", "the terminal"),
    ("std::io::stdout", "the terminal"),
    ("std::io::stderr", "the terminal"),
    ("std::hash::RandomState", "randomness"),
    ("std::collections::hash_map::RandomState", "randomness"),
    ("rand", "randomness"),
    ("getrandom", "randomness"),
    ("tempfile", "files"),
];

/// Calls that ask a clock, whatever path leads to them.
const CLOCK_CALLS: [&str; 4] = ["Instant::now", "SystemTime::now", "Timestamp::now", "Zoned::now"];

/// Every path of the world in a room that must not know it.
pub(super) fn check(files: &[File]) -> Vec<Problem> {
    let tests = shape::test_files(files);
    let pure = files.iter().filter(|file| {
        let room = file.path.strip_prefix("crates/").and_then(|path| path.split_once("/src/"));
        room.is_some_and(|(room, _)| layers::is_pure(room)) && file.is("rs") && !tests.contains(file.path.as_str())
    });
    let mut problems = Vec::new();
    for file in pure {
        for path in paths(&Source::read(&file.text).code) {
            if let Some(what) = world(&path) {
                let sentence = format!("{} brings {what} into a room below the store", path.text);
                problems.push(Problem::new(&file.path, path.line, sentence));
            }
        }
    }
    problems
}

/// What a path brings in, if anything.
fn world(path: &CodePath) -> Option<&'static str> {
    if path.is_macro {
        return None;
    }
    let text = path.text.replacen("core::", "std::", usize::from(path.text.starts_with("core::")));
    let below = |known: &str| text.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    if CLOCK_CALLS.iter().any(|call| text.ends_with(call)) {
        return Some("a clock");
    }
    WORLD.iter().find(|(known, _)| below(known)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, code: &str, expect: &[&str]) {
        let seen: Vec<String> = super::check(&[File::new(path, code)]).iter().map(ToString::to_string).collect();
        assert_eq!(seen, expect);
    }

    #[test]
    fn rooms_below_the_store_do_not_touch_the_world() {
        check(
            "crates/rules/src/a.rs",
            "use std::{fs::File,\n time::Instant};\nlet now = Timestamp::now();",
            &[
                "crates/rules/src/a.rs:1: std::fs::File brings files into a room below the store",
                "crates/rules/src/a.rs:2: std::time::Instant brings a clock into a room below the store",
                "crates/rules/src/a.rs:3: Timestamp::now brings a clock into a room below the store",
            ],
        );
        check(
            "crates/decode/src/a.rs",
            "std::thread::spawn(f); rand::random()",
            &[
                "crates/decode/src/a.rs:1: std::thread::spawn brings threads into a room below the store",
                "crates/decode/src/a.rs:1: rand::random brings randomness into a room below the store",
            ],
        );
    }

    #[test]
    fn what_is_not_the_world_passes() {
        check(
            "crates/rules/src/a.rs",
            "use std::{net::IpAddr, time::Duration}; std::env!(\"X\"); std::thread_local!(x); a::env::b",
            &[],
        );
        check("crates/rules/src/a.rs", "// std::fs\n#[cfg(test)]\nmod tests { use std::fs; }", &[]);
        check("crates/rules/tests/a.rs", "use std::fs;", &[]);
        check("crates/rules/src/a/tests.rs", "use std::fs;", &[]);
        check("crates/collect/src/a.rs", "use std::fs;", &[]);
    }
}
