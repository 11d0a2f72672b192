//! The Python client, typed and untyped.

use crate::check::{Checked, Failure};
use crate::client::Cluster;
use crate::clients_support::{Home, finish, program};

/// Path of a Python that has the package `kubernetes`; else the one on the PATH is tried.
const PYTHON: &str = "AMKO_PYTHON";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/clients/python.py");

/// 119.
pub(super) async fn the_python_client_reads_writes_and_watches(c: Cluster) -> Checked {
    let candidates: Vec<String> = std::env::var(PYTHON).into_iter().chain(["python3".to_owned()]).collect();
    let python = program(&candidates, &["-c", "import kubernetes"]).await?;
    let home = Home::new(&c);
    let mut command = home.command(&python, SCRIPT);
    command.arg(&c.namespace);
    let output = finish(command, "the Python client", "").await?;
    if output.trim_end().ends_with("all right") { Ok(()) } else { Err(Failure::differs(output)) }
}
