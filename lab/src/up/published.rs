//! Whether the world shows the demo application to its users: what `lab ready` promises when there is an operator.

use super::worlds::Worlds;
use crate::avi::HealthView;
use crate::dns::judge::is_usable;
use serde_json::Value;
use std::net::IpAddr;

/// Whether the DNS of every site may name this many members of the GSLB service of `host`, and no member is unusable.
pub fn is_published(worlds: &Worlds, host: &str, members: usize) -> bool {
    worlds.sites().all(|site| usable_members(worlds, site, host) == Some(members))
}

/// How many members the DNS of the site may name; `None` when there is no service or one of them is not usable.
fn usable_members(worlds: &Worlds, site: &str, host: &str) -> Option<usize> {
    let services = worlds.avi.objects(site, "gslbservice");
    let names =
        |service: &Value| service["domain_names"].as_array().is_some_and(|names| names.iter().any(|n| n == host));
    let service = services.iter().find(|service| names(service))?;
    let uuid = service["uuid"].as_str()?;
    let addresses = addresses(service);
    let usable = |address: &IpAddr| is_usable(worlds.board.member(site, uuid, *address));
    addresses.iter().all(usable).then_some(addresses.len())
}

fn addresses(service: &Value) -> Vec<IpAddr> {
    let pools = service["groups"].as_array().into_iter().flatten();
    let members = pools.flat_map(|pool| pool["members"].as_array().into_iter().flatten());
    members.filter_map(|member| member["ip"]["addr"].as_str()?.parse().ok()).collect()
}
