//! The whole operator between simulated clusters and controllers in memory, or some of its actors alone. One program
//! for all of it: each further one would be linked with everything again. Where time is paused a sleep is virtual.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test may panic, and tells figures")]

#[path = "../support/mod.rs"]
mod support;

mod absence;
mod begun;
mod blindness;
mod border_addresses;
mod border_names;
mod border_text;
mod changes;
mod client;
mod credentials;
mod deletions;
mod events;
mod examples;
mod examples_controller;
mod examples_kinds;
mod examples_policy;
mod fairness;
mod faults_leader;
mod faults_sessions;
mod faults_sockets;
mod faults_state;
mod faults_support;
mod faults_wire;
mod federation;
mod federation_copies;
mod guard;
mod guard_mistakes;
mod heartbeat;
mod http;
mod http_services;
mod identity;
mod incumbents;
mod killed;
mod kinds;
mod kubeconfig;
mod kubeconfig_odd;
mod leadership;
mod log;
mod neighbour;
mod outage;
mod partial;
mod platform;
mod reading;
mod relist;
mod restart;
mod rules;
mod rules_support;
mod sleep;
mod status;
mod status_documents;
mod supervision;
mod switches;
mod tls_rollout;
mod trouble;
mod truth;
