//! Faults on the command line: words to orders, and the catalogue to lines.

use crate::avi::FaultOrder;
use crate::avi::faults::catalogue::{self, COMMON, Entry, OptionEntry};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the words behind the name of a fault ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    pub order: FaultOrder,
    /// The directory of the lab, when `--dir` is among the words.
    pub dir: Option<PathBuf>,
}

impl Words {
    /// Reads `--option value` and `--option=value`.
    ///
    /// # Errors
    /// When a word is no option, an option has no value, or comes twice.
    pub fn parse(name: &str, words: &[String]) -> Result<Self, String> {
        let mut options = BTreeMap::new();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let option = word.strip_prefix("--").ok_or_else(|| format!("{word:?} is no option: expected --option"))?;
            let (option, value) = match option.split_once('=') {
                Some((option, value)) => (option, value.to_owned()),
                None => (option, words.next().ok_or_else(|| format!("--{option} needs a value"))?.clone()),
            };
            if options.insert(option.to_owned(), value).is_some() {
                return Err(format!("--{option} comes twice"));
            }
        }
        let (target, dir) = (options.remove("target"), options.remove("dir").map(PathBuf::from));
        Ok(Self { order: FaultOrder { name: name.to_owned(), target, options }, dir })
    }
}

/// What `fault list --known` prints.
pub fn known() -> Vec<String> {
    let mut lines: Vec<String> = catalogue::all().into_iter().flat_map(described).collect();
    lines.push("every fault:".into());
    lines.extend(COMMON.iter().map(|option| explained(option, option.default)));
    lines
}

fn described(entry: &'static Entry) -> Vec<String> {
    let own = entry.options.iter().map(|option| explained(option, option.default));
    let preset = |(name, value): &(&str, &'static str)| {
        let common = COMMON.iter().find(|option| option.name == *name)?;
        Some(explained(common, value))
    };
    let head = format!("{} ({}): {}", entry.name, entry.number, entry.what);
    [head].into_iter().chain(own).chain(entry.presets.iter().filter_map(preset)).collect()
}

fn explained(option: &OptionEntry, default: &str) -> String {
    let default = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    format!("    --{}: {}{default}", option.name, option.what)
}
