//! From a question to an answer.

use super::ErrorResponse;
use super::service::DownResponse;
use super::view::{Family, LiveService, View};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA};
use hickory_proto::rr::{LowerName, Name, RData, Record, RecordType};
use std::net::IpAddr;

/// Seconds that a negative answer may be cached.
const NEGATIVE_TTL: u32 = 30;

/// The zone that a DNS service is authoritative for.
#[derive(Debug, Clone)]
pub struct Zone {
    apex: LowerName,
    soa: Record,
    error_response: ErrorResponse,
}

impl Zone {
    pub fn new(apex: &LowerName, error_response: ErrorResponse) -> Self {
        let origin = Name::from(apex);
        let below = |label: &str| origin.prepend_label(label).unwrap_or_else(|_| origin.clone());
        let soa = SOA::new(below("ns"), below("hostmaster"), 1, 3600, 600, 86400, NEGATIVE_TTL);
        Self { apex: apex.clone(), soa: Record::from_rdata(origin, NEGATIVE_TTL, RData::SOA(soa)), error_response }
    }
}

/// What is asked, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    pub name: &'a LowerName,
    /// The name as the client spelt it; answers repeat its case.
    pub spelling: &'a Name,
    pub record_type: RecordType,
    /// Where the query came from.
    pub source: IpAddr,
    /// The client behind the resolver, when the resolver says.
    pub subnet: Option<IpAddr>,
}

/// The parts of an answer that depend on the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub code: ResponseCode,
    pub authoritative: bool,
    pub answers: Vec<Record>,
    /// The SOA record, where the answer is negative.
    pub soa: Option<Record>,
}

impl Reply {
    /// An answer without records.
    pub fn empty(code: ResponseCode, authoritative: bool) -> Self {
        Self { code, authoritative, answers: Vec::new(), soa: None }
    }

    fn records(answers: Vec<Record>) -> Self {
        Self { answers, ..Self::empty(ResponseCode::NoError, true) }
    }

    fn with_soa(code: ResponseCode, zone: &Zone) -> Self {
        Self { soa: Some(zone.soa.clone()), ..Self::empty(code, true) }
    }
}

/// Answers a question; `None` means that the client gets no packet at all.
pub fn answer(view: &View, zone: &Zone, question: &Question<'_>) -> Option<Reply> {
    match view.find(question.name) {
        Some(live) => answer_service(live, zone, question),
        None if *question.name == zone.apex => Some(answer_apex(zone, question.record_type)),
        None if !zone.apex.zone_of(question.name) => Some(Reply::empty(ResponseCode::Refused, false)),
        None => match zone.error_response {
            ErrorResponse::Nxdomain => Some(Reply::with_soa(ResponseCode::NXDomain, zone)),
            ErrorResponse::Drop => None,
        },
    }
}

fn answer_apex(zone: &Zone, record_type: RecordType) -> Reply {
    match record_type {
        RecordType::SOA | RecordType::ANY => Reply::records(vec![zone.soa.clone()]),
        _ => Reply::with_soa(ResponseCode::NoError, zone),
    }
}

fn answer_service(live: &LiveService, zone: &Zone, question: &Question<'_>) -> Option<Reply> {
    let families: &[Family] = match question.record_type {
        RecordType::A => &[Family::V4],
        RecordType::AAAA => &[Family::V6],
        RecordType::ANY => &[Family::V4, Family::V6],
        _ if zone.error_response == ErrorResponse::Drop => return None,
        _ => return Some(Reply::with_soa(ResponseCode::NoError, zone)),
    };
    let client = question.subnet.filter(|_| live.service.client_subnet).unwrap_or(question.source);
    let addresses: Vec<IpAddr> = families.iter().flat_map(|family| live.pick(*family, client)).collect();
    if addresses.is_empty() {
        return down(live, families, client, question);
    }
    Some(Reply::records(addresses.into_iter().map(|ip| address_record(live, question, ip)).collect()))
}

/// Nobody is usable. A family that has no members at all is not down: there is just nothing of it, unless the down
/// response brings an address of that family.
fn down(live: &LiveService, families: &[Family], client: IpAddr, question: &Question<'_>) -> Option<Reply> {
    let all: Vec<IpAddr> = families.iter().flat_map(|family| live.all(*family, client)).collect();
    let is_down = !all.is_empty() || live.is_down();
    let addresses = match &live.service.down_response {
        _ if !is_down => Vec::new(),
        DownResponse::Silence if all.is_empty() => Vec::new(),
        DownResponse::Silence => return None,
        DownResponse::Empty => Vec::new(),
        DownResponse::AllRecords => all,
        DownResponse::Fallback(v4, v6) => {
            let fits = |ip: &IpAddr| families.iter().any(|family| family.has(*ip));
            v4.iter().chain(v6).copied().filter(fits).collect()
        }
        DownResponse::Cname(target) => {
            let cname = RData::CNAME(CNAME(target.clone()));
            return Some(Reply::records(vec![record(live, question, cname)]));
        }
    };
    Some(Reply::records(addresses.into_iter().map(|ip| address_record(live, question, ip)).collect()))
}

fn address_record(live: &LiveService, question: &Question<'_>, address: IpAddr) -> Record {
    let data = match address {
        IpAddr::V4(v4) => RData::A(A(v4)),
        IpAddr::V6(v6) => RData::AAAA(AAAA(v6)),
    };
    record(live, question, data)
}

fn record(live: &LiveService, question: &Question<'_>, data: RData) -> Record {
    Record::from_rdata(question.spelling.clone(), live.service.ttl, data)
}
