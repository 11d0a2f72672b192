//! Whole clients, from end to end.

use crate::check::Check;

pub(crate) fn checks() -> Vec<Check> {
    Vec::new()
}
