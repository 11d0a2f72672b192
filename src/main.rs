//! The `amko` binary.

use clap::Parser;
use std::process::ExitCode;

/// See `ARCHITECTURE.md`, "Decisions". The library does not choose: its tests count with an allocator of their own.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // kube and reqwest would each look for a provider of their own; with two to choose from, both give up.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        return ExitCode::FAILURE;
    }
    amko::cli::main(amko::cli::Arguments::parse())
}
