//! The Accept header.

use crate::kube::render::Form;
use crate::kube::status::Status;

/// The first form in the list that this server can produce; always as JSON.
///
/// # Errors
/// 406 when the list holds nothing of the kind.
pub(super) fn form(accept: &str) -> Result<Form, Status> {
    if accept.trim().is_empty() {
        return Ok(Form::Plain);
    }
    accept.split(',').find_map(entry_form).ok_or_else(Status::not_acceptable)
}

fn entry_form(entry: &str) -> Option<Form> {
    let mut parts = entry.split(';').map(str::trim);
    if !matches!(parts.next()?, "application/json" | "application/*" | "*/*") {
        return None;
    }
    match parts.find_map(|parameter| parameter.strip_prefix("as=")) {
        None => Some(Form::Plain),
        Some("Table") => Some(Form::Table),
        Some("PartialObjectMetadata" | "PartialObjectMetadataList") => Some(Form::Metadata),
        Some(_) => None,
    }
}

/// Whether discovery may answer with one aggregated document.
pub(super) fn wants_aggregated(accept: &str) -> bool {
    accept.split(',').any(|entry| {
        let mut parameters = entry.split(';').map(str::trim);
        entry.contains("as=APIGroupDiscoveryList") && parameters.any(|parameter| parameter == "v=v2")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_producible_entry_of_the_accept_header_wins() {
        let table = [
            ("", Some(Form::Plain)),
            ("*/*", Some(Form::Plain)),
            ("application/vnd.kubernetes.protobuf,application/json", Some(Form::Plain)),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", Some(Form::Table)),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Some(Form::Metadata)),
            ("application/xml", None),
            ("application/vnd.kubernetes.protobuf", None),
        ];
        for (accept, expected) in table {
            assert_eq!(form(accept).ok(), expected, "{accept}");
        }
    }
}
