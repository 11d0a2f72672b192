//! Tests of the stand-in for AKO.

mod crds;
mod decisions;
mod worlds;
