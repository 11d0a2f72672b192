//! What the checks with whole clients need.
