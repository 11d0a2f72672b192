//! `amko crds`: prints the definitions of the custom resources, to be piped into `kubectl apply -f -`.

use crate::crd;
use std::io::{self, Write};

/// Writes all definitions to `out`: byte for byte the files in `crds/`, in name order.
pub fn print(out: &mut impl Write) -> io::Result<()> {
    out.write_all(crd::yaml().as_bytes())
}
