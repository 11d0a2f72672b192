//! avi
