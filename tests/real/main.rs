//! The operator as a process, installed by the real helm, between real Kubernetes API servers and the simulated Avi
//! controller.
//!
//! `world` starts the servers and installs, `pod` runs the operator as a kubelet would, `controller` is the simulated
//! side, `api` asks API servers, `audit` tells what they were asked. Each of the other files is one story; two are told
//! at a time. Where a program is missing the stories say so and pass without looking; with `CI=true` that is a failure.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod api;
mod audit;
mod controller;
mod earlier;
mod exchange;
mod kinds;
mod main_job;
mod objects;
mod outage;
mod pod;
mod release;
mod requirements;
mod world;
