//! From what the user wrote to a rule that can be trusted. The texts end up in `status.error` and are those of
//! upstream, byte for byte; the rows are those of `docs/RULES.md#host-rules`.

use super::{HostRule, RulePersistence, ThirdParty};
use crate::core::address::{canonical, usable};
use crate::core::dns_name::{self, normal};
use crate::core::policy::listed_twice;
use crate::core::policy::monitors::{self, Texts};
use crate::core::policy::{MonitorSource, TrafficShare, algorithm, down_response};
use crate::core::precedence::ObjectName;
use crate::core::references::{Question, Stop, Surroundings, Validation};
use crate::crd::global_deployment_policy::ONE_MONITOR_SOURCE;
use crate::crd::gslb_host_rule::{FQDN, PROFILE};
use crate::crd::{GslbHostRuleSpec, PublicIp, RuleTrafficSplitEntry, SitePersistence, ThirdPartyMember};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

/// The rule that is checked.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub object: &'a ObjectName,
    pub managed: bool,
}

/// Checks one rule, without regard to others (rows 1 to 12).
pub fn validate(subject: Subject<'_>, spec: &GslbHostRuleSpec, around: Surroundings<'_>) -> Validation<HostRule> {
    let mut limitations = Vec::new();
    let checked = check(subject, spec, around, &mut limitations).map(|rule| (rule, limitations));
    Validation::new(checked, questions(spec, around), around.catalog)
}

/// Everything that the rule refers to on the controller.
pub fn questions(spec: &GslbHostRuleSpec, around: Surroundings<'_>) -> BTreeSet<Question> {
    let persistence = spec.site_persistence.as_ref();
    let profile = persistence.filter(|persistence| persistence.enabled).and_then(|p| p.profile_ref.as_ref());
    let pki_profile = persistence.and_then(|persistence| persistence.pki_profile_ref.as_ref());
    let monitors = spec.health_monitor_refs.iter().chain(&spec.health_monitor_template);
    let mut questions = around.questions(monitors, profile, pki_profile);
    if !spec.third_party_members.is_empty() {
        questions.insert(around.third_party_sites());
    }
    questions
}

/// The rows in their order.
fn check(
    Subject { object, managed }: Subject<'_>,
    spec: &GslbHostRuleSpec,
    around: Surroundings<'_>,
    limitations: &mut Vec<String>,
) -> Result<HostRule, Stop> {
    let name = object.name.as_str();
    if spec.fqdn.is_empty() {
        return Err(Stop::Invalid(format!("{} for {name} GSLBHostRule", FQDN.wrong)));
    }
    let fqdn = normal(&spec.fqdn).into_owned();
    limitations.extend(dns_name::check(&fqdn).err().map(|why| format!("fqdn: {why}")));
    let persistence = spec.site_persistence.as_ref();
    let persistence = persistence.map(|persistence| read_persistence(persistence, name, around)).transpose()?;
    let algorithm = spec.pool_algorithm_settings.as_ref().map(algorithm::read).transpose();
    let algorithm = algorithm.map_err(|detail| format!("Invalid Pool Algorithm: {detail}"))?;
    let third_party = third_party(&spec.third_party_members, name, around, limitations)?;
    let public_addresses = public_addresses(&spec.public_ip, name, around.clusters, limitations)?;
    let monitors = read_monitors(spec, name, around)?;
    let down_response = spec.down_response.as_ref().map(down_response::read).transpose()?;
    limitations.extend(monitors::limitation(&spec.health_monitor_refs));
    if !third_party.is_empty() && matches!(persistence, Some(RulePersistence::Enabled { .. })) {
        let text = "sitePersistence is enabled beside thirdPartyMembers, which Avi does not support: use one of them";
        limitations.push(text.to_owned());
    }
    let drain = drain(&spec.drain, around.clusters, &third_party, limitations);
    Ok(HostRule {
        object: object.clone(),
        managed,
        fqdn,
        ttl: spec.ttl.map(|ttl| limited(ttl, 0, 86_400, "ttl", limitations)),
        control_plane_only: spec.control_plane_hm_only,
        monitors,
        persistence,
        third_party,
        traffic_split: traffic_split(spec, around.clusters, limitations),
        public_addresses,
        algorithm,
        down_response,
        drain,
    })
}

/// Rows 2 and 3; a PKI profile has to exist even beside a persistence that is off.
fn read_persistence(
    persistence: &SitePersistence,
    rule: &str,
    around: Surroundings<'_>,
) -> Result<RulePersistence, Stop> {
    let SitePersistence { enabled, profile_ref, pki_profile_ref } = persistence;
    let profile = profile_ref.clone().unwrap_or_default();
    if *enabled && profile.is_empty() {
        return Err(Stop::Invalid(format!("{} for {rule} GSLBHostRule", PROFILE.wrong)));
    }
    if *enabled && !around.has_persistence_profile(&profile)? {
        return Err(Stop::Invalid(format!("SitePersistence Profile {profile} error for {rule} GSLBHostRule")));
    }
    if let Some(pki) = pki_profile_ref
        && !around.has_pki_profile(pki)?
    {
        return Err(Stop::Invalid(format!("PKI Profile {pki} error for {rule} GSLBHostRule")));
    }
    Ok(match enabled {
        true => RulePersistence::Enabled { profile, pki_profile: pki_profile_ref.clone() },
        false => RulePersistence::Disabled,
    })
}

/// Rows 5 and 6, both of one entry before the next. Upstream does not look at the public address; one that is none is
/// left out.
fn third_party(
    entries: &[ThirdPartyMember],
    rule: &str,
    around: Surroundings<'_>,
    limitations: &mut Vec<String>,
) -> Result<Vec<ThirdParty>, Stop> {
    let mut members = Vec::new();
    for ThirdPartyMember { site, vip, public_ip } in entries {
        let address: IpAddr = vip.parse().map_err(|_| {
            format!("Invalid VIP for thirdPartyMember site {site},{rule} GSLBHostRule (expecting IP address)")
        })?;
        if !around.has_third_party_site(site)? {
            let text = format!("ThirdPartyMember site {site} does not exist for {rule} GSLBHostRule");
            return Err(Stop::Invalid(text));
        }
        let address = canonical(address);
        limitations.extend(useless(address, || format!("vip of the third-party member at site {site}")));
        let public = public_ip.as_deref().filter(|ip| !ip.is_empty());
        let public_address = public.and_then(|ip| ip.parse().ok()).map(canonical);
        limitations.extend(
            public_address.and_then(|ip| useless(ip, || format!("publicIP of the third-party member at site {site}"))),
        );
        if let Some(ip) = public
            && public_address.is_none()
        {
            limitations
                .push(format!("publicIP {ip} of the third-party member at site {site} is not an address: not used"));
        }
        let member = ThirdParty { site: site.clone(), address, public_address };
        if !members.contains(&member) {
            members.push(member);
        }
    }
    Ok(members)
}

/// Clusters of the GSLBConfig and third-party sites of the rule; others have no members that could be switched off.
fn drain(
    names: &[String],
    known: &BTreeSet<String>,
    third_party: &[ThirdParty],
    limitations: &mut Vec<String>,
) -> BTreeSet<String> {
    let mut drain = BTreeSet::new();
    for name in names {
        if known.contains(name) || third_party.iter().any(|member| member.site == *name) {
            drain.insert(name.clone());
        } else {
            limitations.push(format!(
                "drain names {name}, which is neither in spec.memberClusters of the GSLBConfig nor a site of \
                 thirdPartyMembers: not used; correct the name, or remove it"
            ));
        }
    }
    drain
}

/// Rows 7 and 8, both of one entry before the next; the last entry of a cluster counts. An entry for a cluster that is
/// not known is ignored, and nothing else with it: the cluster may have left, and not the rule have changed.
fn public_addresses(
    entries: &[PublicIp],
    rule: &str,
    known: &BTreeSet<String>,
    limitations: &mut Vec<String>,
) -> Result<BTreeMap<String, IpAddr>, Stop> {
    let mut addresses = BTreeMap::new();
    for PublicIp { cluster, ip } in entries {
        if !known.contains(cluster) {
            limitations.push(format!(
                "publicIP names cluster {cluster}, which is not in spec.memberClusters of the GSLBConfig: the entry is \
                 not used; correct the name, or remove the entry"
            ));
            continue;
        }
        let address = ip
            .parse()
            .map(canonical)
            .map_err(|_| format!("Invalid IP for site {cluster},{rule} GSLBHostRule (expecting IP address)"))?;
        limitations.extend(useless(address, || format!("publicIP of {cluster}")));
        if addresses.insert(cluster.clone(), address).is_some() {
            limitations.push(listed_twice("publicIP", cluster, "last"));
        }
    }
    Ok(addresses)
}

/// Rows 9 to 11.
fn read_monitors(spec: &GslbHostRuleSpec, rule: &str, around: Surroundings<'_>) -> Result<Option<MonitorSource>, Stop> {
    let texts = Texts {
        both: &format!("{} for {rule} GSLBHostRule", ONE_MONITOR_SOURCE.wrong),
        invalid_ref: &|name| format!("Health Monitor Ref {name} error for {rule} GSLBHostRule"),
    };
    monitors::read(&spec.health_monitor_refs, spec.health_monitor_template.as_deref(), around, &texts)
}

/// No row; the last entry of a cluster or site counts. The schema sets no maximum for the priority, and objects stored
/// earlier may violate what it does set.
fn traffic_split(
    spec: &GslbHostRuleSpec,
    known: &BTreeSet<String>,
    limitations: &mut Vec<String>,
) -> BTreeMap<String, TrafficShare> {
    let mut split = BTreeMap::new();
    for RuleTrafficSplitEntry { cluster, weight, priority } in &spec.traffic_split {
        if !known.contains(cluster) && spec.third_party_members.iter().all(|member| member.site != *cluster) {
            limitations.push(format!(
                "trafficSplit names {cluster}, which is neither a cluster of the GSLBConfig nor the site of a \
                 thirdPartyMember: not used, correct the name"
            ));
        }
        let weight = limited(*weight, 1, 20, &format!("weight of {cluster}"), limitations);
        let priority = limited(*priority, 0, 100, &format!("priority of {cluster}"), limitations);
        if split.insert(cluster.clone(), TrafficShare { weight, priority }).is_some() {
            limitations.push(listed_twice("trafficSplit", cluster, "last"));
        }
    }
    limitations.extend(behind(&split, known));
    split
}

/// The priority that the schema fills in for an omitted one is below the default of a policy.
fn behind(split: &BTreeMap<String, TrafficShare>, known: &BTreeSet<String>) -> Option<String> {
    let lowest = RuleTrafficSplitEntry::default().priority;
    let is_lowest =
        |cluster: &&String| split.get(*cluster).is_some_and(|share| i64::from(share.priority) == i64::from(lowest));
    let low: Vec<&str> = known.iter().filter(is_lowest).map(String::as_str).collect();
    let others: Vec<&str> = known.iter().filter(|cluster| !split.contains_key(*cluster)).map(String::as_str).collect();
    (!low.is_empty() && !others.is_empty()).then(|| {
        format!(
            "trafficSplit gives {} the priority {lowest}, which is also that of an entry without one, and {} keep that of \
             the policy, {} where it says none: the highest priority gets all answers; write the priority that is meant",
            low.join(", "),
            others.join(", "),
            TrafficShare::default().priority
        )
    })
}

/// What is said of an address at which nothing is reached. A member that has it already keeps it.
fn useless(address: IpAddr, what: impl FnOnce() -> String) -> Option<String> {
    let useless = usable(address).err()?;
    Some(format!("{}: {useless}: not used, except where the controller has it already; correct it", what()))
}

/// The value of `low` to `high`, both included, that is nearest to `value`.
fn limited(value: i32, low: u32, high: u32, what: &str, limitations: &mut Vec<String>) -> u32 {
    let nearest = u32::try_from(value).unwrap_or(0).clamp(low, high);
    if i64::from(nearest) != i64::from(value) {
        limitations.push(format!("{what} is {value}, but the controller takes {low} to {high}: {nearest} is used"));
    }
    nearest
}
