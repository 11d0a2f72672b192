//! The person of a history, who makes single mistakes in the configuration, mends them, and approves what is held.

use crate::door::Door;
use crate::place::CONTEXTS;
use crate::support::World;
use crate::support::objects::{apply, config, delete_policy, patch_config};
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

const POLICIES: &str = "globaldeploymentpolicies.amko.vmware.com";
/// How an approval is asked for in the text of a condition.
const ASKS: &str = "amko.vmware.com/approve-";

/// What was mistaken, until it is mended.
#[derive(Default)]
pub struct Person {
    mistake: Option<(Instant, Mistake)>,
}

#[derive(Clone, Copy)]
enum Object {
    Policy,
    Config,
}

/// The object's spec as it should be.
struct Mistake {
    object: Object,
    right: Value,
}

impl Person {
    /// Mends what is due, approves, or makes a mistake.
    pub fn step(&mut self, world: &World, door: &Door, rng: &mut StdRng) {
        if self.mistake.as_ref().is_some_and(|(due, _)| *due <= Instant::now()) {
            self.mend(world, door);
        }
        match rng.random_range(0..60) {
            0..=1 => drop(approve(world, door)),
            2 if self.mistake.is_none() => self.err(world, door, rng),
            _ => {}
        }
    }

    /// Mends at once.
    pub fn mend(&mut self, world: &World, door: &Door) {
        let Some((_, Mistake { object, right })) = self.mistake.take() else { return };
        match object {
            Object::Policy => drop(apply(world.home(), policy_with(right))),
            Object::Config => patch_config(world.home(), json!({"spec": {"memberClusters": right["memberClusters"]}})),
        }
        door.note("the mistake is mended");
    }

    fn err(&mut self, world: &World, door: &Door, rng: &mut StdRng) {
        let due = Instant::now() + Duration::from_millis(rng.random_range(500..40_000));
        let policy = world.home().get(POLICIES, Some("avi-system"), "global-gdp");
        let which = rng.random_range(0..5);
        let (object, right) = match policy {
            Some(policy) if which != 0 => (Object::Policy, policy["spec"].clone()),
            None if which != 0 => return,
            _ => (Object::Config, config(world.home(), "gc-1")["spec"].clone()),
        };
        let mut wrong = right.clone();
        match which {
            0 => wrong["memberClusters"] = misspelt(&right["memberClusters"], "clusterContext", rng),
            1 => wrong["matchRules"]["appSelector"]["label"] = json!({"app": "gslbb"}),
            2 => wrong["matchRules"] = json!({"appSelector": {"labels": {"app": "gslb"}}}),
            3 => wrong["matchClusters"] = misspelt(&right["matchClusters"], "cluster", rng),
            _ => {}
        }
        match (object, which) {
            (Object::Config, _) => {
                patch_config(world.home(), json!({"spec": {"memberClusters": wrong["memberClusters"]}}))
            }
            // Deleted and made again, as tools do it.
            (Object::Policy, 4) => delete_policy(world.home()),
            (Object::Policy, _) => drop(apply(world.home(), policy_with(wrong))),
        }
        door.note(&format!("mistake {which}"));
        self.mistake = Some((due, Mistake { object, right }));
    }
}

/// Does what conditions of the GSLBConfig ask for; returns whether there was something.
pub fn approve(world: &World, door: &Door) -> bool {
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let texts = conditions.iter().filter(|condition| condition["status"] == "True");
    let asked: Vec<(String, String)> = texts.filter_map(|c| asked_for(c["message"].as_str()?)).collect();
    for (annotation, value) in &asked {
        door.approved(&format!("{annotation}={value}"));
        patch_config(world.home(), json!({"metadata": {"annotations": {annotation: value}}}));
    }
    !asked.is_empty()
}

/// Annotation and value.
fn asked_for(message: &str) -> Option<(String, String)> {
    let from = message.find(ASKS)?;
    let (annotation, rest) = message[from..].split_once('=')?;
    let value: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || ",-_".contains(*c)).collect();
    Some((annotation.to_owned(), value))
}

fn policy_with(spec: Value) -> Value {
    json!({"apiVersion": "amko.vmware.com/v1alpha2", "kind": "GlobalDeploymentPolicy",
        "metadata": {"name": "global-gdp", "namespace": "avi-system"}, "spec": spec})
}

/// One name of the list with a letter more.
fn misspelt(list: &Value, field: &str, rng: &mut StdRng) -> Value {
    let mut list = list.as_array().cloned().unwrap_or_default();
    if list.is_empty() {
        return json!([{field: format!("{}typo", CONTEXTS[0])}]);
    }
    let at = rng.random_range(0..list.len());
    let name = list[at][field].as_str().unwrap_or_default().to_owned();
    list[at][field] = json!(format!("{name}x"));
    list.into()
}
