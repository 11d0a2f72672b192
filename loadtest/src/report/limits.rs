//! What the measurements themselves say about the limits.

use crate::results::Run;
use std::fmt::Write as _;

/// One list item per run and question that the figures answer.
pub fn measured(runs: &[Run]) -> String {
    let mut out = String::new();
    for run in runs {
        boot(&mut out, run);
        rate(&mut out, run);
        singles(&mut out, run);
    }
    out
}

fn boot(out: &mut String, run: &Run) {
    let boot = &run.boot.median;
    let (all, before) = (boot.time.seconds, boot.first_write_seconds);
    let cores = boot.usage.cpu_seconds / all.max(f64::EPSILON);
    let _ = writeln!(
        out,
        "- {}, boot: {:.0} % of the time passes before the first write (process, lists of the clusters, first read of \
         the controller); the writing itself takes {:.2} times as long as the floor's. The operator uses {cores:.2} of \
         a core, {:.2} ms of CPU per write.",
        run.name,
        before / all.max(f64::EPSILON) * 100.0,
        boot.writing.ratio,
        boot.usage.cpu_seconds * 1000.0 / boot.calls.writes.max(1) as f64,
    );
}

fn rate(out: &mut String, run: &Run) {
    let allowed = run.size.requests_per_second;
    if allowed == 0 {
        return;
    }
    let most = run.boot.median.calls.most_in_a_second;
    let kept = if most <= 2 * allowed as usize { "kept" } else { "**not kept**" };
    let _ = writeln!(
        out,
        "- {}, rate: {allowed} requests per second are allowed, the most in any second of the boot were {most}: {kept}.",
        run.name
    );
}

fn singles(out: &mut String, run: &Run) {
    let Some(singles) = &run.singles else { return };
    let _ = writeln!(
        out,
        "- {}, single changes: {:.1} of {:.1} ms (p50) and {:.1} of {:.1} ms (p99) are the floor's: watch, TLS and the \
         machine.",
        run.name, singles.floor.p50, singles.delay.p50, singles.floor.p99, singles.delay.p99
    );
}
