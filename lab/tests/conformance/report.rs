//! Runs the checks and says what came out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::Value;

use crate::check::{Check, Checked, Failure, Need, eventually};
use crate::client::{Cluster, items, name, revision};
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
    let Summary { lines, wrong } = summary(&target.name, &outcomes, |number| known::reason(&target.name, number));
    lines.iter().for_each(|line| println!("{line}"));
    assert_eq!(wrong, 0, "{} differs from the list; the lines above say where", target.name);
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
    let cluster = cluster.in_namespace(cluster.new_namespace().await?);
    let outcome = tokio::time::timeout(LIMIT, (check.run)(cluster.clone())).await;
    tidy_up(&cluster).await?;
    outcome.unwrap_or_else(|_| Err(Failure::differs(format!("it takes longer than {LIMIT:?}"))))
}

/// Deletes what a check leaves behind. Without a controller manager, namespaces stay as they are then.
async fn tidy_up(cluster: &Cluster) -> Checked {
    let group = format!("{}.example.com", cluster.namespace);
    let definitions = cluster.get(CRDS).await?.ok(200)?;
    for definition in items(&definitions).iter().filter(|definition| definition["spec"]["group"] == group) {
        cluster.delete(&format!("{CRDS}/{}", name(definition))).await?;
    }
    cluster.delete(&format!("/api/v1/namespaces/{}", cluster.namespace)).await?;
    Ok(())
}

/// Passed, failed, not applicable.
type Counts = [usize; 3];

/// What a run says.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    lines: Vec<String>,
    /// Outcomes that nobody expects.
    wrong: usize,
}

fn summary(target: &str, outcomes: &[(Check, Checked)], known: impl Fn(u16) -> Option<&'static str>) -> Summary {
    let mut groups: BTreeMap<&str, Counts> = BTreeMap::new();
    let (mut total, mut wrong, mut findings) = ([0; 3], 0, Vec::new());
    for (check, outcome) in outcomes {
        let (number, title) = (check.number, check.name.replace('_', " "));
        let (place, finding, expected) = match (outcome, known(number)) {
            (Ok(()), None) => (0, None, true),
            (Ok(()), Some(reason)) => (0, Some(format!("passes, and is a known difference ({reason})")), false),
            (Err(Failure::Differs(why)), None) => (1, Some(why.clone()), false),
            (Err(Failure::Differs(why)), Some(reason)) => (1, Some(format!("{why} [known: {reason}]")), true),
            (Err(Failure::NotApplicable(why)), _) => (2, Some(format!("not applicable, {why}")), true),
        };
        findings.extend(finding.map(|finding| format!("  {number} {title}: {finding}")));
        wrong += usize::from(!expected);
        total[place] += 1;
        let group = check.group.rsplit("::").next().unwrap_or_default();
        groups.entry(group).or_default()[place] += 1;
    }
    let text =
        |[passed, failed, skipped]: Counts| format!("{passed} passed, {failed} failed, {skipped} not applicable");
    let mut lines: Vec<String> =
        groups.into_iter().map(|(group, counts)| format!("  {group}: {}", text(counts))).collect();
    lines.extend(findings);
    lines.push(format!("conformance {target}: {}", text(total)));
    Summary { lines, wrong }
}

#[test]
fn a_known_difference_may_fail_and_must_not_pass() {
    let check = |number| Check {
        number,
        name: "some_sentence",
        group: "a::b",
        needs: &[],
        run: |_| Box::pin(async { Ok(()) }),
    };
    let outcomes = [
        (check(1), Ok(())),
        (check(2), Ok(())),
        (check(3), Err(Failure::differs("x is y"))),
        (check(4), Err(Failure::differs("x is y"))),
        (check(5), Err(Failure::NotApplicable("no need".to_owned()))),
    ];
    let known = |number| [2, 4].contains(&number).then_some("reason");
    let lines = [
        "  b: 2 passed, 2 failed, 1 not applicable",
        "  2 some sentence: passes, and is a known difference (reason)",
        "  3 some sentence: x is y",
        "  4 some sentence: x is y [known: reason]",
        "  5 some sentence: not applicable, no need",
        "conformance t: 2 passed, 2 failed, 1 not applicable",
    ];
    let expected = Summary { lines: lines.map(str::to_owned).to_vec(), wrong: 2 };
    assert_eq!(summary("t", &outcomes, known), expected);
}
