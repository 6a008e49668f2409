//! Any bytes, arriving in pieces, through the `zeek` decoder and the taxonomy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::decode("zeek", data));
