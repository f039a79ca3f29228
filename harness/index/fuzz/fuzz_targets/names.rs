//! Any text as a name of a project or a file, as a path, and as a header.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| seatrial_index::invariants::names(text));
