//! Health monitors that a policy names (rows 7 to 9 of rule GDP-05); GSLBHostRules name them in the same way.

use super::MonitorSource;
use crate::core::monitor::MAX_PER_SERVICE;
use crate::core::references::{Stop, Surroundings};

/// Where the kinds of policy use different words.
pub struct Texts<'a> {
    /// References and template are both given.
    pub both: &'a str,
    /// The reference of this name cannot be used.
    pub invalid_ref: &'a dyn Fn(&str) -> String,
}

/// Reads references and template; an empty template counts as none. Of the references, those that one service can
/// have.
///
/// # Errors
/// The first failure in the order of the rows, or the first open question.
pub fn read(
    refs: &[String],
    template: Option<&str>,
    around: Surroundings<'_>,
    texts: &Texts<'_>,
) -> Result<Option<MonitorSource>, Stop> {
    let template = template.filter(|name| !name.is_empty());
    if template.is_some() && !refs.is_empty() {
        return Err(Stop::Invalid(texts.both.to_owned()));
    }
    if let Some(name) = template {
        return around.template(name).map(MonitorSource::Template).map(Some);
    }
    for name in refs {
        if !around.has_federated_monitor(name)? {
            return Err(Stop::Invalid((texts.invalid_ref)(name)));
        }
    }
    let used: Vec<String> = refs.iter().take(MAX_PER_SERVICE).cloned().collect();
    Ok((!used.is_empty()).then_some(MonitorSource::Refs(used)))
}

/// Which references are left out, because one service cannot have as many.
pub fn limitation(refs: &[String]) -> Option<String> {
    let left_out = refs.get(MAX_PER_SERVICE..).filter(|left_out| !left_out.is_empty())?;
    Some(format!(
        "healthMonitorRefs names {} health monitors, but the controller accepts {MAX_PER_SERVICE} on one GSLB service: \
         {} not used; name at most {MAX_PER_SERVICE}",
        refs.len(),
        match left_out {
            [one] => format!("{one} is"),
            more => format!("{} are", more.join(", ")),
        }
    ))
}
