//! Any bytes as a stream of RELP: framed alike however they arrive.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::relp(data));
