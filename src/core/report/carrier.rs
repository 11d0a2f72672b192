//! Carriers: the empty GSLBHostRules that carry the status of services without a rule (`statusObjects: All`).

/// Label of an object that the operator made and may delete.
pub const MANAGED_BY: &str = "amko.vmware.com/managed-by";
/// Its value.
pub const MANAGER: &str = "amko";

/// Longest name of an object.
const LONGEST: usize = 253;

/// Name of the carrier of an FQDN: the FQDN itself where that is a valid name of an object, otherwise what is left of
/// it with a hash of the whole.
pub fn carrier_name(fqdn: &str) -> String {
    if is_name(fqdn) {
        return fqdn.to_owned();
    }
    let hash = format!("{:016x}", fnv(fqdn.as_bytes()));
    let words = fqdn.to_ascii_lowercase().replace('*', "wildcard");
    let labels = words.split('.').map(label).filter(|label| !label.is_empty());
    let mut name = labels.collect::<Vec<_>>().join(".");
    name.truncate(LONGEST - hash.len() - 1);
    match name.trim_end_matches(['.', '-']) {
        "" => hash,
        name => format!("{name}-{hash}"),
    }
}

/// The letters and digits of a label, other signs as hyphens, which do not stand at its ends.
fn label(label: &str) -> String {
    let sign = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    label.chars().map(sign).collect::<String>().trim_matches('-').to_owned()
}

/// Whether an object can have this name: a DNS subdomain as RFC 1123 has it and Kubernetes checks it.
pub fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = |label: &str| !label.is_empty() && label.chars().all(inner) && label.trim_matches('-') == label;
    text.len() <= LONGEST && text.split('.').all(fits)
}

/// FNV-1a, 64 bits: the same in every version of the operator, as a name has to be.
fn fnv(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}
