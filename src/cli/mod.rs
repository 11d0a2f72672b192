//! The sub-commands of `amko`, one file each.

pub mod crds;
