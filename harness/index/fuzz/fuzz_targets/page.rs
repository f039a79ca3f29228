//! Any bytes as an upstream's project page, in JSON and in HTML, and both written again.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| seatrial_index::invariants::page(bytes));
