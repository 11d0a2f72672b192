//! The script that builds the tools, with a Go that only takes notes.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// Answers as Go does. What it builds is a file with the package's name; each build leaves a line in `builds`. It fails
/// where there is a file `broken`, after having written half a binary.
const GO: &str = r#"#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
"env GOVERSION") cat "$here/version" ;;
"env GOHOSTOS") echo linux; echo amd64 ;;
build*)
    for last; do :; done
    while [ "$1" != -o ]; do shift; done
    echo "$last" >>"$here/builds"
    echo "$last" >"$2"
    [ ! -e "$here/broken" ] || { echo "no such package" >&2; exit 1; }
    ;;
*) exit 9 ;;
esac
"#;

/// A copy of the modules with their script, a Go and an empty cache.
struct Bench(TempDir);

impl Bench {
    fn new() -> Self {
        let bench = Self(TempDir::new().unwrap());
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tools");
        for file in ["build", "helm/go.mod", "helm/go.sum", "etcd/go.mod", "etcd/go.sum"] {
            bench.copy(&tools, file);
        }
        for file in ["kube-apiserver/go.mod", "kube-apiserver/go.sum"] {
            bench.copy(&tools, file);
        }
        bench.write("version", "go1.99.0\n");
        bench.program("go", GO);
        bench
    }

    fn copy(&self, from: &Path, file: &str) {
        let to = self.path(file);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from.join(file), to).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    fn program(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(self.path("build"));
        command.args(words.split_whitespace()).env_remove("KUBEBUILDER_ASSETS");
        command.env("GO", self.path("go")).env("AMKO_TOOLS_CACHE", self.path("cache"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, words: &str) -> Answer {
        Answer::of(self.command(words).spawn().unwrap())
    }

    /// The packages that were built, in order.
    fn builds(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("builds")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// What lies in the cache, except the lock.
    fn cache(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("cache")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name != "lock").collect()
    }
}

/// How the script ended, and what it said.
#[derive(Debug, PartialEq)]
struct Answer {
    code: Option<i32>,
    printed: String,
    said: String,
}

impl Answer {
    fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), printed: text(output.stdout), said: text(output.stderr) }
    }

    /// The directory that the script named, which is the only thing it printed.
    fn directory(&self) -> PathBuf {
        assert_eq!(self.code, Some(0), "{self:?}");
        PathBuf::from(self.printed.strip_suffix('\n').unwrap())
    }
}

#[test]
fn each_tool_is_built_once_and_its_binaries_lie_in_the_directory_that_is_printed() {
    let bench = Bench::new();
    let first = bench.run("kube-apiserver").directory();
    assert!(first.starts_with(bench.path("cache")), "{first:?}");
    for program in ["kube-apiserver", "kubectl"] {
        let package = fs::read_to_string(first.join(program)).unwrap();
        assert_eq!(package, format!("k8s.io/kubernetes/cmd/{program}\n"));
    }
    assert_eq!(bench.run("kube-apiserver").directory(), first);
    assert_eq!(bench.builds(), ["k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kubectl"]);
    let etcd = bench.run("etcd").directory();
    assert_eq!(fs::read_to_string(etcd.join("etcd")).unwrap(), "go.etcd.io/etcd/server/v3\n");
}

#[test]
fn without_a_name_all_tools_are_built() {
    let bench = Bench::new();
    let answer = bench.run("");
    let directories: Vec<&Path> = answer.printed.lines().map(Path::new).collect();
    let found: Vec<bool> =
        directories.iter().zip(["helm", "etcd", "kube-apiserver"]).map(|(d, p)| d.join(p).exists()).collect();
    assert_eq!(found, [true, true, true], "{answer:?}");
}

#[test]
fn other_versions_another_go_and_other_modules_lie_in_directories_of_their_own() {
    let bench = Bench::new();
    let mut seen = vec![bench.run("etcd").directory()];
    for (file, text) in [("version", "go1.99.1\n"), ("etcd/go.sum", "another sum\n")] {
        bench.write(file, text);
        let now = bench.run("etcd").directory();
        assert!(!seen.contains(&now), "{file} does not matter");
        seen.push(now);
    }
    let module = fs::read_to_string(bench.path("etcd/go.mod")).unwrap();
    bench.write("etcd/go.mod", &format!("{module}// changed\n"));
    assert!(!seen.contains(&bench.run("etcd").directory()), "go.mod does not matter");
}

#[test]
fn two_at_once_build_once() {
    let bench = Bench::new();
    let both = [bench.command("etcd").spawn().unwrap(), bench.command("etcd").spawn().unwrap()];
    let [one, two] = both.map(|child| Answer::of(child).directory());
    assert_eq!(one, two);
    assert_eq!(bench.builds(), ["go.etcd.io/etcd/server/v3"]);
}

#[test]
fn a_build_that_fails_says_so_and_leaves_nothing() {
    let bench = Bench::new();
    bench.write("broken", "");
    let answer = bench.run("etcd helm");
    assert_eq!((answer.code, answer.printed.as_str()), (Some(1), ""));
    assert!(answer.said.contains("no such package") && answer.said.contains("failed: building etcd"), "{answer:?}");
    assert_eq!(bench.cache(), Vec::<String>::new());
    // One that fails does not keep the others from being tried.
    assert_eq!(bench.builds(), ["go.etcd.io/etcd/server/v3", "helm.sh/helm/v3/cmd/helm"]);
}

#[test]
fn looking_builds_nothing() {
    let bench = Bench::new();
    let answer = bench.run("--look etcd");
    assert_eq!((answer.code, answer.printed.as_str()), (Some(4), ""));
    assert_eq!(answer.said, "missing: etcd has not been built; `make tools` does it\n");
    assert_eq!(bench.builds(), Vec::<String>::new());
    let built = bench.run("etcd").directory();
    assert_eq!(bench.run("--look etcd").directory(), built);
}

#[test]
fn without_a_go_or_with_an_old_one_the_reason_is_said() {
    let bench = Bench::new();
    bench.write("version", "go1.19.8\n");
    let answer = bench.run("etcd");
    assert_eq!((answer.code, answer.printed.as_str()), (Some(3), ""));
    assert!(answer.said.contains("built with Go 1.26.0 or newer, this is go1.19.8"), "{answer:?}");
    fs::remove_file(bench.path("go")).unwrap();
    let answer = bench.run("etcd");
    assert_eq!((answer.code, answer.printed.as_str()), (Some(3), ""));
    assert!(answer.said.contains("there is no ") && answer.said.contains("/go to build it with"), "{answer:?}");
}

#[test]
fn assets_are_used_instead_of_building_except_for_helm() {
    let bench = Bench::new();
    let assets = bench.path("assets");
    fs::create_dir(&assets).unwrap();
    let run = |words: &str| Answer::of(bench.command(words).env("KUBEBUILDER_ASSETS", &assets).spawn().unwrap());
    for program in ["kube-apiserver", "etcd"] {
        bench.program(&format!("assets/{program}"), "");
    }
    let answer = run("etcd");
    assert_eq!((answer.code, answer.printed.as_str()), (Some(3), ""));
    assert!(answer.said.contains("missing: kubectl in KUBEBUILDER_ASSETS="), "{answer:?}");
    bench.program("assets/kubectl", "");
    assert_eq!(run("etcd").directory(), assets);
    assert_eq!(run("--look kube-apiserver").directory(), assets);
    assert!(run("helm").directory().starts_with(bench.path("cache")));
    assert_eq!(bench.builds(), ["helm.sh/helm/v3/cmd/helm"]);
}

#[test]
fn a_name_that_it_does_not_know_is_refused() {
    let answer = Bench::new().run("kubeadm");
    assert_eq!((answer.code, answer.printed.as_str()), (Some(2), ""));
    assert!(answer.said.starts_with("unknown: kubeadm"), "{answer:?}");
}
