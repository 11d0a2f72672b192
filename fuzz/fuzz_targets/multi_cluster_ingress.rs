//! Fuzzes `targets::multi_cluster_ingress`.

#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|data: &[u8]| targets::multi_cluster_ingress(data));
