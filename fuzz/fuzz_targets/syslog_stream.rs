//! Any bytes as a stream of Syslog over TCP: framed alike however they arrive.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::syslog_stream(data));
