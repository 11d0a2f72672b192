//! The worked examples of `docs/RULES.md` from objects to the order of calls, and properties that hold for any input.

mod histories;
mod ingress;
mod names;
mod policy;
mod properties;
mod route;
mod rule;
mod service;
mod template;
mod tenant;
