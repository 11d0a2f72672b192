//! A service goes to another tenant (TEN-05) without being lost on the way.
//!
//! The controller takes each domain name once, in whatever tenant: the old service has to go before the new one can
//! come. But it looks at the tenant and at the rights of the account first. So the new service is tried while the old one
//! is there: refused for its domain names and for nothing else, it will be taken once these are free.

use crate::avi::api::Stored;
use crate::avi::call_error::{CallError, Failure};
use crate::avi::session::AviClient;
use crate::avi::wanted::Wanted;
use crate::core::gslb::GslbService;
use crate::core::owner::Owner;
use crate::core::plan::ObservedService;
use std::sync::Arc;

impl AviClient {
    /// Creates `service` and deletes those that it takes the place of. Should it be refused after all, one of them is
    /// created anew.
    ///
    /// # Errors
    /// [`Failure::MoveBroken`] when the old services are deleted and the new one was refused. Any other failure of a
    /// refused call leaves what was there.
    pub(super) async fn relocate(
        &self,
        service: &GslbService,
        from: &[Arc<ObservedService>],
        owner: &Owner,
    ) -> Result<Stored, CallError> {
        let early = match self.create_service(service, owner).await {
            Ok(stored) => Some(stored),
            Err(CallError { failure: Failure::DomainConflict(_), .. }) => None,
            Err(error) => return Err(error),
        };
        for former in from {
            self.delete("gslbservice", &former.uuid, &former.content.tenant).await?;
        }
        if let Some(stored) = early {
            return Ok(stored);
        }
        // Whoever recalls the move now gets it back by another one.
        let client = self.with_wanted(Wanted::default());
        match client.create_service(service, owner).await {
            Err(error) if !error.may_have_been_applied() => Err(client.go_back(error, from, owner).await),
            outcome => outcome,
        }
    }

    async fn go_back(&self, refused: CallError, from: &[Arc<ObservedService>], owner: &Owner) -> CallError {
        let mut restored = false;
        for former in from.iter().take(1) {
            restored = self.create_service(&former.content, owner).await.is_ok();
        }
        let why = refused.failure.to_string();
        CallError { failure: Failure::MoveBroken { restored, why }, ..refused }
    }
}
