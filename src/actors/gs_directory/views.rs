//! Questions of people about the state, asked of the owners.

use super::GsDirectoryMsg;
use crate::actors::gs_actor::{GsMsg, GsView};
use crate::actors::link::Link;
use ractor::{ActorRef, RpcReplyPort};
use std::time::Duration;

/// Views of all FQDNs, asked of their owners one after another.
///
/// # Errors
/// When the directory does not answer within a second.
pub async fn views(directory: &Link<GsDirectoryMsg>) -> Result<Vec<GsView>, &'static str> {
    let actors = ask(directory, GsDirectoryMsg::List).await?;
    let mut views = Vec::with_capacity(actors.len());
    for actor in actors {
        if let Some(view) = ask_actor(&actor).await {
            views.push(view);
        }
    }
    Ok(views)
}

/// The view of one FQDN; `None` when nobody owns it.
///
/// # Errors
/// When the directory does not answer within a second.
pub async fn view(directory: &Link<GsDirectoryMsg>, fqdn: String) -> Result<Option<GsView>, &'static str> {
    match ask(directory, |reply| GsDirectoryMsg::View(fqdn, reply)).await? {
        Some(actor) => Ok(ask_actor(&actor).await),
        None => Ok(None),
    }
}

/// How long a question about the state may take.
const PATIENCE: Duration = Duration::from_secs(1);

async fn ask<T: Send + 'static>(
    directory: &Link<GsDirectoryMsg>,
    message: impl FnOnce(RpcReplyPort<T>) -> GsDirectoryMsg,
) -> Result<T, &'static str> {
    let actor = directory.get().ok_or("the directory is being restarted, ask again")?;
    match actor.call(message, Some(PATIENCE)).await {
        Ok(ractor::rpc::CallResult::Success(answer)) => Ok(answer),
        Ok(ractor::rpc::CallResult::Timeout | ractor::rpc::CallResult::SenderError) | Err(_) => {
            Err("the directory did not answer, ask again")
        }
    }
}

async fn ask_actor(actor: &ActorRef<GsMsg>) -> Option<GsView> {
    match actor.call(GsMsg::View, Some(PATIENCE)).await {
        Ok(ractor::rpc::CallResult::Success(view)) => Some(view),
        Ok(ractor::rpc::CallResult::Timeout | ractor::rpc::CallResult::SenderError) | Err(_) => None,
    }
}
