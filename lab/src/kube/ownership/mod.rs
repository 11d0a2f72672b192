//! Who owns which field of an object: `metadata.managedFields` and server-side apply.
//!
//! A [`FieldSet`] is a set of paths, [`walk`] finds the paths of a value and the difference of two values, [`merge`]
//! puts an applied value into a stored one, and [`managers`] decides what a write does to the owners.

mod managers;
mod merge;
mod set;
mod structure;
mod walk;

pub use managers::{Applier, Managers};
#[cfg(test)]
use set::FieldSet;

#[cfg(test)]
mod tests;
