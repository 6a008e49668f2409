//! Any bytes, arriving in pieces, through the `w3c` decoder and the taxonomy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::decode("w3c", data));
