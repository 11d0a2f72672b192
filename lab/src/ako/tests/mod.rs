//! Tests of the stand-in for AKO.

mod decisions;
mod worlds;
