//! Health monitors: which, how named, what they send (`docs/RULES.md#health-monitors`).

#[cfg(test)]
mod tests;

use super::endpoint::{Backend, Endpoint, EndpointKey, Protocol};
use super::gslb::{HealthMonitor, HttpProbe, Probe};
use super::owner::{MONITOR_PREFIX, Owner};
use super::policy::Template;
use super::request_target::{self, is_pattern};
use data_encoding::HEXLOWER;
use sha1::{Digest, Sha1};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// How many health monitors the controller accepts on one GSLB service.
pub const MAX_PER_SERVICE: usize = 6;

const PASSTHROUGH: &str = "passthrough-hm-tcp-";
const GS_NAME_FIELD: &str = "created by: amko, gsname: ";
const PATH_FIELD: &str = ", path: ";
const TEMPLATE_FIELD: &str = ", created from: ";
/// It names no service: it is of all of them.
const SHARED_DESCRIPTION: &str = "created by: amko";
const PASSTHROUGH_PORT: u16 = 443;

/// The monitors of one GSLB service, and the members of which a path stays without one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnMonitors {
    /// In the order of their references; at most [`MAX_PER_SERVICE`].
    pub monitors: Vec<HealthMonitor>,
    /// Also members with a path that no request can ask for as it is meant.
    pub unmonitored: Vec<(EndpointKey, String)>,
    /// What the controller's limit leaves out of the service as a whole, in words.
    pub limitation: Option<String>,
    /// Some members with paths have TLS and some do not.
    pub differ: bool,
}

/// Where a monitor belongs.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub tenant: &'a str,
    /// Name of the GSLB service.
    pub gs_name: &'a str,
}

impl Subject<'_> {
    /// The monitors that these members ask for (DB-32): one per distinct path while any member has paths; the shared
    /// one while all of them are passthrough Routes; otherwise one for the lowest port. Members are expected in the
    /// order of their keys. A template changes only what is said about paths.
    pub fn monitors(self, members: &[&Endpoint], template: Option<&Template>, owner: &Owner) -> OwnMonitors {
        if members.iter().any(|member| matches!(member.backend, Backend::Paths { .. })) {
            return self.path_monitors(members, template);
        }
        let monitor = match members.iter().all(|member| matches!(member.backend, Backend::Passthrough)) {
            true => (!members.is_empty()).then(|| self.passthrough_monitor(owner)),
            false => {
                let lowest = members.iter().filter_map(|member| probed_port(&member.backend)).min();
                lowest.map(|(port, protocol)| self.port_monitor(port, protocol))
            }
        };
        OwnMonitors { monitors: monitor.into_iter().collect(), ..OwnMonitors::default() }
    }

    /// For each path a monitor by HTTP and one by HTTPS while members differ in TLS, so that a healthy member passes one
    /// of them whatever is rolled out meanwhile; else one of the kind that all members have (DB-31).
    fn path_monitors(self, members: &[&Endpoint], template: Option<&Template>) -> OwnMonitors {
        let has = |wanted: bool| {
            members.iter().any(|member| matches!(member.backend, Backend::Paths { tls, .. } if tls == wanted))
        };
        let differ = has(true) && has(false);
        let (paths, mut unmonitored) = self.monitored_paths(members);
        unmonitored.extend(members.iter().filter_map(|member| Some((member.key.clone(), asked_as_written(member)?))));
        let both = differ && paths.len() * 2 <= MAX_PER_SERVICE;
        let kinds: &[bool] = match (both, differ || has(false)) {
            (true, _) => &[false, true],
            (false, true) => &[false],
            (false, false) => &[true],
        };
        let of_path = |path: &Cow<'_, str>| {
            kinds.iter().map(|secure| self.path_monitor(path, *secure, template)).collect::<Vec<_>>()
        };
        let monitors = paths.iter().flat_map(of_path).collect();
        let limitation = (differ && !both).then(|| self.http_alone(paths.len()));
        OwnMonitors { monitors, unmonitored, limitation, differ }
    }

    /// As many distinct paths as the controller accepts monitors, in the order of members and of the paths of each; where
    /// there are more, those of the oldest objects. And the members of which a path is not among them.
    fn monitored_paths<'a>(self, members: &[&'a Endpoint]) -> (Vec<Cow<'a, str>>, Vec<(EndpointKey, String)>) {
        let mut known = BTreeSet::new();
        let all = members.iter().flat_map(|member| paths(member)).map(|path| request_target::of(path));
        let mut all: Vec<Cow<'a, str>> = all.filter(|path| known.insert(path.clone())).collect();
        if all.len() <= MAX_PER_SERVICE {
            return (all, Vec::new());
        }
        let mut oldest = members.to_vec();
        oldest.sort_by(|a, b| a.seniority().cmp(&b.seniority()));
        let mut chosen = BTreeSet::new();
        for path in oldest.into_iter().flat_map(paths) {
            if chosen.len() < MAX_PER_SERVICE {
                chosen.insert(request_target::of(path));
            }
        }
        all.retain(|path| chosen.contains(path));
        let left_out = |member: &&Endpoint| {
            let path = paths(member).iter().find(|path| !chosen.contains(&request_target::of(path)))?;
            Some((member.key.clone(), self.too_many(path)))
        };
        (all, members.iter().filter_map(left_out).collect())
    }

    fn http_alone(self, paths: usize) -> String {
        format!(
            "some members have TLS and some do not, and a health monitor by HTTP and one by HTTPS for each of the {paths} \
             paths of GSLB service {} would be {}, but the controller accepts {MAX_PER_SERVICE}: only those by HTTP are \
             used until all members have TLS; use fewer distinct paths or healthMonitorRefs",
            self.gs_name,
            paths * 2
        )
    }

    fn too_many(self, path: &str) -> String {
        format!(
            "it is a member, but its path {path} is not monitored: GSLB service {} already has {MAX_PER_SERVICE} \
             health monitors, as many as the controller accepts; use fewer distinct paths or healthMonitorRefs",
            self.gs_name
        )
    }

    /// The monitor of one path, as it stands in a request line, by HTTPS when `secure`. A template gives method, version
    /// and accepted answers, and nothing else.
    pub fn path_monitor(self, path: &str, secure: bool, template: Option<&Template>) -> HealthMonitor {
        let Self { tenant, gs_name } = self;
        let protocol = if secure { "https" } else { "http" };
        let origin = template.map(|template| format!("{TEMPLATE_FIELD}{}", template.name)).unwrap_or_default();
        let probe = http_probe(path, template);
        HealthMonitor {
            tenant: tenant.to_owned(),
            name: path_monitor_name(gs_name, path, secure),
            description: format!("{GS_NAME_FIELD}{gs_name}{PATH_FIELD}{path}, protocol: {protocol}{origin}"),
            port: if secure { 443 } else { 80 },
            probe: if secure { Probe::Https(probe) } else { Probe::Http(probe) },
        }
    }

    /// The monitor that all passthrough services of the tenant share.
    pub fn passthrough_monitor(self, owner: &Owner) -> HealthMonitor {
        HealthMonitor {
            tenant: self.tenant.to_owned(),
            name: passthrough_monitor_name(owner),
            description: SHARED_DESCRIPTION.to_owned(),
            port: PASSTHROUGH_PORT,
            probe: Probe::Tcp,
        }
    }

    /// The monitor of a service whose members are LoadBalancer Services.
    pub fn port_monitor(self, port: u16, protocol: Protocol) -> HealthMonitor {
        let Self { tenant, gs_name } = self;
        HealthMonitor {
            tenant: tenant.to_owned(),
            name: port_monitor_name(gs_name),
            description: format!("{GS_NAME_FIELD}{gs_name}"),
            port,
            probe: match protocol {
                Protocol::Tcp => Probe::Tcp,
                Protocol::Udp => Probe::Udp,
            },
        }
    }
}

/// A pattern is no path; whoever wrote it means some path that fits, and no monitor can know which.
fn asked_as_written(member: &Endpoint) -> Option<String> {
    let path = paths(member).iter().find(|path| is_pattern(path))?;
    let target = request_target::of(path);
    Some(format!(
        "it is a member, but its path {path} is a pattern, and the health monitor asks for it as it is written ({target}), \
         which may be answered as an error; give the object a plain path, or use healthMonitorRefs"
    ))
}

/// What a member without paths is probed on. Zero is no port.
fn probed_port(backend: &Backend) -> Option<(u16, Protocol)> {
    match backend {
        Backend::Port { port, protocol } => (*port != 0).then_some((*port, *protocol)),
        Backend::Passthrough => Some((PASSTHROUGH_PORT, Protocol::Tcp)),
        Backend::Paths { .. } => None,
    }
}

/// The controller wants at least one accepted answer, so an empty template leaves the usual ones.
fn http_probe(path: &str, template: Option<&Template>) -> HttpProbe {
    let (method, version) =
        template.map_or(("HEAD", "HTTP/1.0"), |template| (template.method.as_str(), template.version.as_str()));
    let codes = template.map(|template| template.response_codes.clone()).filter(|codes| !codes.is_empty());
    HttpProbe {
        request: format!("{method} {path} {version}"),
        response_codes: codes.unwrap_or_else(|| vec!["HTTP_2XX".to_owned(), "HTTP_3XX".to_owned()]),
    }
}

fn paths(member: &Endpoint) -> &[String] {
    match &member.backend {
        Backend::Paths { paths, .. } => paths,
        Backend::Port { .. } | Backend::Passthrough => &[],
    }
}

/// Name of a path monitor: see `docs/RULES.md#names-of-monitors`.
pub fn path_monitor_name(gs_name: &str, path: &str, secure: bool) -> String {
    let protocol = if secure { "https" } else { "http" };
    hashed(&format!("{protocol}--{gs_name}--{path}"))
}

/// Name of the one monitor of a service whose members are LoadBalancer Services.
pub fn port_monitor_name(gs_name: &str) -> String {
    hashed(gs_name)
}

/// Name of the monitor that all passthrough services of a tenant share.
pub fn passthrough_monitor_name(owner: &Owner) -> String {
    format!("{MONITOR_PREFIX}{PASSTHROUGH}{}", owner.uuid())
}

/// Whether a monitor is shared by services and so outlives each of them (EX-12).
pub fn is_shared(name: &str) -> bool {
    name.strip_prefix(MONITOR_PREFIX).is_some_and(|rest| rest.starts_with(PASSTHROUGH))
}

/// The GSLB service that a monitor's description names; exact, so that services whose names contain one
/// another are not confused (DB-08).
pub fn gs_name(description: &str) -> Option<&str> {
    let rest = description.strip_prefix(GS_NAME_FIELD)?;
    let name = rest.split_once(PATH_FIELD).map_or(rest, |(name, _)| name);
    (!name.is_empty()).then_some(name)
}

fn hashed(text: &str) -> String {
    format!("{MONITOR_PREFIX}{}", HEXLOWER.encode(&Sha1::digest(text.as_bytes())))
}
