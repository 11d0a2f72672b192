//! What `/readyz` says: whether the operator does its job, and how far it is.

use super::in_words;
use crate::core::census::Headway;
use jiff::Timestamp;

/// What this replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    Starting,
    /// And why.
    Undecided(&'a str),
    Follower,
    Leader,
}

/// What is known, for one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture<'a> {
    pub part: Part<'a>,
    /// Why the GSLBHostRules are not known.
    pub rules_unknown: Option<&'a str>,
    /// State of the active GSLBConfig; empty before the first.
    pub config: &'a str,
    /// The controller was completely read since the process started.
    pub read: bool,
    /// That no member cluster was completely seen since the process started, and why.
    pub never_seen: Option<&'a str>,
    /// What keeps the controller from being used now, and since when.
    pub obstacle: Option<(&'a str, Timestamp)>,
    /// Clusters that are not seen now.
    pub unseen: Vec<&'a str>,
    /// That there is no policy, or that the one in force was deleted, and what follows from that.
    pub policy_absent: Option<&'a str>,
    /// Why the kubeconfig that is there now cannot be used, or not all of it.
    pub kubeconfig: Option<&'a str>,
    pub progress: Headway,
}

/// Whether the operator does its job, and how far it is. Once it has looked at everything it stays so, whatever becomes of
/// controller and clusters: another replica could do no more, and the words say what is.
///
/// # Errors
/// What it waits for.
pub fn readiness(picture: &Picture<'_>) -> Result<String, String> {
    match picture.part {
        Part::Starting => Err("starting: the AMKOCluster has not been read yet".into()),
        Part::Undecided(reason) => Err(format!("no role: {reason}")),
        Part::Follower => Ok("standing by as follower".into()),
        Part::Leader => of_leader(picture),
    }
}

fn of_leader(picture: &Picture<'_>) -> Result<String, String> {
    let Picture { rules_unknown, config, read, never_seen, obstacle, unseen, progress, .. } = picture;
    let Picture { policy_absent, kubeconfig, .. } = picture;
    if let Some(error) = rules_unknown {
        return Err((*error).to_owned());
    }
    if config.is_empty() {
        return Err("no GSLBConfig has been read yet".into());
    }
    if !read {
        let since = obstacle.map(|(reason, since)| format!(" ({reason} since {since})")).unwrap_or_default();
        return Err(format!("the first look at the controller is not over{since}: {config}"));
    }
    if let Some(why) = never_seen {
        return Err((*why).to_owned());
    }
    let mut sentences = vec![outstanding(*progress)];
    sentences.extend(obstacle.map(|(reason, since)| format!("the controller cannot be used since {since} ({reason})")));
    if !unseen.is_empty() {
        sentences.push(format!("not seen as it is now: cluster {}", unseen.join(", ")));
    }
    sentences.extend(policy_absent.map(str::to_owned));
    sentences.extend(kubeconfig.map(|error| format!("kubeconfig: {error}")));
    Ok(format!("first look done: {}", sentences.join("; ")))
}

fn outstanding(progress: Headway) -> String {
    let Headway { open, held, of, left, .. } = progress;
    let rest = open.saturating_sub(held);
    let mut sentences = Vec::new();
    if rest > 0 {
        let left = left.map(|left| format!(", done in about {} at the present pace", in_words(left)));
        let left = left.unwrap_or_default();
        sentences.push(format!("{rest} of {of} GSLB services are not as they should be yet{left}"));
    }
    if held > 0 {
        sentences.push(format!(
            "changes of {held} of {of} GSLB services wait for an approval: see condition ChangesHeld of the GSLBConfig"
        ));
    }
    if sentences.is_empty() { "every GSLB service is as it should be".to_owned() } else { sentences.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn well() -> Picture<'static> {
        Picture {
            part: Part::Leader,
            rules_unknown: None,
            config: "success",
            read: true,
            never_seen: None,
            obstacle: None,
            unseen: Vec::new(),
            policy_absent: None,
            kubeconfig: None,
            progress: Headway::default(),
        }
    }

    /// FND-C7 and FND-C8: what is waited for, what is left, and what is wrong meanwhile.
    #[test]
    fn readiness_says_how_far_the_operator_is_and_what_is_wrong_meanwhile() {
        let since = "2026-01-01T00:00:40Z".parse().unwrap();
        let busy = Headway { open: 263, behind: 200, held: 0, of: 300, left: Some(Duration::from_secs_f64(129.5)) };
        let dark = Picture { obstacle: Some(("CredentialsRefused", since)), ..well() };
        let held = Headway { held: 60, left: None, ..busy };
        let table: [(Picture<'_>, Result<&str, &str>); 11] = [
            (
                Picture { policy_absent: Some("there is no policy"), kubeconfig: Some("it is empty"), ..well() },
                Ok(
                    "first look done: every GSLB service is as it should be; there is no policy; kubeconfig: it is empty",
                ),
            ),
            (
                Picture { progress: held, ..well() },
                Ok(
                    "first look done: 203 of 300 GSLB services are not as they should be yet; changes of 60 of 300 GSLB \
                    services wait for an approval: see condition ChangesHeld of the GSLBConfig",
                ),
            ),
            (Picture { part: Part::Starting, ..well() }, Err("starting: the AMKOCluster has not been read yet")),
            (Picture { part: Part::Undecided("why"), ..well() }, Err("no role: why")),
            (Picture { part: Part::Follower, read: false, ..well() }, Ok("standing by as follower")),
            (Picture { rules_unknown: Some("403"), ..well() }, Err("403")),
            (Picture { config: "", ..well() }, Err("no GSLBConfig has been read yet")),
            (
                Picture { read: false, config: "error: refused", ..dark.clone() },
                Err("the first look at the controller is not over (CredentialsRefused since 2026-01-01T00:00:40Z): \
                     error: refused"),
            ),
            (Picture { never_seen: Some("none yet"), ..well() }, Err("none yet")),
            (
                Picture { progress: busy, ..well() },
                Ok("first look done: 263 of 300 GSLB services are not as they should be yet, done in about 2m10s at \
                    the present pace"),
            ),
            (
                Picture { unseen: vec!["s2"], ..dark },
                Ok("first look done: every GSLB service is as it should be; the controller cannot be used since \
                    2026-01-01T00:00:40Z (CredentialsRefused); not seen as it is now: cluster s2"),
            ),
        ];
        for (picture, said) in table {
            assert_eq!(readiness(&picture), said.map(str::to_owned).map_err(str::to_owned));
        }
    }
}
