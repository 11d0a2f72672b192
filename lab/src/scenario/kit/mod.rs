//! What scenarios are made of: a lab with the operator, clients for its parts, and the telling of each step.

pub mod answers;
pub mod hosts;
pub mod kube;
pub mod neighbours;
pub mod place;
pub mod questions;
pub mod requests;
pub mod script;
pub mod stage;
pub mod told;

pub use script::{Failure, Script};
pub use stage::Stage;
