//! Any bytes, as an EVTX file or as the records of one chunk, through the `evtx` decoder and the taxonomy.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::evtx(data));
