//! The operator as a process against the lab's servers on sockets, measured beside a floor: what a bare client needs
//! for the same writes to the same controller on the same machine in the same run.
//!
//! [`run`] tells one story from [`parameters`]: it sets up the [`fleet`] of clusters and a controller ([`server`] behind
//! a [`recorder`]), starts the operator ([`process`]), and goes through the [`scenarios`]; [`bare`] and [`floor`] send
//! the same again. What comes out is in [`results`], for people in [`report`] and [`plot`].

pub mod bare;
pub mod calls;
pub mod fleet;
pub mod floor;
pub mod objects;
pub mod parameters;
pub mod plot;
pub mod process;
pub mod recorder;
pub mod report;
pub mod results;
pub mod run;
pub mod scenarios;
pub mod server;
pub mod surroundings;
