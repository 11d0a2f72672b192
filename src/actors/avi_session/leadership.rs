//! Who leads the GSLB, from what several controllers say. Pure; the caller asks them.
//!
//! A leader is recognised by its `view_id`, which grows with each change. The highest one that was ever seen is kept, so
//! that a former leader that comes back, or that cannot hear the others, is not mistaken for the present one.

use crate::avi::api::{Gslb, LeaderStatus, Site};
use parking_lot::RwLock;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What outlives the actor, with the configured address under which it was learnt. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Memory(Arc<RwLock<Option<(String, Gslb)>>>);

impl Memory {
    pub fn keep(&self, configured: &str, leadership: &Leadership) {
        *self.0.write() = leadership.known.clone().map(|gslb| (configured.to_owned(), gslb));
    }

    /// What was known when this controller was configured, if it was the last one.
    pub fn recall(&self, configured: &str) -> Leadership {
        let known = self.0.read().clone().filter(|(address, _)| address == configured);
        Leadership { known: known.map(|(_, gslb)| gslb), ..Leadership::default() }
    }
}

/// What is remembered of the GSLB.
#[derive(Debug, Default)]
pub struct Leadership {
    /// With the highest view that was seen.
    known: Option<Gslb>,
    /// Where the leader was found, when that is not the configured address.
    found_at: Option<String>,
    /// `cluster_uuid` of the controllers that answered, by address.
    identities: BTreeMap<String, String>,
}

/// Who said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The controller in use, and no other is asked: what it says is compared with nobody's word but its own of earlier.
    Only,
    /// The controller in use.
    InUse,
    Other,
}

/// What a controller said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where it was asked.
    pub address: String,
    pub status: LeaderStatus,
}

/// What follows from the answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The controller at this address leads.
    Leader(Answer),
    /// Two lead, and nothing tells which of them may be written to.
    Conflict(String),
    /// Only a former leader says that it leads.
    Former(String),
    Nobody,
}

impl Leadership {
    /// Whether a controller in use that says this leads as it did.
    pub fn is_as_known(&self, gslb: &Gslb) -> bool {
        self.known.as_ref().is_some_and(|known| {
            known.uuid == gslb.uuid && known.view_id == gslb.view_id && known.leader_uuid == gslb.leader_uuid
        })
    }

    /// Where to look for the leader first.
    pub fn address<'a>(&'a self, configured: &'a str) -> &'a str {
        self.found_at.as_deref().unwrap_or(configured)
    }

    /// The leader is at this address.
    pub fn found(&mut self, address: &str, configured: &str) {
        self.found_at = (address != configured).then(|| address.to_owned());
    }

    /// The leader is looked for at the configured address first. What is known of it stays.
    pub fn go_home(&mut self) {
        self.found_at = None;
    }

    /// The name of the site that leads, as far as is known.
    pub fn leader(&self) -> Option<&str> {
        self.known.as_ref().map(|gslb| gslb.name_of(&gslb.leader_uuid))
    }

    /// Takes in what a controller said. That of the controller in use may replace the whole GSLB: somebody may have
    /// made another one.
    pub fn learn(&mut self, answer: &Answer, source: Source) {
        let in_use = source != Source::Other;
        let Answer { address, status } = answer;
        self.identities.insert(address.clone(), status.cluster_uuid.clone());
        let Some(gslb) = &status.gslb else { return };
        let newer = match &self.known {
            None => in_use,
            Some(known) if known.uuid != gslb.uuid => in_use,
            // Only the leader itself may say that somebody else leads in its view.
            Some(known) if known.view_id == gslb.view_id => {
                let says_itself = known.leader_uuid == gslb.leader_uuid || known.leader_uuid == status.cluster_uuid;
                says_itself || source == Source::Only
            }
            Some(known) => known.view_id < gslb.view_id,
        };
        if newer {
            self.known = Some(gslb.clone());
        }
    }

    /// The other controllers that may lead, each with its addresses, when the one at `current` is in use.
    pub fn others(&self, current: &str, configured: &str) -> Vec<Vec<String>> {
        let own = self.identities.get(current);
        let home = self.identities.get(configured);
        let mut others: Vec<Vec<String>> = Vec::new();
        let of_home = |site: &Site| home == Some(&site.cluster_uuid);
        let sites = self.known.iter().flat_map(|gslb| &gslb.sites);
        let home_is_site = sites.clone().any(of_home);
        if configured != current && !home_is_site {
            others.push(vec![configured.to_owned()]);
        }
        for site in sites {
            let is_current = own == Some(&site.cluster_uuid) || site.addresses.iter().any(|known| known == current);
            if is_current {
                continue;
            }
            let mut addresses = site.addresses.clone();
            if of_home(site) {
                addresses.retain(|address| address != configured);
                addresses.insert(0, configured.to_owned());
            }
            if !addresses.is_empty() {
                others.push(addresses);
            }
        }
        others
    }

    /// Whom to follow, after [`Leadership::learn`] of each answer.
    pub fn judge(&self, answers: &[Answer]) -> Verdict {
        let Some(known) = &self.known else { return Verdict::Nobody };
        let view = |answer: &Answer| answer.status.gslb.as_ref().map_or(0, |gslb| gslb.view_id);
        // Nobody leads a GSLB that he is no site of; such an answer is that of a stranger at a site's address.
        let of_this = |answer: &&Answer| answer.status.gslb.as_ref().is_some_and(|gslb| gslb.uuid == known.uuid);
        let claims: Vec<&Answer> = answers.iter().filter(|answer| answer.status.leads()).filter(of_this).collect();
        let is_present =
            |answer: &&&Answer| view(answer) == known.view_id || answer.status.cluster_uuid == known.leader_uuid;
        let present: Vec<&Answer> = claims.iter().filter(is_present).copied().collect();
        let leaders: BTreeSet<&str> = present.iter().map(|answer| answer.status.cluster_uuid.as_str()).collect();
        match (present.first(), claims.first()) {
            (Some(leader), _) if leaders.iter().all(|uuid| *uuid == known.leader_uuid) => {
                Verdict::Leader((*leader).clone())
            }
            (Some(_), _) => {
                let names: BTreeSet<&str> =
                    leaders.into_iter().chain([known.leader_uuid.as_str()]).map(|uuid| known.name_of(uuid)).collect();
                let names = names.into_iter().collect::<Vec<_>>().join(" and ");
                Verdict::Conflict(format!(
                    "{names} each claim to lead the GSLB with view_id {}; make one of them the leader again, so that \
                     its view_id is higher",
                    known.view_id
                ))
            }
            (None, Some(former)) => Verdict::Former(format!(
                "{} claims to lead the GSLB with view_id {}, but {} leads with view_id {}; nothing is written to a \
                 former leader",
                known.name_of(&former.status.cluster_uuid),
                view(former),
                known.name_of(&known.leader_uuid),
                known.view_id
            )),
            (None, None) => Verdict::Nobody,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITES: [&str; 3] = ["neutral", "site1", "site2"];

    fn gslb(view_id: u64, leader: &str) -> Gslb {
        let site = |name: &str| Site {
            cluster_uuid: format!("cluster-{name}"),
            name: name.into(),
            addresses: vec![name.into(), format!("10.0.0.{}", name.len())],
        };
        Gslb {
            uuid: "gslb-1".into(),
            view_id,
            leader_uuid: format!("cluster-{leader}"),
            maintenance: false,
            sites: SITES.map(site).to_vec(),
            ..Gslb::default()
        }
    }

    /// What the controller of a site says.
    fn says(site: &str, view_id: u64, leader: &str) -> Answer {
        let status = LeaderStatus { cluster_uuid: format!("cluster-{site}"), gslb: Some(gslb(view_id, leader)) };
        Answer { address: site.into(), status }
    }

    /// The first answer is that of the controller in use.
    fn judge(before: &[Answer], now: &[Answer]) -> Verdict {
        let mut leadership = Leadership::default();
        before.iter().for_each(|answer| leadership.learn(answer, Source::InUse));
        let source = |n| if n == 0 { Source::InUse } else { Source::Other };
        now.iter().enumerate().for_each(|(n, answer)| leadership.learn(answer, source(n)));
        leadership.judge(now)
    }

    #[test]
    fn whoever_leads_with_the_highest_view_is_followed() {
        let conflict = |names: &str, view: u64| {
            Verdict::Conflict(format!(
                "{names} each claim to lead the GSLB with view_id {view}; make one of them the leader again, so that \
                 its view_id is higher"
            ))
        };
        let former = |site: &str, view: u64, leader: &str, known: u64| {
            Verdict::Former(format!(
                "{site} claims to lead the GSLB with view_id {view}, but {leader} leads with view_id {known}; nothing \
                 is written to a former leader"
            ))
        };
        let stranger = Answer {
            address: "site1".into(),
            status: LeaderStatus {
                cluster_uuid: "cluster-x".into(),
                gslb: Some(Gslb {
                    uuid: "gslb-2".into(),
                    view_id: 9,
                    leader_uuid: "cluster-x".into(),
                    ..Gslb::default()
                }),
            },
        };
        let follower = says("site2", 0, "neutral");
        let table: [(&str, Vec<Answer>, Vec<Answer>, Verdict); 12] = [
            ("nobody answers", vec![], vec![], Verdict::Nobody),
            (
                "the controller in use leads",
                vec![],
                vec![says("neutral", 0, "neutral"), follower.clone()],
                Verdict::Leader(says("neutral", 0, "neutral")),
            ),
            ("a follower alone", vec![], vec![follower], Verdict::Nobody),
            (
                "the leadership has moved, and the former leader knows",
                vec![says("neutral", 0, "neutral")],
                vec![says("neutral", 1, "site1"), says("site1", 1, "site1")],
                Verdict::Leader(says("site1", 1, "site1")),
            ),
            (
                "two claim to lead",
                vec![says("neutral", 0, "neutral")],
                vec![says("neutral", 0, "neutral"), says("site1", 1, "site1")],
                Verdict::Leader(says("site1", 1, "site1")),
            ),
            (
                "two claim to lead in the same view",
                vec![],
                vec![says("neutral", 1, "neutral"), says("site1", 1, "site1")],
                conflict("neutral and site1", 1),
            ),
            (
                "the other one of two with the same view does not answer",
                vec![says("neutral", 1, "neutral")],
                vec![says("site1", 1, "site1")],
                conflict("neutral and site1", 1),
            ),
            (
                "one of two with the same view gives in",
                vec![says("neutral", 1, "neutral")],
                vec![says("neutral", 1, "site1"), says("site1", 1, "site1")],
                Verdict::Leader(says("site1", 1, "site1")),
            ),
            (
                "a former leader comes back, and the present one does not answer",
                vec![says("neutral", 0, "neutral"), says("site1", 1, "site1")],
                vec![says("neutral", 0, "neutral")],
                former("neutral", 0, "site1", 1),
            ),
            (
                "a follower knows better than the former leader",
                vec![],
                vec![says("neutral", 0, "neutral"), says("site2", 1, "site1")],
                former("neutral", 0, "site1", 1),
            ),
            (
                "a stranger answers at the address of a site",
                vec![],
                vec![says("neutral", 0, "neutral"), stranger],
                Verdict::Leader(says("neutral", 0, "neutral")),
            ),
            (
                "the present leader was restored from a backup",
                vec![says("neutral", 3, "neutral")],
                vec![says("neutral", 1, "neutral")],
                Verdict::Leader(says("neutral", 1, "neutral")),
            ),
        ];
        for (case, before, now, verdict) in table {
            assert_eq!(judge(&before, &now), verdict, "{case}");
        }
    }

    /// FND-F3: the one controller that is asked names another leader for a while, and then itself again in the same view.
    #[test]
    fn a_controller_that_is_asked_alone_leads_again_when_it_says_so() {
        let words = [says("neutral", 1, "neutral"), says("neutral", 1, "site1"), says("neutral", 1, "neutral")];
        let heard = |source: Source| {
            let mut leadership = Leadership::default();
            words.clone().map(|answer| {
                leadership.learn(&answer, source);
                matches!(leadership.judge(&[answer]), Verdict::Leader(_))
            })
        };
        assert_eq!(heard(Source::Only), [true, false, true]);
        assert_eq!(heard(Source::InUse), [true, false, false], "among several, the other one may still lead");
        let mut leadership = Leadership::default();
        leadership.learn(&says("site1", 2, "site1"), Source::InUse);
        let former = says("neutral", 1, "neutral");
        leadership.learn(&former, Source::Only);
        assert!(matches!(leadership.judge(&[former]), Verdict::Former(_)), "a higher view was seen");
    }

    #[test]
    fn another_gslb_at_the_controller_in_use_begins_a_new_count() {
        let mut other = says("neutral", 0, "neutral");
        other.status.gslb = other.status.gslb.map(|gslb| Gslb { uuid: "gslb-2".into(), ..gslb });
        assert_eq!(judge(&[says("site1", 5, "site1")], &[other.clone()]), Verdict::Leader(other));
    }

    #[test]
    fn each_other_controller_is_asked_once_whatever_its_addresses() {
        let mut leadership = Leadership::default();
        assert_eq!(leadership.others("vip", "vip"), Vec::<Vec<String>>::new(), "no site is known yet");
        leadership.learn(&Answer { address: "vip".into(), ..says("neutral", 0, "neutral") }, Source::InUse);
        let [neutral, site1, site2] = SITES.map(|name| vec![name.to_owned(), format!("10.0.0.{}", name.len())]);
        assert_eq!(leadership.others("vip", "vip"), [site1.clone(), site2.clone()]);
        leadership.learn(&says("site1", 1, "site1"), Source::InUse);
        let home = [vec!["vip".to_owned()], neutral.clone()].concat();
        assert_eq!(leadership.others("site1", "vip"), [home, site2.clone()]);
        assert_eq!(leadership.others("site1", "elsewhere"), [vec!["elsewhere".to_owned()], neutral, site2]);
    }

    #[test]
    fn the_successor_of_a_failed_session_knows_the_view_as_long_as_the_same_controller_is_configured() {
        let (memory, mut leadership) = (Memory::default(), Leadership::default());
        leadership.learn(&says("site1", 1, "site1"), Source::InUse);
        memory.keep("vip", &leadership);
        let mut leaders = Vec::new();
        for configured in ["vip", "another"] {
            let mut successor = memory.recall(configured);
            let former = says("neutral", 0, "neutral");
            successor.learn(&former, Source::InUse);
            leaders.push(successor.leader().map(str::to_owned));
        }
        assert_eq!(leaders, [Some("site1".to_owned()), Some("neutral".to_owned())]);
    }

    #[test]
    fn the_address_of_the_leader_is_kept_until_somebody_sends_it_home() {
        let mut leadership = Leadership::default();
        assert_eq!((leadership.address("vip"), leadership.leader()), ("vip", None));
        leadership.learn(&says("site1", 1, "site1"), Source::InUse);
        leadership.found("site1", "vip");
        assert_eq!((leadership.address("vip"), leadership.leader()), ("site1", Some("site1")));
        leadership.go_home();
        assert_eq!((leadership.address("vip"), leadership.leader()), ("vip", Some("site1")));
    }
}
