//! What waits for an approval shows wherever a person or a program looks.

use crate::guard::{BOTH, approve, id, seconds, with_services};
use crate::support::World;
use crate::support::objects::{config, members, patch_config};
use crate::support::status::gdp;
use crate::truth::{get, shown_by_kubectl, shown_wide};
use serde_json::{Value, json};

/// Status, reason and message of `Programmed`.
fn programmed(object: &Value) -> [String; 3] {
    let conditions = object["status"]["conditions"].as_array().unwrap();
    let condition = conditions.iter().find(|condition| condition["type"] == "Programmed").unwrap();
    ["status", "reason", "message"].map(|key| condition[key].as_str().unwrap().to_owned())
}

fn metric(world: &World, name: &str) -> String {
    let text = world.links().metrics.render(&world.links().board.read());
    text.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
}

/// FND-C1: members that are held leave no face that says that everything is done, also one that asks for deletions only.
#[tokio::test(start_paused = true)]
async fn members_that_are_held_show_on_every_face_until_they_may_go() {
    let world = with_services(3).await;
    let well = ["True", "Synced", "clusters and controller have been compared completely"];
    assert_eq!(programmed(&config(world.home(), "gc-1")), well);
    let nothing = json!({"held": 0, "members_held": 0});
    assert_eq!(get(&world, "/api/status").await["deletions"], nothing);

    patch_config(world.home(), members(&["ctx-a", "ctx-bb"]));
    seconds(60).await;
    let status = get(&world, "/api/status").await;
    assert_eq!(status["deletions"], json!({"held": 0, "members_held": 3}));
    assert_eq!(status["changes_held"][0]["members"], json!({"ctx-b": 3}));
    let metrics = [metric(&world, "amko_deletions_held "), metric(&world, "amko_changes_held ")];
    assert_eq!(metrics, ["amko_deletions_held 0", "amko_changes_held 3"]);
    let held = "what would take answers away from users waits for an approval: see ChangesHeld";
    let [truth, reason, message] = programmed(&config(world.home(), "gc-1"));
    assert_eq!([truth.as_str(), &reason], ["False", "NeedsApproval"]);
    assert!(message.starts_with(held), "{message}");
    assert_eq!(programmed(&gdp(&world))[..2], ["False", "NeedsApproval"]);
    let (columns, line) = shown_by_kubectl(world.home(), "gslbconfigs").await;
    assert_eq!(columns, ["Name", "Controller", "Programmed", "Reason", "Age"]);
    assert!(line.contains("\"False\" \"NeedsApproval\"") && line.len() < 100, "{line}");
    let conditions = config(world.home(), "gc-1")["status"]["conditions"].clone();
    let told = conditions.as_array().unwrap().iter().find(|c| c["type"] == "ChangesHeld").unwrap()["message"].clone();
    assert!(shown_wide(world.home(), "gslbconfigs").await.1.contains(&told), "{told}");

    approve(&world, &id(&world));
    patch_config(world.home(), members(&BOTH[..1]));
    seconds(60).await;
    assert_eq!(get(&world, "/api/status").await["deletions"], nothing);
    assert_eq!(programmed(&config(world.home(), "gc-1")), well);
}
