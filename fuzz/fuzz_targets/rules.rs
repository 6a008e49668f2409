//! Any text as Sigma: parsed, compiled, and asked of an event by both paths.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::rules(data));
