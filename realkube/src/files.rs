//! The directory in which all servers of one control plane live.

use crate::Error;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Where Linux keeps files in memory.
const MEMORY: &str = "/dev/shm";

/// etcd sets 128 MB aside for its log of writes at once; containers often have only 64 MB of such memory.
const ROOM: u64 = 1 << 30;

/// A new directory, in memory where there is room; removed with the value.
///
/// # Errors
/// When it cannot be created.
pub(crate) fn directory() -> Result<TempDir, Error> {
    let base = if has_room(Path::new(MEMORY)) { PathBuf::from(MEMORY) } else { std::env::temp_dir() };
    let made = tempfile::Builder::new().prefix("amko-realkube-").tempdir_in(&base);
    made.map_err(|source| Error::File { path: base, source })
}

fn has_room(directory: &Path) -> bool {
    rustix::fs::statvfs(directory).is_ok_and(|file_system| file_system.f_bavail * file_system.f_frsize >= ROOM)
}

/// Creates a directory that must not exist yet.
///
/// # Errors
/// When it exists or cannot be created.
pub(crate) fn create(path: &Path) -> Result<(), Error> {
    std::fs::create_dir(path).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// Writes a file that only this user can read.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| Error::File { path: path.to_owned(), source })
}
