//! Fuzzes `targets::gslb_host_rule`.

#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code, reason = "each target calls one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::gslb_host_rule(data);
});
