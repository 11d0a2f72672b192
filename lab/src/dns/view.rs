//! What a DNS service answers from: its table, with the health of every member filled in.

use super::choose::{Turns, address_for, candidates, choose};
use super::health::{HealthBoard, ProbeKey};
use super::judge::{is_usable, judge};
use super::monitor::{Monitor, Monitors};
use super::service::{Member, Service};
use super::table::Table;
use crate::avi::{Finding, MemberHealth};
use hickory_proto::rr::LowerName;
use parking_lot::Mutex;
use std::net::IpAddr;
use std::sync::Arc;

/// A table with health. Replaced as a whole when either changes; whose turn it is goes over to the next view.
#[derive(Debug, Default)]
pub struct View {
    table: Arc<Table>,
    live: Vec<LiveService>,
}

/// One service with the health of its members.
#[derive(Debug)]
pub struct LiveService {
    pub service: Arc<Service>,
    health: Vec<MemberHealth>,
    /// Per pool: turns for IPv4 and for IPv6 answers.
    turns: Arc<Vec<[Mutex<Turns>; 2]>>,
}

/// The address family of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn has(self, address: IpAddr) -> bool {
        address.is_ipv6() == (self == Self::V6)
    }
}

impl View {
    /// Looks up the health of every member on the board. `previous` hands its turns over to services that did not
    /// change.
    pub fn build(table: Arc<Table>, board: &HealthBoard, site: &ProbeSite<'_>, previous: &Self) -> Self {
        let live = table.services.iter().map(|service| LiveService {
            service: service.clone(),
            health: (0..service.members.len()).map(|index| site.health(board, service, index)).collect(),
            turns: previous.turns_of(service).unwrap_or_else(|| new_turns(service)),
        });
        Self { live: live.collect(), table }
    }

    /// The service that answers for this name.
    pub fn find(&self, name: &LowerName) -> Option<&LiveService> {
        self.table.find(name).and_then(|index| self.live.get(index))
    }

    /// Health of a member as this view has it.
    pub fn member_health(&self, service_uuid: &str, address: IpAddr) -> Option<MemberHealth> {
        let live = self.live.get(self.table.position(service_uuid)?)?;
        let index = live.service.members.iter().position(|member| member.address == address)?;
        live.health.get(index).copied()
    }

    fn turns_of(&self, service: &Service) -> Option<Arc<Vec<[Mutex<Turns>; 2]>>> {
        let old = self.live.get(self.table.position(&service.uuid)?)?;
        let same = old.service.members == service.members && old.service.pools == service.pools;
        same.then(|| old.turns.clone())
    }
}

fn new_turns(service: &Service) -> Arc<Vec<[Mutex<Turns>; 2]>> {
    Arc::new(service.pools.iter().map(|_| Default::default()).collect())
}

impl LiveService {
    /// The addresses to answer with; empty when nobody is usable.
    pub fn pick(&self, family: Family, client: IpAddr) -> Vec<IpAddr> {
        let members = &self.service.members;
        let outside = self.service.clients.is_outside(client);
        let usable = |index: usize| {
            let fits = family.has(address_for(&members[index], outside));
            fits && members[index].enabled && self.health.get(index).copied().is_some_and(is_usable)
        };
        let Some((pool, candidates)) = candidates(&self.service, usable) else { return Vec::new() };
        let turns = |candidates: &[usize]| self.turns[pool][family as usize].lock().draw(members, candidates);
        let chosen = choose(&self.service, (&self.service.pools[pool], &candidates), client, turns);
        chosen.into_iter().map(|index| address_for(&members[index], outside)).collect()
    }

    /// Whether no member of either family is usable.
    pub fn is_down(&self) -> bool {
        let usable = |(member, health): (&Member, &MemberHealth)| member.enabled && is_usable(*health);
        !self.service.members.iter().zip(&self.health).any(usable)
    }

    /// The addresses of all members, whatever their state, each once.
    pub fn all(&self, family: Family, client: IpAddr) -> Vec<IpAddr> {
        let outside = self.service.clients.is_outside(client);
        let mut all = Vec::new();
        for member in &self.service.members {
            let address = address_for(member, outside);
            if family.has(address) && !all.contains(&address) {
                all.push(address);
            }
        }
        all
    }
}

/// The site that probes, and the monitors that it can run; others do not count.
#[derive(Debug, Clone, Copy)]
pub struct ProbeSite<'a> {
    pub name: &'a str,
    pub monitors: &'a Monitors,
}

impl ProbeSite<'_> {
    fn health(&self, board: &HealthBoard, service: &Service, index: usize) -> MemberHealth {
        let member = &service.members[index];
        let control = match &member.virtual_service {
            Some((cluster, vs)) if service.control_status => board.control(cluster, vs).into(),
            _ => Finding::NotConfigured,
        };
        let min = service.pool_of(index).and_then(|pool| pool.min_monitors_up);
        judge(control, &self.verdicts(board, service, member), min)
    }

    fn verdicts(&self, board: &HealthBoard, service: &Service, member: &Member) -> Vec<Option<bool>> {
        let keys = self.probes(service, member).into_iter();
        keys.map(|(key, _)| board.probe(&key)).collect()
    }

    /// The probes that judge one member, with their monitors. The key names the address that is really probed, see
    /// [`Service::probe_address`].
    pub fn probes(&self, service: &Service, member: &Member) -> Vec<(ProbeKey, Arc<Monitor>)> {
        if !service.probes(member) {
            return Vec::new();
        }
        let Some(address) = service.probe_address(member) else { return Vec::new() };
        let known = service.monitors.iter().filter_map(|uuid| self.monitors.get(uuid));
        let key = |monitor: &Monitor| ProbeKey {
            dns_site: self.name.into(),
            service_uuid: service.uuid.clone(),
            address,
            monitor_uuid: monitor.uuid.clone(),
        };
        known.map(|monitor| (key(monitor), monitor.clone())).collect()
    }
}
