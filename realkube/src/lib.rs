//! Real Kubernetes API servers over one etcd, as processes on loopback. For tests, never part of the operator.
//!
//! What the simulated API server of the lab promises can be held against these. [`available`] finds the programs or says
//! why there are none; [`ControlPlane::start`] starts etcd; [`ControlPlane::server`] starts one API server, which sees
//! nothing of the others. All of it lies in one temporary directory, in memory where there is room, and goes with the
//! values: nothing is left running, not even when the test process is killed.
//!
//! There is no controller manager: namespaces are never deleted to the end, nothing collects garbage, and no
//! ServiceAccount comes by itself. Resource versions are etcd's and so shared: those of one server jump when another is
//! written to.

mod access;
mod authority;
mod control_plane;
mod error;
mod etcd;
mod files;
mod guardian;
mod ports;
mod process;
mod server;
mod settings;
mod tools;

pub use access::{Access, Credentials, client, kubeconfig};
pub use control_plane::ControlPlane;
pub use error::Error;
pub use server::ApiServer;
pub use settings::Settings;
pub use tools::{Skip, Tools, available, helm};
