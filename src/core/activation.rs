//! GSLBConfig discovery, activation and its status texts (section 1.4).
