//! Runs the checks and says what came out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::Value;

use crate::check::{Check, Checked, Failure, Need, eventually};
use crate::client::{Cluster, revision};
use crate::fixtures::{CRDS, widget_crd};
use crate::known;
use crate::target::Target;

/// Several at a time: some wait for seconds by their nature.
const AT_ONCE: usize = 4;
/// No check takes longer.
const LIMIT: Duration = Duration::from_secs(180);
/// Runs only the checks whose numbers it lists, separated by commas.
const ONLY: &str = "AMKO_CONFORMANCE_ONLY";

/// Runs every check against the target and prints the outcome.
///
/// # Panics
/// When a check fails that is not a known difference, or a known difference is none any more.
pub(crate) async fn run(target: Target, checks: &[Check]) {
    let target = Arc::new(target);
    let cluster = Cluster::new(target.clone());
    let has = prepare(&cluster).await.unwrap_or_else(|failure| panic!("{}: {failure:?}", target.name));
    let only = std::env::var(ONLY).ok();
    let wanted = |check: &&Check| {
        let number = check.number.to_string();
        only.as_ref().is_none_or(|only| only.split(',').any(|one| one.trim() == number))
    };
    let runs = checks.iter().filter(wanted).map(|check| {
        let (check, cluster, has) = (*check, cluster.clone(), has.clone());
        async move { (check, one(check, &cluster, &has).await) }
    });
    let mut outcomes: Vec<(Check, Checked)> = stream::iter(runs).buffer_unordered(AT_ONCE).collect().await;
    outcomes.sort_by_key(|(check, _)| check.number);
    conclude(&target.name, &outcomes);
}

/// Makes the widgets known and finds out what the server has.
async fn prepare(cluster: &Cluster) -> Result<Vec<Need>, Failure> {
    let version = cluster.get("/version").await?.ok(200)?;
    let minor = version["minor"].as_str().unwrap_or_default().trim_end_matches('+').parse().unwrap_or(0);
    let path = format!("{CRDS}/widgets.conf.example.com");
    let known = cluster.get(&path).await?;
    if known.code == 200 {
        let mut crd = widget_crd();
        crd["metadata"]["resourceVersion"] = revision(&known.body).into();
        cluster.put(&path, &crd).await?.ok(200)?;
    } else {
        cluster.post(CRDS, &widget_crd()).await?.ok(201)?;
    }
    eventually(Duration::from_secs(30), || async {
        cluster.get("/apis/conf.example.com/v1/widgets").await?.ok(200).map(|_: Value| ())
    })
    .await?;
    let features = cluster.target.features;
    let present = [
        (Need::Controllers, features.controllers),
        (Need::Cel, features.cel),
        (Need::StreamingLists, minor == 32 || minor >= 34),
        (Need::ClientCertificate, cluster.target.client_certificate.is_some()),
    ];
    Ok(present.into_iter().filter(|(_, present)| *present).map(|(need, _)| need).collect())
}

async fn one(check: Check, cluster: &Cluster, has: &[Need]) -> Checked {
    if let Some(missing) = check.needs.iter().find(|need| !has.contains(need)) {
        return Err(Failure::NotApplicable(format!("the server has no {missing:?}")));
    }
    let namespace = cluster.new_namespace().await?;
    let run = (check.run)(cluster.in_namespace(namespace));
    tokio::time::timeout(LIMIT, run)
        .await
        .unwrap_or_else(|_| Err(Failure::differs(format!("it takes longer than {LIMIT:?}"))))
}

/// Passed, failed, not applicable.
type Counts = [usize; 3];

fn conclude(target: &str, outcomes: &[(Check, Checked)]) {
    let mut groups: BTreeMap<&str, Counts> = BTreeMap::new();
    let (mut total, mut wrong, mut lines) = ([0; 3], 0, Vec::new());
    for (check, outcome) in outcomes {
        let (number, title) = (check.number, check.name.replace('_', " "));
        let known = known::reason(target, number);
        let place = match (outcome, known) {
            (Ok(()), None) => 0,
            (Ok(()), Some(reason)) => {
                wrong += 1;
                lines.push(format!("  {number} {title}: passes, and is a known difference ({reason})"));
                0
            }
            (Err(Failure::Differs(why)), known) => {
                wrong += usize::from(known.is_none());
                let known = known.map(|reason| format!(" [known: {reason}]")).unwrap_or_default();
                lines.push(format!("  {number} {title}: {why}{known}"));
                1
            }
            (Err(Failure::NotApplicable(why)), _) => {
                lines.push(format!("  {number} {title}: not applicable, {why}"));
                2
            }
        };
        total[place] += 1;
        let group = check.group.rsplit("::").next().unwrap_or_default();
        groups.entry(group).or_default()[place] += 1;
    }
    for (group, [passed, failed, skipped]) in groups {
        println!("  {group}: {passed} passed, {failed} failed, {skipped} not applicable");
    }
    lines.iter().for_each(|line| println!("{line}"));
    println!("conformance {target}: {} passed, {} failed, {} not applicable", total[0], total[1], total[2]);
    assert_eq!(wrong, 0, "{target} differs from the list; the lines above say where");
}
