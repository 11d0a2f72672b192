//! Tests of serving the simulated world.

mod cli;
mod darkness;
mod files;
mod objects;
mod operator;
mod serve;
mod topology;
