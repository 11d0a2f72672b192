//! The rows of the table: one figure each, with its floor, upstream's figure and the target.

use crate::results::{Against, Repeated, Run};

/// Time that the operator may take, as a multiple of the floor.
const MOST_RATIO: f64 = 1.15;
/// The size that upstream's figures and the absolute targets are about.
const SIZE: (u32, u32) = (5000, 3);

/// One row; empty where there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row {
    pub figure: String,
    pub operator: String,
    pub floor: String,
    pub ratio: String,
    pub upstream: String,
    pub target: String,
    pub met: Option<bool>,
}

impl Row {
    fn new(figure: impl Into<String>, operator: impl Into<String>) -> Self {
        Self { figure: figure.into(), operator: operator.into(), ..Self::default() }
    }

    /// A time beside its floor.
    fn compared(figure: impl Into<String>, against: &Against) -> Self {
        Self {
            floor: seconds(against.floor_seconds),
            ratio: format!("{:.2}", against.ratio),
            ..Self::new(figure, seconds(against.seconds))
        }
    }

    /// A time whose target is the floor.
    fn timed(figure: impl Into<String>, against: &Against) -> Self {
        let met = against.ratio <= MOST_RATIO;
        Self::compared(figure, against).target(&format!("at most {MOST_RATIO} x floor"), met)
    }

    fn target(self, target: &str, met: bool) -> Self {
        Self { target: target.to_owned(), met: Some(met), ..self }
    }

    /// Upstream's figure, in a run that may be compared with it.
    fn upstream(self, comparable: bool, upstream: &str) -> Self {
        let upstream = if comparable { upstream.to_owned() } else { self.upstream };
        Self { upstream, ..self }
    }
}

/// All rows of a run.
pub fn rows(run: &Run) -> Vec<Row> {
    [boot(run), policy(run), singles(run), burst(run), blackout(run), restart(run), statuses(run)].concat()
}

/// Whether the run is of the size of upstream's figures, with a controller that answers at once.
fn comparable(run: &Run) -> bool {
    let size = &run.size;
    let free = size.write_latency_ms == 0 && size.read_latency_ms == 0 && size.requests_per_second == 0;
    (size.fqdns, size.clusters) == SIZE && free
}

fn boot(run: &Run) -> Vec<Row> {
    let (boot, comparable) = (&run.boot.median, comparable(run));
    let writes = boot.writes_per_fqdn;
    let mut cpu = Row::new("- CPU of the operator", seconds(boot.usage.cpu_seconds)).upstream(comparable, "10 s");
    let mut peak = Row::new("Peak RSS of the operator, whole run", megabytes(run.total.peak_rss_mb));
    peak = peak.upstream(comparable, "225 MB");
    if comparable {
        cpu = cpu.target("below 4 s", boot.usage.cpu_seconds < 4.0);
        peak = peak.target("below 80 MB", run.total.peak_rss_mb < 80.0);
    }
    let lists = "- against a floor that lists all clusters before it writes";
    let lists = boot.with_lists.as_ref().map(|time| Row::compared(lists, time));
    let mut rows = vec![
        Row::timed("Boot from empty, from process start to the last answer", &boot.time).upstream(comparable, "129 s"),
        Row::compared("- from the first write to the last answer", &boot.writing),
        Row::new("- until `/readyz`", seconds(boot.ready_seconds)),
        Row::new("- until all clusters are listed", seconds(boot.listed_seconds)),
        Row::new("- until the first write", seconds(boot.first_write_seconds)),
        Row::new("- calls", boot.calls.all.to_string()).upstream(comparable, "12,792"),
        Row::new("- writes per FQDN", format!("{writes:.2}")).target("2", writes <= 2.0),
        cpu,
        Row::new("- peak RSS", megabytes(boot.usage.peak_rss_mb)),
        peak,
    ];
    rows.splice(1..1, lists.into_iter().chain(each("boot", &run.boot.rounds)));
    rows
}

fn policy(run: &Run) -> Vec<Row> {
    let (Some(policy), comparable) = (&run.policy, comparable(run)) else { return Vec::new() };
    let Repeated { median: policy, rounds } = policy;
    let (writes, wanted) = (policy.calls.writes, policy.services as usize);
    let row = Row::timed(format!("Policy edit over all {wanted} services (TTL)"), &policy.time);
    let mut rows: Vec<Row> = each("round", rounds).into_iter().collect();
    rows.insert(0, row.upstream(comparable, "240 s"));
    rows.extend([
        Row::new("- writes", writes.to_string())
            .upstream(comparable, "10,000")
            .target(&wanted.to_string(), writes == wanted),
        Row::new("- until the first write", seconds(policy.first_write_seconds)),
        Row::new("- CPU of the operator", seconds(policy.cpu_seconds)),
    ]);
    rows
}

fn statuses(run: &Run) -> Vec<Row> {
    let Some(statuses) = &run.statuses else { return Vec::new() };
    let what = format!("An object with the status of each of {} services", statuses.services);
    let mut cpu = Row::new("- CPU of the operator", seconds(statuses.cpu_seconds));
    if statuses.services == 5000 {
        cpu = cpu.target("below 2 s", statuses.cpu_seconds < 2.0);
    }
    vec![Row::new(what, seconds(statuses.seconds)), cpu]
}

/// The ratio of each round, where there were several.
fn each(what: &str, rounds: &[Against]) -> Option<Row> {
    let ratios: Vec<String> = rounds.iter().map(|round| format!("{:.2}", round.ratio)).collect();
    (ratios.len() > 1).then(|| Row::new(format!("- ratio of each {what}"), ratios.join(", ")))
}

fn singles(run: &Run) -> Vec<Row> {
    let Some(singles) = &run.singles else { return Vec::new() };
    let (delay, floor) = (&singles.delay, &singles.floor);
    let delays = Row {
        floor: format!("{:.1} / {:.1} ms", floor.p50, floor.p99),
        ratio: format!("{:.2} / {:.2}", delay.p50 / floor.p50, delay.p99 / floor.p99),
        ..Row::new(
            format!("One address change, idle, p50 / p99 of {}", singles.changes),
            format!("{:.1} / {:.1} ms", delay.p50, delay.p99),
        )
    };
    let delays = delays.target("4 / 12 ms at 10,000", delay.p50 <= 4.0 && delay.p99 <= 12.0);
    let (writes, none) = (singles.calls.writes, singles.touch_calls.all);
    let cpu = singles.cpu_seconds * 1000.0 / f64::from(singles.changes);
    vec![
        delays.upstream(run.size.requests_per_second == 0, "16 / 20 ms at 1,000; 16 / 41 ms at 5,000"),
        Row { floor: milliseconds(floor.most), ..Row::new("- longest", milliseconds(delay.most)) },
        Row::new("- writes per change", format!("{:.2}", writes as f64 / f64::from(singles.changes)))
            .upstream(true, "2")
            .target("1", writes == singles.changes as usize),
        Row::new("- calls per change", format!("{:.2}", singles.calls_per_change)),
        Row::new("- CPU of the operator per change", milliseconds(cpu)),
        Row::new(format!("Calls after {} changes without a difference", singles.touches), none.to_string())
            .target("0", none == 0),
    ]
}

fn burst(run: &Run) -> Vec<Row> {
    let (Some(burst), comparable) = (&run.burst, comparable(run)) else { return Vec::new() };
    let median = &burst.median;
    let writes = median.calls.writes as f64 / f64::from(median.services);
    let changes = "- against a floor that hears the changes from a watch";
    let changes = burst.with_changes.as_ref().map(|time| Row::compared(changes, time));
    let mut rows = vec![
        Row::timed(format!("{} changes at once", median.services), &median.time).upstream(comparable, "50 s"),
        Row::new("- until the first write", seconds(median.first_write_seconds)),
        Row::new("- for the changes themselves, in the Kubernetes API", seconds(burst.changing_seconds)),
        Row::new("- writes per change", format!("{writes:.2}")).upstream(comparable, "2").target("1", writes <= 1.0),
        Row::new("- CPU of the operator", seconds(median.cpu_seconds)),
    ];
    rows.splice(1..1, changes.into_iter().chain(each("round", &burst.rounds)));
    rows
}

fn blackout(run: &Run) -> Vec<Row> {
    let Some(blackout) = &run.blackout else { return Vec::new() };
    let (dark, services, each) = (blackout.dark_seconds, blackout.services, blackout.changes_each);
    let time = &blackout.time;
    let writes = blackout.writes_per_service;
    vec![
        Row::compared(
            format!("Controller dark for {dark:.0} s, {services} services changed {each} times: from its return"),
            time,
        ),
        Row::new("- until the first request", seconds(blackout.first_request_seconds)),
        Row::new("- writes per changed service", format!("{writes:.2}")).target("1", writes <= 1.0),
    ]
}

fn restart(run: &Run) -> Vec<Row> {
    let (Some(restart), comparable) = (&run.restart, comparable(run)) else { return Vec::new() };
    let stop = restart.stop_seconds.iter().copied().fold(0.0, f64::max);
    let calls = &restart.calls;
    let reads = calls.pages + calls.other_reads;
    // Who leads and which version it speaks is asked as well.
    let few = reads <= restart.pages_needed + 10;
    vec![
        Row::new("Start in sync: writes", calls.writes.to_string())
            .upstream(comparable, "10,000")
            .target("0", calls.writes == 0),
        Row::new("- reads", reads.to_string())
            .upstream(comparable, "5,122")
            .target(&format!("about {} pages", restart.pages_needed), few),
        Row::compared("- until `/readyz`; floor: the same reads", &restart.ready),
        Row::new("- CPU of the operator", seconds(restart.usage.cpu_seconds)),
        Row::new("- peak RSS", megabytes(restart.usage.peak_rss_mb)),
        Row::new("First change, made at readiness", seconds(restart.first_change_seconds))
            .upstream(comparable, "up to 547 s")
            .target("below 1 s", restart.first_change_seconds < 1.0),
        Row::new(format!("SIGTERM to exit, longest of {}", restart.stop_seconds.len()), seconds(stop))
            .upstream(comparable, "10 s")
            .target("below 1 s", stop < 1.0),
    ]
}

fn seconds(seconds: f64) -> String {
    if seconds < 0.1 { format!("{:.1} ms", seconds * 1000.0) } else { format!("{seconds:.2} s") }
}

fn milliseconds(milliseconds: f64) -> String {
    format!("{milliseconds:.2} ms")
}

fn megabytes(megabytes: f64) -> String {
    format!("{megabytes:.0} MB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_time_is_met_up_to_fifteen_per_cent_above_its_floor() {
        let met = |operator: u64| {
            let against = Against::new(Duration::from_millis(operator), Duration::from_secs(2));
            Row::timed("boot", &against).met
        };
        assert_eq!([met(1000), met(2300), met(2301)], [Some(true), Some(true), Some(false)]);
    }
}
