//! The options of a fault: text as a person wrote it, read as what each option is.

use super::catalogue::{COMMON, Entry, OptionEntry};
use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

/// All options of one fault, with the defaults filled in. Empty text means: not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    fault: &'static str,
    values: BTreeMap<&'static str, String>,
}

impl Options {
    /// Takes what was set and the defaults of the catalogue.
    ///
    /// # Errors
    /// When the fault has no such option; the text names those it has.
    pub(super) fn of(entry: &'static Entry, set: &BTreeMap<String, String>) -> Result<Self, String> {
        let known: Vec<&'static OptionEntry> = entry.options.iter().chain(COMMON).collect();
        if let Some(unknown) = set.keys().find(|name| !known.iter().any(|option| option.name == **name)) {
            let names: Vec<&str> = known.iter().map(|option| option.name).collect();
            return Err(format!("fault {} has no option {unknown:?}; it takes {}", entry.name, names.join(", ")));
        }
        let value = |option: &OptionEntry| {
            let preset = entry.presets.iter().find(|(name, _)| *name == option.name).map(|(_, value)| *value);
            set.get(option.name).map_or_else(|| preset.unwrap_or(option.default).to_owned(), Clone::clone)
        };
        let values = known.iter().map(|option| (option.name, value(option))).collect();
        Ok(Self { fault: entry.name, values })
    }

    /// The text of an option; empty when it is not set.
    pub fn text(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// `None` when it is not set.
    pub fn optional(&self, name: &str) -> Option<&str> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// A number or another plain value; `None` when it is not set.
    ///
    /// # Errors
    /// When the text is none.
    pub fn parsed<T: FromStr>(&self, name: &str) -> Result<Option<T>, String> {
        let parse = |text: &str| text.parse().map_err(|_| self.wrong(name, "cannot be read"));
        self.optional(name).map(parse).transpose()
    }

    /// A value that must be there.
    ///
    /// # Errors
    /// When it is not set or cannot be read.
    pub fn required<T: FromStr>(&self, name: &str) -> Result<T, String> {
        self.parsed(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// A duration such as `1500ms` or `2m`; `None` when it is not set.
    ///
    /// # Errors
    /// When the text is none.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, String> {
        let parse = |text: &str| humantime::parse_duration(text).map_err(|_| self.wrong(name, "is no duration"));
        self.optional(name).map(parse).transpose()
    }

    /// A duration that must be there.
    ///
    /// # Errors
    /// When it is not set or none.
    pub fn required_duration(&self, name: &str) -> Result<Duration, String> {
        self.duration(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// `true` or `false`; not set counts as `false`.
    ///
    /// # Errors
    /// When it is another word.
    pub fn flag(&self, name: &str) -> Result<bool, String> {
        Ok(self.parsed(name)?.unwrap_or(false))
    }

    /// What one of these words stands for.
    ///
    /// # Errors
    /// When it is another word.
    pub fn choice<T: Clone>(&self, name: &str, words: &[(&str, T)]) -> Result<T, String> {
        let text = self.text(name);
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| meaning.clone());
        found.ok_or_else(|| {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            self.wrong(name, &format!("is none of {}", words.join(", ")))
        })
    }

    /// Reads an option with a function of its own.
    pub(super) fn read<T>(&self, name: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, String> {
        self.optional(name).map(|text| read(text).map_err(|why| self.wrong(name, &why))).transpose()
    }

    /// The error for an option whose value is wrong.
    pub fn wrong(&self, name: &str, why: &str) -> String {
        format!("option {name} of {}: {:?} {why}", self.fault, self.text(name))
    }
}
