//! A service goes to another tenant (TEN-05) without being lost on the way.
//!
//! The controller takes each domain name once, in whatever tenant: the old service has to go before the new one can
//! come. But it looks at the tenant and at the rights of the account first. So the new service is tried while the old one
//! is there: refused for its domain names and for nothing else, it will be taken once these are free. That holds for the
//! names of the old service alone, so it moves with those; what it gets beside them comes afterwards.

use super::execute::Save;
use crate::avi::api::Stored;
use crate::avi::call_error::{CallError, Failure, Restored};
use crate::avi::session::AviClient;
use crate::core::gslb::GslbService;
use crate::core::owner::Owner;
use crate::core::plan::ObservedService;
use std::sync::Arc;

impl AviClient {
    /// Creates `service` and deletes those that it takes the place of. Should it be refused after all, one of them is
    /// created anew. From the first deletion on it goes on by itself, whoever waits for it: see [`AviClient::finish`].
    ///
    /// # Errors
    /// [`Failure::MoveBroken`] when the old services are deleted and the new one was refused for good. Any other failure
    /// is one of a call that left what was there, or of one after it, which is half done then.
    pub(super) async fn relocate(
        &self,
        service: &GslbService,
        from: &[Arc<ObservedService>],
        owner: &Owner,
    ) -> Result<Stored, CallError> {
        let moved = with_names_of(service, from);
        let early = match self.create_service(&moved, owner).await {
            Ok(stored) => Some(stored),
            Err(CallError { failure: Failure::DomainConflict(_), .. }) => None,
            Err(error) => return Err(error),
        };
        let begun = self.begin();
        let (client, service, from, owner) = (self.clone(), service.clone(), from.to_vec(), owner.clone());
        // Whoever waits for it may go: what is deleted has to be made anew.
        let rest = tokio::spawn(async move {
            let outcome = client.take_the_place(early, &moved, &service, &from, &owner).await;
            drop(begun);
            outcome
        });
        match rest.await {
            Ok(outcome) => outcome,
            Err(ended) => match ended.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // The process ends.
                Err(_) => std::future::pending().await,
            },
        }
    }

    /// Deletes the old services, and creates the new one where that was not possible before.
    async fn take_the_place(
        &self,
        early: Option<Stored>,
        moved: &GslbService,
        service: &GslbService,
        from: &[Arc<ObservedService>],
        owner: &Owner,
    ) -> Result<Stored, CallError> {
        let completing = self.completing();
        let mut begun = early.is_some();
        for former in from {
            let client = if begun { &completing } else { self };
            let gone = client.delete("gslbservice", &former.uuid, &former.content.tenant).await;
            gone.map_err(|error| if begun { error.half_way() } else { error })?;
            begun = true;
        }
        let stored = match early {
            Some(stored) => stored,
            None => completing.settle(moved, from, owner).await?,
        };
        if moved.domain_names == service.domain_names {
            return Ok(stored);
        }
        let body = completing.body_of(service, owner);
        let put = Save::put("gslbservice", &stored.uuid, &service.tenant, body, stored.last_modified.as_deref());
        completing.save(put).await.map_err(CallError::half_way)
    }

    /// Creates what was refused for its names only, now that they are free.
    async fn settle(
        &self,
        service: &GslbService,
        from: &[Arc<ObservedService>],
        owner: &Owner,
    ) -> Result<Stored, CallError> {
        match self.create_service(service, owner).await {
            Err(error) if is_final(&error.failure) => Err(self.go_back(error, from, owner).await),
            // It will be taken later, or was taken: that is found out by a look, and done from there.
            outcome => outcome.map_err(CallError::half_way),
        }
    }

    async fn go_back(&self, refused: CallError, from: &[Arc<ObservedService>], owner: &Owner) -> CallError {
        let restored = match from.first() {
            None => Restored::No,
            Some(former) => match self.create_service(&former.content, owner).await {
                Ok(_) => Restored::Yes,
                Err(error) if error.may_have_been_applied() => Restored::Unknown,
                Err(_) => Restored::No,
            },
        };
        let why = refused.failure.to_string();
        CallError { failure: Failure::MoveBroken { restored, why }, ..refused }
    }
}

/// The service with those of its names that the old ones have, if there are any.
fn with_names_of(service: &GslbService, from: &[Arc<ObservedService>]) -> GslbService {
    let held = |name: &&String| from.iter().any(|former| former.content.domain_names.contains(name));
    let names: Vec<String> = service.domain_names.iter().filter(held).cloned().collect();
    if names.is_empty() { service.clone() } else { GslbService { domain_names: names, ..service.clone() } }
}

/// Whether the same call is refused again until a person changes something.
fn is_final(failure: &Failure) -> bool {
    matches!(
        failure,
        Failure::BadRequest(_)
            | Failure::Forbidden(_)
            | Failure::UnknownTenant(_)
            | Failure::Quota(_)
            | Failure::DomainConflict(_)
    )
}
