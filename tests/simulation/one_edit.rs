//! One random edit of the configuration of a random world that rests: whatever it is, few names lose their last answer.

use crate::door::Door;
use crate::place::{CONTEXTS, NAMESPACES, furnish};
use crate::support::objects::{apply, members, patch_config, policy};
use crate::support::{LEADER, World};
use crate::{in_its_own_world, objects, seeds};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// Of objects, before the edit.
const OBJECTS: usize = 120;
/// Long enough for every deletion that is not held, and longer than any grace.
const AFTER: Duration = Duration::from_secs(150);

/// Names that the controller answers, and how many addresses they have in all.
fn answered(world: &World) -> BTreeSet<String> {
    let services = world.on_controller(LEADER, "gslbservice").into_iter();
    let ours = services.filter(|(_, service)| service["created_by"] == *crate::support::bodies::OWNER);
    let groups = |service: &serde_json::Value| service["groups"].as_array().is_some_and(|groups| !groups.is_empty());
    ours.filter(|(_, service)| groups(service)).map(|(name, _)| name).collect()
}

async fn check(seed: u64) {
    let mut world = World::new(seed, &CONTEXTS);
    let mut rng = StdRng::seed_from_u64(seed);
    furnish(&world, &mut rng).await;
    patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": false}}));
    let percent = [5, 20, 50][rng.random_range(0..3)];
    let guard = json!({"maxPercent": percent, "maxCount": rng.random_range(0..30)});
    patch_config(world.home(), json!({"spec": {"deletionGuard": guard}}));
    let prod = rng.random();
    if prod {
        apply(world.home(), selecting(&CONTEXTS, "gslb", Some("prod")));
        for context in CONTEXTS {
            for namespace in NAMESPACES {
                label(&world, context, namespace, "prod");
            }
        }
    }
    // From a handful of services to many.
    for _ in 0..rng.random_range(3..OBJECTS) {
        objects::step_of_addresses(&world, &mut rng);
    }
    let door = Door::of(&mut world);
    world.start().await;
    tokio::time::sleep(AFTER).await;
    let before = answered(&world);
    let what = edit(&world, prod, &mut rng);
    door.note(what);
    tokio::time::sleep(AFTER).await;
    world.settle().await;
    door.check(seed);
    let lost: Vec<String> = before.difference(&answered(&world)).cloned().collect();
    assert!(
        lost.len() * 100 <= before.len() * percent,
        "seed {seed}: {what} took {} of {} names, with maxPercent {percent}: {lost:?}",
        lost.len(),
        before.len()
    );
}

/// One edit, by somebody who may have meant it; says which.
fn edit(world: &World, prod: bool, rng: &mut StdRng) -> &'static str {
    let context = CONTEXTS[rng.random_range(0..CONTEXTS.len())];
    let others: Vec<&str> = CONTEXTS.into_iter().filter(|other| *other != context).collect();
    let env = prod.then_some("prod");
    match rng.random_range(0..8) {
        0 => {
            apply(world.home(), selecting(&CONTEXTS, "gslbb", env));
            "another app label"
        }
        1 => {
            apply(world.home(), selecting(&CONTEXTS, "gslb", Some("staging")));
            "another namespace label in the policy"
        }
        2 => {
            apply(world.home(), selecting(&others, "gslb", env));
            "a cluster less in matchClusters"
        }
        3 => {
            apply(world.home(), selecting(&[], "gslb", env));
            "no cluster in matchClusters"
        }
        4 => {
            patch_config(world.home(), members(&others));
            "a cluster less in memberClusters"
        }
        5 => {
            let typo = format!("{context}x");
            patch_config(world.home(), members(&[others[0], others[1], typo.as_str()]));
            "a cluster misspelt in memberClusters"
        }
        6 => {
            patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": true}}));
            "custom names"
        }
        _ => {
            NAMESPACES.into_iter().for_each(|namespace| label(world, context, namespace, "test"));
            "another label on the namespaces of a cluster"
        }
    }
}

fn selecting(clusters: &[&str], app: &str, env: Option<&str>) -> serde_json::Value {
    let mut policy = policy(clusters, json!({}));
    policy["spec"]["matchRules"]["appSelector"]["label"]["app"] = json!(app);
    if let Some(env) = env {
        policy["spec"]["matchRules"]["namespaceSelector"] = json!({"label": {"env": env}});
    }
    policy
}

fn label(world: &World, context: &str, namespace: &str, env: &str) {
    let patch = json!({"metadata": {"labels": {"env": env}}});
    world.cluster(context).merge_patch("namespaces", None, namespace, None, patch).unwrap();
}

/// FND-A3
#[test]
fn one_edit_of_the_configuration_takes_no_more_names_than_the_guard_allows() {
    let seeds = seeds::chosen();
    println!("seeds {seeds:?}");
    let outcome = seeds::replay(&seeds, |seed| in_its_own_world(check(seed)));
    assert!(outcome.failed.is_empty(), "SEED=n make simulate replays one");
}
