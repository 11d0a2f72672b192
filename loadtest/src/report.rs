//! The results for people: Markdown with figures, floors, upstream's figures and targets.

mod limits;
mod rows;

use crate::plot;
use crate::results::{Calls, Environment, Results, Run};
use anyhow::{Context as _, Result};
use rows::{Row, rows};
use std::fmt::Write as _;
use std::path::Path;

const RESULTS: &str = "results.json";
const REPORT: &str = "RESULTS.md";
/// Written by hand, and taken over.
const LIMITS: &str = "LIMITS.md";

/// Writes `results.json`, the plots and `RESULTS.md` into a directory.
///
/// # Errors
/// When a file cannot be written.
pub fn write(results: &Results, directory: &Path) -> Result<()> {
    let text = serde_json::to_string_pretty(results)?;
    save(&directory.join(RESULTS), &(compact(&text) + "\n"))?;
    for run in &results.runs {
        let size = format!("{} FQDNs, {} clusters ({})", run.size.fqdns, run.size.clusters, run.name);
        plot::boot(&directory.join(picture(run, "boot")), &format!("Boot from empty: {size}"), &run.boot.median)?;
        if let Some(singles) = &run.singles {
            let title = format!("Single address changes: {size}");
            plot::delays(&directory.join(picture(run, "delays")), &title, singles)?;
        }
    }
    let by_hand = std::fs::read_to_string(directory.join(LIMITS)).unwrap_or_default();
    save(&directory.join(REPORT), &markdown(results, &by_hand))
}

/// The results of a directory.
///
/// # Errors
/// When there are none.
pub fn read(directory: &Path) -> Result<Results> {
    let path = directory.join(RESULTS);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} has another shape", path.display()))
}

/// The report; `by_hand` is what the author says about the limits.
pub fn markdown(results: &Results, by_hand: &str) -> String {
    let mut out = String::from(INTRODUCTION);
    out += &surroundings(&results.environment);
    for run in &results.runs {
        out += &section(run);
    }
    out += "\n## What limits it\n\n";
    out += &limits::measured(&results.runs);
    if !by_hand.trim().is_empty() {
        let _ = write!(out, "\n{}\n", by_hand.trim());
    }
    out
}

const INTRODUCTION: &str = "# What the operator costs, and what limits it

Written by `make bench`; the numbers are in [results.json](results.json). The operator is a process of its own, in front
of simulated API servers and a simulated controller in another process, over TLS on loopback.

*Floor* is the time that a bare client needs for the same writes, sent to a controller of its own in the same run: one
login, then the recorded bodies (monitor before service) with the operator's concurrency and rate limit, and nothing
else. For single changes it is a bare watch and one PUT. What operator and floor share (TLS, the simulated controller,
this machine and its other load) is in both. *Upstream* is AMKO 2.2 on two cores in front of a controller that answers at
once, 3 clusters, 5,000 FQDNs unless a number is given.

Delays of single changes begin just before the write to the Kubernetes API and end when the whole request has reached
the controller, before the controller's own latency. Latency of the controller is log-normal around its median.
";

fn surroundings(environment: &Environment) -> String {
    let Environment { date, operator, kernel, processor, cpus, load_before, load_after, release, .. } = environment;
    let build = if *release { "release" } else { "debug" };
    format!(
        "\n{date}; {operator} ({build} build); {cpus} CPUs ({processor}); Linux {kernel}; load average {load_before:.1} \
         before, {load_after:.1} after.\n"
    )
}

fn section(run: &Run) -> String {
    let size = &run.size;
    let mut out = format!("\n## {}: {} FQDNs in {} clusters\n\n", capital(&run.name), size.fqdns, size.clusters);
    let rate = if size.requests_per_second == 0 {
        "no rate limit".to_owned()
    } else {
        format!("at most {} requests per second", size.requests_per_second)
    };
    let _ = write!(
        out,
        "Controller: {} ms per write, {} ms per read, {rate}; {} FQDNs at a time.\n\n\
         | figure | operator | floor | ratio | upstream | target | met |\n| --- | --- | --- | --- | --- | --- | --- |\n",
        size.write_latency_ms, size.read_latency_ms, size.concurrency
    );
    for row in rows(run) {
        let Row { figure, operator, floor, ratio, upstream, target, met } = row;
        let met = match met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let _ = writeln!(out, "| {figure} | {operator} | {floor} | {ratio} | {upstream} | {target} | {met} |");
    }
    out += "\n| requests to the controller | all | writes | POST | PUT | DELETE | pages | other reads | logins | failed | most in a second |\n";
    out += "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (name, calls) in calls(run) {
        let Calls { all, writes, creates, updates, deletes, pages, other_reads, logins, failed, most_in_a_second } =
            calls;
        let _ = writeln!(
            out,
            "| {name} | {all} | {writes} | {creates} | {updates} | {deletes} | {pages} | {other_reads} | {logins} | \
             {failed} | {most_in_a_second} |"
        );
    }
    let _ = write!(out, "\n![boot]({})\n", picture(run, "boot"));
    if run.singles.is_some() {
        let _ = write!(out, "\n![delays]({})\n", picture(run, "delays"));
    }
    out
}

fn calls(run: &Run) -> Vec<(&'static str, &Calls)> {
    let all = [
        ("boot from empty", Some(&run.boot.median.calls)),
        ("policy", run.policy.as_ref().map(|policy| &policy.median.calls)),
        ("single changes", run.singles.as_ref().map(|singles| &singles.calls)),
        ("changes without a difference", run.singles.as_ref().map(|singles| &singles.touch_calls)),
        ("changes at once", run.burst.as_ref().map(|burst| &burst.median.calls)),
        ("after the blackout", run.blackout.as_ref().map(|blackout| &blackout.calls)),
        ("start in sync", run.restart.as_ref().map(|restart| &restart.calls)),
    ];
    all.into_iter().filter_map(|(name, calls)| Some((name, calls?))).collect()
}

fn picture(run: &Run, what: &str) -> String {
    format!("{}-{what}.svg", run.name.replace(' ', "-"))
}

fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Puts the points of curves on one line each: a list of numbers is for programs.
fn compact(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let is_number = |line: &str| line.trim().trim_end_matches(',').parse::<f64>().is_ok();
    let mut flat = false;
    for line in json.lines() {
        let word = line.trim();
        let number = is_number(line);
        if flat && (number || word.starts_with(']') || word.starts_with('[')) {
            out.push_str(word);
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
        }
        flat = number || word.ends_with('[') || (flat && word.starts_with(']'));
    }
    out
}

fn save(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_json_is_the_same_json() {
        let value = serde_json::json!({"a": [[1.5, 2], [3.25, 4]], "b": {"c": [1, 2, 3], "d": "x"}, "e": [{"f": []}]});
        let compacted = compact(&serde_json::to_string_pretty(&value).unwrap());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&compacted).unwrap(), value);
        assert!(compacted.lines().count() < 14, "{compacted}");
    }
}
