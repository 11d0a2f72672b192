//! Every answer that the public documentation leaves open, in one place, so that one visit to a real controller can
//! correct them all. `U-n` numbers the open points.
