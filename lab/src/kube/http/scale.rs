//! GET, PUT and PATCH of the scale subresource.

use super::answer::{Answer, Refusal};
use super::route::ResourcePath;
use super::{Call, body, write};
use crate::kube::patch::Patch;
use crate::kube::resource::Resource;
use crate::kube::scale;
use crate::kube::status::Status;
use crate::kube::view;
use crate::kube::write::Target;

pub(super) fn answer(call: &Call, resource: &Resource, path: &ResourcePath<'_>, name: &str) -> Result<Answer, Refusal> {
    let target = Target { namespace: path.namespace, name, subresource: path.subresource };
    let mut state = call.world.state.lock();
    let stored = state.store.get(&resource.storage_key(), &target.key()).cloned();
    let stored = stored.ok_or_else(|| Status::not_found(resource.subject(name)))?;
    let parent = view::present(resource, &stored).into_owned();
    let current = scale::of(resource, &parent)?;
    let (wanted, options) = match call.method.as_str() {
        "GET" => return Ok(Answer::Json(current)),
        "PUT" => {
            let wanted = body::decode(body::media_type(&call.headers), &call.body)?;
            (wanted, write::options(call, "UpdateOptions")?)
        }
        _ => {
            let wanted = match write::decode_patch(call, resource)? {
                Patch::Apply(applied) => Patch::Merge(applied),
                patch => patch,
            };
            (wanted.apply(resource, current)?, write::options(call, "PatchOptions")?)
        }
    };
    let object = scale::put(resource, parent, &wanted)?;
    let written = state.update(resource, target, object, &options)?;
    Ok(Answer::Json(scale::of(resource, &view::present(resource, &written.object))?))
}
