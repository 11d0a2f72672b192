//! Ages as kubectl prints them: coarser with time.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// Age text: `119s`, `5m3s`, `170m`, `5h10m`, `30h`, `3d4h`, `400d`, `2y30d`.
pub fn human_age(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        _ if seconds < 2 * MINUTE => format!("{seconds}s"),
        _ if seconds < 10 * MINUTE => two_units(seconds, (MINUTE, "m"), (1, "s")),
        _ if seconds < 3 * HOUR => format!("{}m", seconds / MINUTE),
        _ if seconds < 8 * HOUR => two_units(seconds, (HOUR, "h"), (MINUTE, "m")),
        _ if seconds < 2 * DAY => format!("{}h", seconds / HOUR),
        _ if seconds < 8 * DAY => two_units(seconds, (DAY, "d"), (HOUR, "h")),
        _ if seconds < 2 * YEAR => format!("{}d", seconds / DAY),
        _ => two_units(seconds, (YEAR, "y"), (DAY, "d")),
    }
}

/// The smaller unit is left out when it is zero.
fn two_units(seconds: u64, (large, large_name): (u64, &str), (small, small_name): (u64, &str)) -> String {
    match seconds % large / small {
        0 => format!("{}{large_name}", seconds / large),
        rest => format!("{}{large_name}{rest}{small_name}", seconds / large),
    }
}

/// The age of an RFC 3339 text; `<unknown>` where there is none, `<invalid>` where it is not a time.
pub(super) fn age_since(moment: Option<&Value>, now: Timestamp) -> String {
    let Some(text) = moment.and_then(Value::as_str) else { return "<unknown>".to_owned() };
    let Ok(moment) = text.parse::<Timestamp>() else { return "<invalid>".to_owned() };
    // A clock slightly ahead of ours is no reason for alarm.
    let seconds = now.as_second().saturating_sub(moment.as_second());
    match u64::try_from(seconds) {
        Ok(seconds) => human_age(Duration::from_secs(seconds)),
        Err(_) if seconds >= -1 => "0s".to_owned(),
        Err(_) => "<invalid>".to_owned(),
    }
}
