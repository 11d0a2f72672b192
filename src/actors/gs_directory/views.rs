//! Questions of people about the state, asked of the owners.

use super::GsDirectoryMsg;
use crate::actors::gs_actor::GsView;
use crate::actors::link::Link;
use futures::{Stream, StreamExt};
use ractor::RpcReplyPort;
use ractor::rpc::CallResult;
use std::sync::Arc;
use std::time::Duration;

/// All FQDNs that somebody owns.
///
/// # Errors
/// When the directory does not answer within a second.
pub async fn fqdns(directory: &Link<GsDirectoryMsg>) -> Result<Vec<Arc<str>>, &'static str> {
    ask(directory, GsDirectoryMsg::List).await?.ok_or(SILENT)
}

/// The views of all of them.
///
/// # Errors
/// When the directory does not answer within a second.
pub async fn views(directory: &Link<GsDirectoryMsg>) -> Result<Vec<GsView>, &'static str> {
    let fqdns = fqdns(directory).await?;
    Ok(view_of_each(directory.clone(), fqdns).collect().await)
}

/// Views of these FQDNs, asked of their owners as they are wanted; of a service whose actor is being restarted there is
/// none.
pub fn view_of_each(directory: Link<GsDirectoryMsg>, fqdns: Vec<Arc<str>>) -> impl Stream<Item = GsView> {
    let asked = move |fqdn: Arc<str>| {
        let directory = directory.clone();
        async move { view(&directory, fqdn.to_string()).await }
    };
    let views = futures::stream::iter(fqdns).map(asked).buffered(AT_ONCE);
    // One that does not answer in time does not keep the others back.
    views.filter_map(|view| std::future::ready(view.ok().flatten()))
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
