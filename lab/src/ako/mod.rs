//! ako
