//! What was told about endpoints, by FQDN, and what of it still waits. Pure: no request is sent here.

use crate::core::endpoint::Endpoint;
use crate::core::occurrence::news::{News, Service, Stage, news};
use crate::core::occurrence::verdict::{Account, Verdict};
use crate::core::occurrence::{Involved, Occurrence, digest};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One endpoint. Small: there is one for each endpoint of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Record {
    /// Digest of FQDN and endpoint.
    id: u64,
    said: Option<Stage>,
    /// What will have been said once the Event that waits has left.
    next: Option<Stage>,
}

/// The records of the endpoints that exist.
#[derive(Debug, Default)]
pub struct Told(BTreeMap<Arc<str>, Box<[Record]>>);

/// What is to be done about one endpoint's Event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It waits to be told, in the place of an earlier one.
    Put { id: u64, cluster: String, involved: Involved, occurrence: Occurrence },
    /// What waits, if anything, is not so any more.
    Withdraw(u64),
}

impl Told {
    /// Takes in all that is to be said about an FQDN: an endpoint that it does not name is gone.
    pub fn take(&mut self, account: Account) -> Vec<Step> {
        let Account { fqdn, speaks, made, verdicts } = account;
        let service = Service { fqdn: &fqdn, speaks, made };
        let known = self.0.entry(Arc::clone(&fqdn)).or_default();
        let before = std::mem::take(known);
        let mut steps = Vec::new();
        let mut records = Vec::with_capacity(verdicts.len());
        for verdict in verdicts {
            let id = digest(&(&fqdn, &verdict.endpoint.key));
            let earlier = before.iter().find(|record| record.id == id).copied();
            let mut record = earlier.unwrap_or(Record { id, said: None, next: None });
            steps.extend(record.step(verdict, service));
            records.push(record);
        }
        let gone = before.iter().filter(|record| record.next.is_some() && !records.iter().any(|r| r.id == record.id));
        steps.extend(gone.map(|record| Step::Withdraw(record.id)));
        *known = records.into();
        if known.is_empty() {
            self.0.remove(&fqdn);
        }
        steps
    }

    /// Whether no endpoint is known.
    #[cfg(test)]
    pub fn is_blank(&self) -> bool {
        self.0.is_empty()
    }

    /// An Event has left the queue, on its way or dropped.
    pub fn left(&mut self, fqdn: &str, id: u64) {
        let records = self.0.get_mut(fqdn).into_iter().flatten();
        for record in records.filter(|record| record.id == id) {
            record.said = record.next.take().or(record.said);
        }
    }
}

impl Record {
    fn step(&mut self, verdict: Verdict, service: Service<'_>) -> Option<Step> {
        let (step, next) = match news(self.said, &verdict, service) {
            News::Tell(stage, occurrence) => {
                let Endpoint { key, uid, .. } = &*verdict.endpoint;
                let (cluster, involved) = (key.cluster.clone(), Involved::behind(key, *uid));
                (Some(Step::Put { id: self.id, cluster, involved, occurrence }), Some(stage))
            }
            News::Silent(stage) => {
                self.said = Some(stage);
                (self.next.map(|_| Step::Withdraw(self.id)), None)
            }
            News::Nothing => (self.next.map(|_| Step::Withdraw(self.id)), None),
        };
        self.next = next;
        step
    }
}
