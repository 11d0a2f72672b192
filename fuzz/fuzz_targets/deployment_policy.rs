//! Fuzzes `targets::deployment_policy`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::deployment_policy(data));
