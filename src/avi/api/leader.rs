//! Who leads, and whether the controller speaks our version: see `docs/RULES.md#requests`.

use super::malformed;
use crate::avi::call_error::CallError;
use crate::avi::session::AviClient;
use crate::avi::wire::text;
use http::Method;
use serde_json::Value;

/// The part that this controller has among the GSLB sites.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaderStatus {
    Leader,
    Follower {
        leader_uuid: String,
        /// Name of the leader's site, when the GSLB configuration lists it.
        leader_name: Option<String>,
    },
    NotInGslb,
}

impl AviClient {
    /// Compares the controller's own uuid with that of the GSLB leader.
    pub async fn leader_status(&self) -> Result<LeaderStatus, CallError> {
        let cluster = self.get("/api/cluster", "admin").await?;
        let own = text(&cluster, "uuid").ok_or_else(|| malformed(&Method::GET, "/api/cluster", "there is no uuid"))?;
        let found = self.find("/api/gslb", "admin").await?;
        let Some(gslb) = found.first() else { return Ok(LeaderStatus::NotInGslb) };
        match text(gslb, "leader_cluster_uuid") {
            Some(leader) if leader == own => Ok(LeaderStatus::Leader),
            Some(leader) => {
                let leader_name = site_name(gslb, leader);
                Ok(LeaderStatus::Follower { leader_uuid: leader.to_owned(), leader_name })
            }
            None => Err(malformed(&Method::GET, "/api/gslb", "there is no leader_cluster_uuid")),
        }
    }

    /// Asks for something simple with the configured version: a controller that does not know the version refuses.
    pub async fn check_version(&self) -> Result<(), CallError> {
        self.request(Method::GET, "/api/cloud", "*", None).await.map(drop)
    }
}

fn site_name(gslb: &Value, cluster_uuid: &str) -> Option<String> {
    let sites = gslb.get("sites")?.as_array()?;
    let site = sites.iter().find(|site| text(site, "cluster_uuid") == Some(cluster_uuid))?;
    text(site, "name").map(str::to_owned)
}
