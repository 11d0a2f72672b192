//! Faults of the wire between a client and a controller.

use super::{Entry, Options, option};
use crate::avi::faults::effect::Effect;

pub(super) const ENTRIES: &[Entry] = &[Entry {
    name: "slow-answer",
    number: "F-1",
    what: "The answer begins late.",
    options: &[option("delay", "5s", "time until the first byte")],
    presets: &[],
    build: slow_answer,
}];

fn slow_answer(options: &Options) -> Result<Effect, String> {
    Ok(Effect::Delay(options.duration("delay")?.unwrap_or_default()))
}
