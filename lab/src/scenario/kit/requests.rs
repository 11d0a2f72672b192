//! The controllers' log of requests, read for writes and logins.

use super::script::{Failure, Script, list};
use crate::avi::RequestRecord;
use serde_json::Value;
use std::collections::BTreeMap;

/// Requests in the order in which the controllers got them.
#[derive(Debug, Clone)]
pub struct Requests {
    records: Vec<RequestRecord>,
    /// Names of the objects that were there, by uuid.
    names: BTreeMap<String, String>,
}

/// One write, with what it was about.
#[derive(Debug, Clone)]
pub struct Write<'a> {
    pub record: &'a RequestRecord,
    /// Such as `gslbservice`.
    pub kind: String,
    pub name: String,
}

impl Requests {
    pub fn new(records: Vec<RequestRecord>, names: BTreeMap<String, String>) -> Self {
        Self { records, names }
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Only those to this site.
    pub fn of(&self, site: &str) -> Self {
        let records = self.records.iter().filter(|record| record.site == site).cloned().collect();
        Self { records, names: self.names.clone() }
    }

    /// Everything that changes an object or tries to, sessions left out.
    pub fn writes(&self) -> Vec<Write<'_>> {
        let writes = self.records.iter().filter(|record| record.method != "GET" && !is_session(record));
        writes.map(|record| self.describe(record)).collect()
    }

    /// How many pages of this kind were read.
    pub fn reads_of(&self, kind: &str) -> usize {
        let reads = self.records.iter().filter(|record| record.method == "GET" && record.status == 200);
        reads.filter(|record| self.describe(record).kind == kind).count()
    }

    /// Statuses of the logins.
    pub fn logins(&self) -> Vec<u16> {
        let logins = self.records.iter().filter(|record| path(record) == "login");
        logins.map(|record| record.status).collect()
    }

    /// How often each object was written with success: `PUT gslbservice shop.avi.iberia.local`.
    pub fn done(&self) -> BTreeMap<String, usize> {
        let mut done = BTreeMap::new();
        for write in self.writes().iter().filter(|write| write.record.status < 300) {
            *done.entry(write.line()).or_default() += 1;
        }
        done
    }

    /// Tells every request, one a line.
    pub fn tell(&self, script: &Script) {
        for record in &self.records {
            let name = if record.method == "GET" { String::new() } else { format!("  {}", self.describe(record).name) };
            let RequestRecord { method, path_and_query, status, site, .. } = record;
            script.shows(&format!("  {site}: {method} {path_and_query} {status}{name}"));
        }
    }

    /// Fails when an object was written more than once, in whatever way.
    ///
    /// # Errors
    /// Names the object.
    pub fn at_most_once(&self, script: &Script) -> Result<(), Failure> {
        let mut written: BTreeMap<String, usize> = BTreeMap::new();
        for write in self.writes().iter().filter(|write| write.record.status < 300) {
            *written.entry(format!("{} {}", write.kind, write.name)).or_default() += 1;
        }
        let more =
            written.iter().filter(|(_, count)| **count > 1).map(|(object, count)| format!("{object} {count} times"));
        let more: Vec<String> = more.collect();
        let text = if more.is_empty() { "none twice".to_owned() } else { list(&more) };
        script.check(more.is_empty(), &format!("{} objects written, {text}", written.len()))
    }

    fn describe<'a>(&self, record: &'a RequestRecord) -> Write<'a> {
        let path = path(record);
        let mut parts = path.trim_start_matches("api/").split(['/', '?']);
        let (kind, uuid) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let sent = record.body.as_ref().and_then(|body| body["name"].as_str());
        let name = sent.or_else(|| self.names.get(uuid).map(String::as_str)).unwrap_or(uuid);
        Write { record, kind: kind.to_owned(), name: name.to_owned() }
    }
}

impl Write<'_> {
    /// Method, kind and name.
    pub fn line(&self) -> String {
        format!("{} {} {}", self.record.method, self.kind, self.name)
    }

    pub fn is_service(&self) -> bool {
        self.kind == "gslbservice"
    }

    /// The addresses of the members that were sent, sorted.
    pub fn members(&self) -> Vec<String> {
        self.record.body.as_ref().map(members).unwrap_or_default()
    }
}

/// The addresses of a service's members, sorted.
pub fn members(service: &Value) -> Vec<String> {
    let pools = service["groups"].as_array().into_iter().flatten();
    let members = pools.flat_map(|pool| pool["members"].as_array().into_iter().flatten());
    let mut found: Vec<String> =
        members.filter_map(|member| member["ip"]["addr"].as_str()).map(ToOwned::to_owned).collect();
    found.sort_unstable();
    found
}

fn path(record: &RequestRecord) -> &str {
    record.path_and_query.trim_start_matches('/')
}

fn is_session(record: &RequestRecord) -> bool {
    matches!(path(record), "login" | "logout")
}
