//! A root directory with the binary, certificates and nothing else, entered as the image's user.

use super::tell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the public CAs of this machine are.
const PUBLIC: &str = "/etc/ssl/certs/ca-certificates.crt";
/// The same place in the image.
const CERTIFICATES: &str = "etc/ssl/certs/ca-certificates.crt";

/// Copies the first directory into a file system of its own at the second, makes that read-only, and becomes `/amko` in
/// there as user and group 65532. All in namespaces of this process and its children, so nothing is left of it, and no
/// privilege is needed. There is no /proc and no /dev, which a container would have.
const ENTER: &str = r#"set -eu
files=$1 root=$2
shift 2
mount -t tmpfs -o mode=755 amko "$root"
cp -R "$files"/. "$root"
mount -o remount,ro "$root"
exec unshare --user --map-user=65532 --map-group=65532 --root="$root" --wd=/ -- /amko "$@"
"#;

/// The files of a root directory.
pub struct Root {
    files: PathBuf,
}

impl Root {
    /// The binary and the public CAs of this machine. `None`, which is said, where no static binary is named; with
    /// `CI` set that is a failure.
    pub fn new(name: &str) -> Option<Self> {
        let Some(binary) = std::env::var_os("AMKO_STATIC") else {
            let why = format!("image, {name}: no static binary in AMKO_STATIC; `make static-test` builds one");
            assert!(std::env::var_os("CI").is_none(), "CI skips nothing: {why}");
            tell(&format!("skipped: {why}"));
            return None;
        };
        let files = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("image-{name}-{}", std::process::id()));
        let root = Self { files };
        std::fs::create_dir_all(root.mount_point()).unwrap();
        std::fs::create_dir_all(&root.files).unwrap();
        std::fs::copy(&binary, root.files.join("amko")).unwrap_or_else(|error| panic!("{}: {error}", binary.display()));
        let public = std::fs::read_to_string(PUBLIC).unwrap_or_else(|error| panic!("{PUBLIC}: {error}"));
        Some(root.certificates(&public))
    }

    /// Other certificates instead.
    pub fn certificates(self, pem: &str) -> Self {
        self.with(CERTIFICATES, pem)
    }

    /// One more file, as a container runtime or a mounted Secret would bring it.
    pub fn with(self, path: &str, text: &str) -> Self {
        let file = self.files.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        self
    }

    /// The binary with these words, to be started in the root. The process that is started becomes it.
    pub fn amko(&self, words: &[&str]) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "--", "sh", "-c", ENTER, "enter"]);
        command.arg(&self.files).arg(self.mount_point()).args(words).stdin(Stdio::null());
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("NO_COLOR", "1");
        command
    }

    fn mount_point(&self) -> PathBuf {
        self.files.with_extension("root")
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // What stays behind in the build directory harms nobody.
        let _ = std::fs::remove_dir_all(&self.files);
        let _ = std::fs::remove_dir(self.mount_point());
    }
}
