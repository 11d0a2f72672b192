//! Health monitors: which, how named, what they send (section 8).
