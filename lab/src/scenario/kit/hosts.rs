//! What DNS is expected to say of hosts, compared with what it says.

use super::questions::{Answer, Resolver, addresses};
use super::script::list;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Questions per server: the chance that an address with a sixth of the weight stays unseen is one in a hundred
/// thousand, and whoever waits asks again.
const QUESTIONS: u32 = 60;

/// What one host has to resolve to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub host: String,
    /// Nobody: the name does not exist.
    pub addresses: BTreeSet<IpAddr>,
}

impl Expected {
    /// Whether this server says so; otherwise what it says.
    ///
    /// # Errors
    /// What differs.
    pub async fn at(&self, resolver: &Resolver) -> Result<(), String> {
        let answers = resolver.count(&self.host, if self.addresses.is_empty() { 1 } else { QUESTIONS }).await;
        let found = addresses(answers.keys());
        let empty = answers.keys().any(|answer| !matches!(answer, Answer::Address(..)));
        let silent = answers.contains_key(&Answer::Silence);
        if found == self.addresses && (empty == self.addresses.is_empty()) && !silent {
            return Ok(());
        }
        Err(format!("{} says of {}: {}", resolver.site, self.host, list(answers.keys())))
    }

    /// Whether all these servers say so.
    ///
    /// # Errors
    /// What the first one says that says otherwise.
    pub async fn everywhere(&self, resolvers: &[Resolver]) -> Result<(), String> {
        for resolver in resolvers {
            self.at(resolver).await?;
        }
        Ok(())
    }
}
