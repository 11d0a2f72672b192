//! Down response (row 13 of rule GDP-05); GSLBHostRules have the same one.

use crate::core::address::canonical;
use crate::core::gslb::DownResponse;
use crate::crd::{self, down_response as required};

const NONE: &str = "GSLB_SERVICE_DOWN_RESPONSE_NONE";
const ALL_RECORDS: &str = "GSLB_SERVICE_DOWN_RESPONSE_ALL_RECORDS";
const EMPTY: &str = "GSLB_SERVICE_DOWN_RESPONSE_EMPTY";
const FALLBACK_IP: &str = "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP";

/// Reads the response; an empty fallback IP counts as none.
///
/// # Errors
/// What is wrong with it, in upstream's words, without the prefix that a GlobalDeploymentPolicy gives it.
pub fn read(response: &crd::DownResponse) -> Result<DownResponse, String> {
    let kind = response.type_.as_str();
    match (kind, response.fallback_ip.as_deref().filter(|ip| !ip.is_empty())) {
        (FALLBACK_IP, None) => Err(required::ADDRESS.wrong.to_owned()),
        (FALLBACK_IP, Some(ip)) => ip
            .parse()
            .map(canonical)
            .map(DownResponse::FallbackIp)
            .map_err(|_| format!("Fallback IP {ip} is not valid")),
        (_, Some(_)) => Err(required::NO_ADDRESS.wrong_with(kind)),
        (NONE, None) => Ok(DownResponse::None),
        (ALL_RECORDS, None) => Ok(DownResponse::AllRecords),
        (EMPTY, None) => Ok(DownResponse::Empty),
        // The schema refuses it today; an object stored earlier may have it. Upstream has no text.
        (_, None) => Err(format!("unsupported type {kind}")),
    }
}
