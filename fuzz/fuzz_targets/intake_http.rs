//! Any bytes as the body of a `_bulk`, of HEC events, of OTLP logs (protobuf and JSON) and of FHIR (JSON and XML): the first byte says which.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cordon_fuzz::intake_http(data));
