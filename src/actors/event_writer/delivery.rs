//! One Event on its way: the task that sends it, a few times at most.

use crate::kubernetes::events::{Created, create};
use crate::kubernetes::members::MemberClients;
use crate::retry::{Backoff, RetryPolicy, pause};
use k8s_openapi::api::core::v1::Event;
use kube::Client;
use rand::rngs::StdRng;
use std::sync::Arc;

/// How often one Event is sent before it is dropped.
const ATTEMPTS: u32 = 4;

/// A cluster that takes Events.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The one with AMKO's objects, reached as the operator itself.
    Own,
    /// kubeconfig context of a member cluster.
    Member(String),
}

impl Place {
    /// For people.
    pub fn name(&self) -> &str {
        match self {
            Self::Own => "(own cluster)",
            Self::Member(context) => context,
        }
    }
}

/// What a delivery needs.
pub struct Delivery {
    pub place: Place,
    /// `None`: one is made first.
    pub client: Option<Client>,
    pub members: Arc<dyn MemberClients>,
    pub event: Event,
    pub retry: RetryPolicy,
    pub rng: StdRng,
}

/// How it ended. The client comes back for the next one.
pub struct Delivered {
    pub place: Place,
    pub client: Option<Client>,
    pub created: Created,
}

impl std::fmt::Debug for Delivered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivered").field("place", &self.place).field("created", &self.created).finish_non_exhaustive()
    }
}

impl Delivery {
    /// Sends the Event until it is clear what becomes of it, or it has failed too often.
    pub async fn run(mut self) -> Delivered {
        let mut backoff = Backoff::new(self.retry);
        let created = loop {
            let created = self.attempt().await;
            let delay = backoff.fail(None, &mut self.rng);
            if !matches!(created, Created::Failed(_)) || backoff.failures() == ATTEMPTS {
                break created;
            }
            pause(delay).await;
        };
        Delivered { place: self.place, client: self.client, created }
    }

    async fn attempt(&mut self) -> Created {
        let client = match (&self.client, &self.place) {
            (Some(client), _) => client.clone(),
            (None, Place::Own) => return Created::Pointless("no client for the own cluster".into()),
            (None, Place::Member(context)) => match self.members.client(context).await {
                Ok(client) => self.client.insert(client).clone(),
                Err(error) => return Created::Failed(error.to_string()),
            },
        };
        create(&client, &self.event).await
    }
}
