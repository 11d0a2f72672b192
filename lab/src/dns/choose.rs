//! Which members an answer names: pool by priority, member by the pool's algorithm.

use super::service::{Algorithm, Member, Pool, Service};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;

/// Whose turn it is in one pool: the state of smooth weighted round robin. Each draw gives every candidate its ratio
/// as credit, and the one that is drawn pays the sum of all ratios. So in each run of as many draws as the ratios sum
/// up to, every member comes exactly as often as its ratio, well spread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turns {
    credit: Vec<i64>,
}

impl Turns {
    /// Draws one of the candidates, given as positions in `members`. Who is no candidate loses its credit, so that a
    /// member that comes back neither floods nor starves.
    pub fn draw(&mut self, members: &[Member], candidates: &[usize]) -> Option<usize> {
        let mut credit = vec![0; members.len()];
        let mut best: Option<usize> = None;
        for &index in candidates {
            credit[index] = self.credit.get(index).copied().unwrap_or(0) + i64::from(members[index].ratio);
            if best.is_none_or(|best| credit[index] > credit[best]) {
                best = Some(index);
            }
        }
        let total: i64 = candidates.iter().map(|&index| i64::from(members[index].ratio)).sum();
        if let Some(best) = best {
            credit[best] -= total;
        }
        self.credit = credit;
        best
    }
}

/// The position of the pool that answers, and its candidates: the usable members of the first pool (by priority) that
/// has any, filled up from the next pools while there are fewer than `min_members`. `None` when nobody is usable.
pub fn candidates(service: &Service, usable: impl Fn(usize) -> bool) -> Option<(usize, Vec<usize>)> {
    let mut chosen: Option<(usize, Vec<usize>)> = None;
    for (position, pool) in service.pools.iter().enumerate() {
        let members = pool.members.clone().filter(|index| usable(*index));
        match &mut chosen {
            None => {
                let first: Vec<usize> = members.collect();
                chosen = (!first.is_empty()).then_some((position, first));
            }
            Some((_, taken)) if taken.len() < service.min_members => taken.extend(members),
            Some(_) => break,
        }
    }
    chosen
}

/// The members to name, as positions in [`Service::members`]: first the one that the pool's algorithm picks, then the
/// others in their order until there are as many as the service gives per answer.
pub fn choose(
    service: &Service,
    (pool, candidates): (&Pool, &[usize]),
    client: IpAddr,
    turns: impl FnOnce(&[usize]) -> Option<usize>,
) -> Vec<usize> {
    let pick = |algorithm| match algorithm {
        Algorithm::ConsistentHash => hash_pick(service, pool, candidates, client),
        Algorithm::PreferenceOrder => candidates.iter().copied().min_by_key(|&index| service.members[index].preference),
        Algorithm::RoundRobin | Algorithm::NoData => None,
    };
    let first = match (pool.algorithm, pool.fallback) {
        (Algorithm::RoundRobin, _) => turns(candidates),
        (Algorithm::NoData, fallback) => pick(fallback).or_else(|| turns(candidates)),
        (algorithm, _) => pick(algorithm),
    };
    let Some(start) = candidates.iter().position(|&index| Some(index) == first) else { return Vec::new() };
    let count = if service.addresses_per_answer == 0 { candidates.len() } else { service.addresses_per_answer };
    candidates.iter().cycle().skip(start).take(count.min(candidates.len())).copied().collect()
}

/// Weighted rendezvous hashing: every member scores for the masked client address, the highest score wins. A member
/// that leaves takes only its own clients along.
fn hash_pick(service: &Service, pool: &Pool, candidates: &[usize], client: IpAddr) -> Option<usize> {
    let client = masked(client, pool.hash_masks);
    let score = |index: usize| {
        let member = &service.members[index];
        let mut hasher = DefaultHasher::new();
        (client, member.address).hash(&mut hasher);
        // 52 bits and a half: a number between 0 and 1, never either, that a double holds exactly.
        let unit = ((hasher.finish() >> 12) as f64 + 0.5) / (1u64 << 52) as f64;
        -f64::from(member.ratio) / unit.ln()
    };
    candidates.iter().copied().max_by(|&a, &b| score(a).total_cmp(&score(b)))
}

fn masked(address: IpAddr, (mask4, mask6): (u8, u8)) -> IpAddr {
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(mask4.min(32))).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(mask6.min(128))).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

/// The address to name for this member: its public one for a client outside, if it has one. The two may be of different
/// families; then the member answers A queries of one side and AAAA queries of the other.
pub fn address_for(member: &Member, outside: bool) -> IpAddr {
    member.public_address.filter(|_| outside).unwrap_or(member.address)
}
