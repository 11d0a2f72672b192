//! What the door lets through, and what not.

use super::Door;
use crate::place::CONTEXTS;
use crate::support::bodies::OWNER;
use crate::support::objects::web;
use crate::support::witness::{HOME, Witness};
use crate::support::{LEADER, World};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const INGRESSES: &str = "/apis/networking.k8s.io/v1/ingresses";
const HOST: &str = "app1.example.org";

/// A service with one member on the controller, and everything about it told two minutes ago.
struct Scene {
    world: World,
    door: Arc<Door>,
    uuid: String,
}

impl Scene {
    async fn new(owner: &str) -> Self {
        let mut world = World::new(1, &CONTEXTS);
        let door = Door::of(&mut world);
        let member = json!({"ip": {"addr": "10.1.0.5", "type": "V4"}, "ratio": 1, "enabled": true});
        let service = json!({"name": HOST, "domain_names": [HOST], "created_by": owner, "is_federated": true,
            "tenant_ref": "/api/tenant/admin",
            "groups": [{"name": "amko-gs-group-10", "priority": 10, "members": [member]}]});
        let uuid = world.avi.create_object(LEADER, "gslbservice", service);
        let scene = Self { world, door, uuid };
        for plural in ["gslbconfigs", "globaldeploymentpolicies"] {
            let items = scene.world.home().list(&format!("{plural}.amko.vmware.com"));
            scene.list(HOME, &format!("/apis/amko.vmware.com/v1/namespaces/avi-system/{plural}"), "", &items);
        }
        scene.list("s1az1", "/api/v1/namespaces", "", &[json!({"metadata": {"name": "shop"}})]);
        scene.list("s1az1", INGRESSES, "", &[web("app1", "10.1.0.5")]);
        tokio::time::sleep(Duration::from_secs(120)).await;
        scene
    }

    /// A list, or a page of one that goes on.
    fn list(&self, seam: &str, path: &str, next: &str, items: &[Value]) {
        let body = json!({"metadata": {"continue": next}, "items": items});
        self.door.answered(seam, &path.parse().unwrap(), &body);
    }

    fn event(&self, verb: &str, object: &Value) {
        let uri = format!("{INGRESSES}?watch=1").parse().unwrap();
        self.door.happened("s1az1", &uri, &json!({"type": verb, "object": object}));
    }

    /// Whether a request that leaves the service without its member is let through.
    fn passes(&self, method: &str, version: Option<&str>) -> bool {
        let stored = self.world.avi.objects(LEADER, "gslbservice");
        let stored = stored.iter().find(|object| object["uuid"] == *self.uuid).unwrap();
        let version = version.map_or_else(|| stored["_last_modified"].clone(), |version| json!(version));
        let body = json!({"name": HOST, "groups": [], "_last_modified": version}).to_string();
        let request =
            http::Request::builder().method(method).uri(format!("https://{LEADER}/api/gslbservice/{}", self.uuid));
        self.door.asked(LEADER, &request.body(Bytes::from(body)).unwrap());
        std::mem::take(&mut self.door.state.lock().found).is_empty()
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_that_was_told_of_all_the_while_may_not_leave() {
    let scene = Scene::new(OWNER).await;
    assert_eq!((scene.passes("PUT", None), scene.passes("DELETE", None)), (false, false));
    assert!(scene.passes("PUT", Some("1")), "the controller refuses that by itself");
    scene.list("s1az1", INGRESSES, "more", &[]);
    assert!(!scene.passes("PUT", None), "a page is no list");
    scene.list("s1az2", INGRESSES, "", &[]);
    assert!(!scene.passes("PUT", None), "another cluster says nothing about it");
}

#[tokio::test(start_paused = true)]
async fn a_member_may_leave_once_a_list_lacks_it_or_an_event_says_so() {
    let listed = Scene::new(OWNER).await;
    listed.list("s1az1", INGRESSES, "", &[]);
    assert!(listed.passes("PUT", None));
    let deleted = Scene::new(OWNER).await;
    deleted.event("DELETED", &web("app1", "10.1.0.5"));
    assert!(deleted.passes("DELETE", None));
    let moved = Scene::new(OWNER).await;
    moved.event("MODIFIED", &web("app1", "10.1.0.6"));
    assert!(moved.passes("PUT", None));
    let back = Scene::new(OWNER).await;
    back.event("DELETED", &web("app1", "10.1.0.5"));
    back.event("ADDED", &web("app1", "10.1.0.5"));
    assert!(back.passes("PUT", None), "it was gone for a moment");
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(!back.passes("PUT", None), "that is long ago");
}

#[tokio::test(start_paused = true)]
async fn a_policy_that_is_gone_lets_members_leave_after_the_grace_only() {
    let scene = Scene::new(OWNER).await;
    assert!(!scene.passes("DELETE", None));
    scene.list(HOME, "/apis/amko.vmware.com/v1/namespaces/avi-system/globaldeploymentpolicies", "", &[]);
    assert!(!scene.passes("DELETE", None));
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(scene.passes("DELETE", None));
}

#[tokio::test(start_paused = true)]
async fn what_is_foreign_may_not_be_touched() {
    let scene = Scene::new("somebody").await;
    scene.list("s1az1", INGRESSES, "", &[]);
    assert_eq!((scene.passes("PUT", None), scene.passes("DELETE", None)), (false, false));
}
