//! `crds/` in the repository is what the types say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const REMEDY: &str = "run `make fix` to regenerate crds/";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crds")
}

fn rendered() -> BTreeMap<String, String> {
    amko::crd::files().into_iter().map(|file| (file.name, file.content)).collect()
}

fn stored() -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(directory()).expect("crds/ is a directory");
    let paths = entries.map(|entry| entry.expect("a readable entry").path());
    paths.map(|path| (file_name(&path), std::fs::read_to_string(&path).expect("readable text"))).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("an entry has a name").to_string_lossy().into_owned()
}

fn rewrite() {
    for path in stored().keys().map(|name| directory().join(name)) {
        std::fs::remove_file(path).expect("an old file can be removed");
    }
    for (name, content) in rendered() {
        std::fs::write(directory().join(name), content).expect("a new file can be written");
    }
}

#[test]
fn the_files_are_those_the_types_render() {
    if std::env::var_os("AMKO_UPDATE_CRDS").is_some() {
        rewrite();
    }
    let (rendered, stored) = (rendered(), stored());
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&stored), names(&rendered), "{REMEDY}");
    for (name, content) in &rendered {
        let same = content.lines().zip(stored[name].lines()).take_while(|(new, old)| new == old).count();
        assert!(content == &stored[name], "crds/{name} differs from the types after line {same}: {REMEDY}");
    }
}

#[test]
fn the_command_prints_the_files_in_name_order() {
    let mut printed = Vec::new();
    amko::cli::crds::print(&mut printed).expect("memory takes every write");
    let files: String = rendered().into_values().collect();
    assert_eq!(String::from_utf8(printed).expect("YAML is text"), files);
}
