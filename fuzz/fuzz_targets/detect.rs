//! Any bytes through format detection and the decoder it picks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::detect(data));
