//! Questions of people about the state, asked of the owners.

use super::GsDirectoryMsg;
use crate::actors::gs_actor::GsView;
use crate::actors::link::Link;
use futures::StreamExt;
use ractor::RpcReplyPort;
use ractor::rpc::CallResult;
use std::time::Duration;

/// Views of all FQDNs, asked of their owners; of a service whose actor is being restarted there is none.
///
/// # Errors
/// When the directory does not answer within a second.
pub async fn views(directory: &Link<GsDirectoryMsg>) -> Result<Vec<GsView>, &'static str> {
    let fqdns = ask(directory, GsDirectoryMsg::List).await?.ok_or(SILENT)?;
    let views = futures::stream::iter(fqdns).map(|fqdn| view(directory, fqdn.to_string())).buffered(AT_ONCE);
    // One that does not answer in time does not keep the others back.
    Ok(views.filter_map(|view| std::future::ready(view.ok().flatten())).collect().await)
}

/// The view of one FQDN; `None` when nobody owns it.
///
/// # Errors
/// When there is no answer within a second.
pub async fn view(directory: &Link<GsDirectoryMsg>, fqdn: String) -> Result<Option<GsView>, &'static str> {
    Ok(ask(directory, |reply| GsDirectoryMsg::View(fqdn, reply)).await?.flatten())
}

/// How many owners are asked at the same time.
const AT_ONCE: usize = 32;

const SILENT: &str = "the directory did not answer, ask again";

/// How long a question about the state may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// The answer; `None` when the question was dropped.
async fn ask<T: Send + 'static>(
    directory: &Link<GsDirectoryMsg>,
    message: impl FnOnce(RpcReplyPort<T>) -> GsDirectoryMsg,
) -> Result<Option<T>, &'static str> {
    let actor = directory.get().ok_or("the directory is being restarted, ask again")?;
    match actor.call(message, Some(PATIENCE)).await {
        Ok(CallResult::Success(answer)) => Ok(Some(answer)),
        Ok(CallResult::SenderError) => Ok(None),
        Ok(CallResult::Timeout) | Err(_) => Err(SILENT),
    }
}
