//! Fuzzes `targets::gslb_host_rule`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::gslb_host_rule(data));
