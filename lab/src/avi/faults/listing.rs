//! Faults as people order and see them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A fault by its name in the catalogue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOrder {
    pub name: String,
    /// The site whose controller suffers; `None` for all.
    #[serde(default)]
    pub target: Option<String>,
    /// By name, without the dashes: what is absent has the default of the catalogue.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
}

impl FaultOrder {
    /// A fault on all sites, with the defaults of the catalogue.
    pub fn new(name: &str) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The same on one site.
    pub fn on(mut self, site: &str) -> Self {
        self.target = Some(site.into());
        self
    }

    /// The same with one option set.
    pub fn with(mut self, option: &str, value: impl ToString) -> Self {
        self.options.insert(option.into(), value.to_string());
        self
    }
}

/// A fault that is active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultListing {
    pub id: u64,
    /// In the catalogue; `once` for one that a test put together.
    pub name: String,
    /// `None`: all sites.
    pub target: Option<String>,
    /// Those that were set, without defaults.
    pub options: BTreeMap<String, String>,
    /// Requests struck so far.
    pub struck: u64,
}
