//! What the operator tells about itself: log and metrics.

pub mod log;
pub mod metrics;
