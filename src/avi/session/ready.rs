//! Whether the controller is up, asked without a login: see `docs/RULES.md#sessions`.

use super::exchange::Call;
use super::{AviClient, Response};
use crate::avi::call_error::{CallError, Failure};
use http::Method;

/// The states in which a controller serves its API.
const UP: [&str; 3] = ["CLUSTER_UP_NO_HA", "CLUSTER_UP_HA_ACTIVE", "CLUSTER_UP_HA_COMPROMISED"];

impl AviClient {
    /// Whether the controller is up, asked without a login.
    ///
    /// # Errors
    /// When it does not answer, or says that it is starting.
    pub async fn ready(&self) -> Result<(), CallError> {
        let call = Call { method: Method::GET, target: "/api/cluster/runtime", tenant: "admin", body: None };
        self.shared.pacer.turn(self.urgency).await;
        let answer = self.send(&call, None).await?;
        match answer.status.as_u16() {
            // It is up, but tells strangers nothing of itself.
            401 | 403 | 404 => Ok(()),
            200 => match state(&answer) {
                Some(state) if UP.contains(&state) => Ok(()),
                Some(state) => Err(call.error(Failure::NotReady(state.to_owned()))),
                None => Err(call.error(Failure::Malformed(
                    answer.unusable().unwrap_or("it has no cluster_state.state").to_owned(),
                ))),
            },
            _ => match state(&answer) {
                Some(state) => Err(call.error(Failure::NotReady(state.to_owned()))),
                None => Err(self.failed(&call, &answer)),
            },
        }
    }
}

fn state(answer: &Response) -> Option<&str> {
    answer.json()?.get("cluster_state")?.get("state")?.as_str()
}
