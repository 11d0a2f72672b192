//! When is a member up: the control plane's word and the probes' combined.

use crate::avi::{Finding, MemberHealth};

/// The findings about a member from the control plane and from its probes.
///
/// `probes` holds one verdict per monitor, `None` while a monitor has not come to one. `min_monitors_up` says how many
/// checks suffice, and an available control plane counts as one of them; unset means all. Whatever the number, one
/// probe at least must pass, so that members whose data path is down stay out.
pub fn judge(control: Finding, probes: &[Option<bool>], min_monitors_up: Option<usize>) -> MemberHealth {
    MemberHealth { control, data: data_finding(control, probes, min_monitors_up) }
}

fn data_finding(control: Finding, probes: &[Option<bool>], min_monitors_up: Option<usize>) -> Finding {
    if probes.is_empty() {
        return Finding::NotConfigured;
    }
    let from_control = usize::from(control == Finding::Up);
    let needed = min_monitors_up.map_or(probes.len(), |min| min.saturating_sub(from_control).clamp(1, probes.len()));
    let passed = probes.iter().filter(|probe| **probe == Some(true)).count();
    let pending = probes.iter().filter(|probe| probe.is_none()).count();
    match passed {
        passed if passed >= needed => Finding::Up,
        passed if passed + pending < needed => Finding::Down,
        _ => Finding::Unavailable,
    }
}

/// Whether answers may name the member. Probes without a verdict keep a new member out, whatever the control plane
/// says: its first good probe lets it in.
pub fn is_usable(health: MemberHealth) -> bool {
    health.data != Finding::Unavailable && health.verdict() == Finding::Up
}
