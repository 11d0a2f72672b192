//! Fuzzes `targets::deployment_policy`.

#![no_main]

#[path = "../targets.rs"]
#[allow(dead_code, reason = "each target calls one of them")]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    targets::deployment_policy(data);
});
