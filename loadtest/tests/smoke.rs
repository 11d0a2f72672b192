//! A small run with the real operator: every scenario, counts compared whole, no time judged.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use amko_loadtest::parameters::Parameters;
use amko_loadtest::report;
use amko_loadtest::results::{Calls, Results, Run};
use amko_loadtest::run::run;
use amko_loadtest::surroundings::environment;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FQDNS: usize = 20;

/// The operator's executable, beside the program under test.
fn amko() -> PathBuf {
    let path = PathBuf::from(env!("CARGO_BIN_EXE_amko-loadtest")).with_file_name("amko");
    assert!(path.is_file(), "no operator at {}: build it with cargo build -p amko", path.display());
    path
}

fn parameters() -> Parameters {
    Parameters {
        name: "smoke".into(),
        fqdns: 20,
        clusters: 2,
        write_latency: Duration::from_millis(2),
        singles: 10,
        gap: Duration::from_millis(10),
        burst: 20,
        boots: 2,
        rounds: 1,
        blackout: Duration::from_secs(1),
        blackout_changes: 10,
        patience: Duration::from_secs(30),
        operator: Some(amko()),
        ..Parameters::instant()
    }
}

/// The counts that do not depend on time.
fn writes(calls: &Calls) -> [usize; 4] {
    [calls.writes, calls.creates, calls.updates, calls.deletes]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_run_counts_every_scenario_and_leaves_a_report() {
    // Another test of this program may have installed the same provider before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("loadtest-smoke");
    let parameters = parameters();
    let environment = environment(&parameters).unwrap();
    let measured = run(parameters, &directory, |_| {}).await.unwrap();

    let Run { boot, policy, singles, burst, blackout, restart, total, .. } = &measured;
    let (policy, singles, burst) = (policy.as_ref().unwrap(), singles.as_ref().unwrap(), burst.as_ref().unwrap());
    assert_eq!((boot.rounds.len(), policy.rounds.len()), (2, 2));
    let (boot, policy) = (&boot.median, &policy.median);
    let (blackout, restart) = (blackout.as_ref().unwrap(), restart.as_ref().unwrap());
    assert_eq!(writes(&boot.calls), [2 * FQDNS, 2 * FQDNS, 0, 0], "{:?}", boot.calls);
    assert_eq!(boot.calls.failed, 0, "{:?}", boot.calls);
    assert!((1..=4).contains(&boot.calls.logins), "one login for each session of the pool at most: {:?}", boot.calls);
    assert_eq!(boot.progress.last().unwrap().1, 2 * FQDNS);
    assert_eq!(boot.floor_progress.last().unwrap().1, 2 * FQDNS, "the floor sends the same writes");
    assert_eq!(writes(&policy.calls), [FQDNS, 0, FQDNS, 0], "{:?}", policy.calls);
    assert_eq!(writes(&singles.calls), [10, 0, 10, 0], "{:?}", singles.calls);
    assert_eq!((singles.calls.all, singles.delay.all.len(), singles.floor.all.len()), (10, 10, 10));
    assert_eq!((singles.touches, singles.touch_calls), (20, Calls::default()));
    assert_eq!(writes(&burst.median.calls), [FQDNS, 0, FQDNS, 0], "{:?}", burst.median.calls);
    assert!(boot.with_lists.unwrap().floor_seconds > boot.time.floor_seconds, "the lists come on top: {boot:?}");
    assert_eq!(burst.with_changes.map(|time| time.seconds), Some(burst.median.time.seconds), "one round");
    assert_eq!(writes(&blackout.calls), [10, 0, 10, 0], "{:?}", blackout.calls);
    assert_eq!(writes(&restart.calls), [0; 4], "{:?}", restart.calls);
    assert_eq!((restart.calls.pages, restart.pages_needed), (3, 3), "{:?}", restart.calls);
    assert_eq!(restart.stop_seconds.len(), 3);
    assert!(total.cpu_seconds > 0.0 && total.peak_rss_mb > 1.0, "{total:?}");

    let results = Results { environment, runs: vec![measured] };
    report::write(&results, &directory).unwrap();
    let text = std::fs::read_to_string(directory.join("RESULTS.md")).unwrap();
    assert_eq!(report::markdown(&report::read(&directory).unwrap(), ""), text, "the report can be written again");
    for part in
        ["## Smoke: 20 FQDNs in 2 clusters", "| - writes per FQDN | 2.00 |  |  |  | 2 | yes |", "smoke-boot.svg"]
    {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    for picture in ["smoke-boot.svg", "smoke-delays.svg"] {
        let text = std::fs::read_to_string(directory.join(picture)).unwrap();
        assert!(text.contains("polyline"), "{picture} shows no curve");
    }
}
