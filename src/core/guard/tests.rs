//! What the guard lets go, and what it holds.

mod judge;
mod losses;
mod property;
