//! How validation looks at the controller: through the answers so far, never further.

use super::{Answer, Catalog, Question, ReferencedMonitor};
use crate::core::policy::Template;
use std::collections::BTreeSet;

/// Monitor types that can be a template (row 8c of rule GDP-05).
const TEMPLATE_TYPES: [&str; 2] = ["HEALTH_MONITOR_HTTP", "HEALTH_MONITOR_HTTPS"];

/// What an object is checked against.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Contexts of the GSLBConfig's `spec.memberClusters`.
    pub clusters: &'a BTreeSet<String>,
    pub default_tenant: &'a str,
    /// The tenant in which the names in the object are looked up (rule TEN-06).
    pub tenant: &'a str,
    pub catalog: &'a Catalog,
}

/// What came of checking an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validation<T> {
    Valid {
        value: T,
        /// What the object asks for and cannot have, in words.
        limitations: Vec<String>,
    },
    /// The text for the object's status: the first failure in the order of the rows.
    Invalid(String),
    /// No row before the first open question fails. All open questions of the object.
    Pending(BTreeSet<Question>),
}

/// Why a check ends before its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The text for the object's status.
    Invalid(String),
    /// The row depends on an answer that is not known yet.
    Open,
}

impl From<String> for Stop {
    fn from(text: String) -> Self {
        Self::Invalid(text)
    }
}

impl<T> Validation<T> {
    /// From the outcome of a check, with everything that the object asks.
    pub fn new(checked: Result<(T, Vec<String>), Stop>, asked: BTreeSet<Question>, catalog: &Catalog) -> Self {
        match checked {
            Ok((value, limitations)) => Self::Valid { value, limitations },
            Err(Stop::Invalid(text)) => Self::Invalid(text),
            Err(Stop::Open) => {
                Self::Pending(asked.into_iter().filter(|question| catalog.answer(question).is_none()).collect())
            }
        }
    }
}

impl Surroundings<'_> {
    /// The monitor that own path monitors are modelled on (rows 8 to 8d of rule GDP-05; DB-52: a request that is
    /// missing is an invalid one).
    ///
    /// # Errors
    /// What is wrong with it, in upstream's words, or that it is not known yet.
    pub fn template(&self, name: &str) -> Result<Template, Stop> {
        let Some(monitor) = self.monitor(name)? else {
            return Err(Stop::Invalid(format!("health monitor template {name} not found")));
        };
        // Absent counts as federated here, other than for references.
        if monitor.federated == Some(false) {
            return Err(Stop::Invalid(format!("health monitor template {name} not federated")));
        }
        if !TEMPLATE_TYPES.contains(&monitor.monitor_type.as_str()) {
            let text = "health monitor template is not supported for non-path based health monitors";
            return Err(Stop::Invalid(text.to_owned()));
        }
        let words: Vec<&str> = monitor.http_request.as_deref().unwrap_or_default().split(' ').collect();
        let [method, path, version] = words[..] else { return Err(invalid_request(name)) };
        if [method, path, version].contains(&"") {
            return Err(invalid_request(name));
        }
        Ok(Template {
            name: name.to_owned(),
            method: method.to_owned(),
            version: version.to_owned(),
            response_codes: monitor.response_codes.clone(),
        })
    }

    /// Whether there is a monitor of this name and the controller says that it is federated.
    ///
    /// # Errors
    /// When it is not known yet.
    pub fn has_federated_monitor(&self, name: &str) -> Result<bool, Stop> {
        Ok(self.monitor(name)?.is_some_and(|monitor| monitor.federated == Some(true)))
    }

    /// Whether the application persistence profile exists; neither its type nor its federation counts.
    ///
    /// # Errors
    /// When it is not known yet.
    pub fn has_persistence_profile(&self, name: &str) -> Result<bool, Stop> {
        self.has_profile(name, &Question::PersistenceProfile { tenant: self.tenant.to_owned(), name: name.to_owned() })
    }

    /// Whether the PKI profile exists, likewise.
    ///
    /// # Errors
    /// When it is not known yet.
    pub fn has_pki_profile(&self, name: &str) -> Result<bool, Stop> {
        self.has_profile(name, &Question::PkiProfile { tenant: self.tenant.to_owned(), name: name.to_owned() })
    }

    /// Whether the GSLB configuration, of which there is one for all tenants, has a third-party site of this name.
    ///
    /// # Errors
    /// When it is not known yet.
    pub fn has_third_party_site(&self, name: &str) -> Result<bool, Stop> {
        match self.catalog.answer(&self.third_party_sites()) {
            Some(Answer::Sites(sites)) => Ok(sites.contains(name)),
            Some(Answer::Absent) => Ok(false),
            Some(Answer::Monitor(_) | Answer::Profile { .. } | Answer::Gslb(_)) | None => Err(Stop::Open),
        }
    }

    /// The question after the third-party sites.
    pub fn third_party_sites(&self) -> Question {
        Question::ThirdPartySites { tenant: self.default_tenant.to_owned() }
    }

    /// The questions after named objects; nothing has an empty name, so nothing is asked about it.
    pub fn questions<'n>(
        &self,
        monitors: impl IntoIterator<Item = &'n String>,
        persistence_profile: Option<&String>,
        pki_profile: Option<&String>,
    ) -> BTreeSet<Question> {
        let tenant = || self.tenant.to_owned();
        let named = |name: &&String| !name.is_empty();
        let monitors = monitors.into_iter().filter(named);
        let monitors = monitors.map(|name| Question::Monitor { tenant: tenant(), name: name.clone() });
        let persistence = persistence_profile.filter(named);
        let persistence = persistence.map(|name| Question::PersistenceProfile { tenant: tenant(), name: name.clone() });
        let pki = pki_profile.filter(named).map(|name| Question::PkiProfile { tenant: tenant(), name: name.clone() });
        monitors.chain(persistence).chain(pki).collect()
    }

    fn monitor(&self, name: &str) -> Result<Option<&ReferencedMonitor>, Stop> {
        if name.is_empty() {
            return Ok(None);
        }
        let question = Question::Monitor { tenant: self.tenant.to_owned(), name: name.to_owned() };
        match self.catalog.answer(&question) {
            Some(Answer::Monitor(monitor)) => Ok(Some(monitor)),
            Some(Answer::Absent) => Ok(None),
            Some(Answer::Profile { .. } | Answer::Sites(_) | Answer::Gslb(_)) | None => Err(Stop::Open),
        }
    }

    fn has_profile(&self, name: &str, question: &Question) -> Result<bool, Stop> {
        if name.is_empty() {
            return Ok(false);
        }
        match self.catalog.answer(question) {
            Some(Answer::Profile { .. }) => Ok(true),
            Some(Answer::Absent) => Ok(false),
            Some(Answer::Monitor(_) | Answer::Sites(_) | Answer::Gslb(_)) | None => Err(Stop::Open),
        }
    }
}

fn invalid_request(name: &str) -> Stop {
    Stop::Invalid(format!("client request header in health monitor template {name} is invalid"))
}
