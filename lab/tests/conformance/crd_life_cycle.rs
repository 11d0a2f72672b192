//! CustomResourceDefinitions from their creation to their end.

use std::time::Duration;

use serde_json::{Value, json};

use crate::check::{Check, Checked, Failure, eventually};
use crate::client::{Cluster, JSON, JSON_PATCH};
use crate::fixtures::{CRDS, crd, plain_version};

pub(crate) fn checks() -> Vec<Check> {
    vec![
        check!(105, a_definition_is_established_and_then_served),
        check!(106, a_definition_without_one_stored_version_or_of_another_name_is_invalid),
        check!(107, a_deleted_definition_takes_its_objects_and_its_group_along),
        check!(108, a_finalizer_of_an_object_holds_its_definition),
        check!(109, rules_in_cel_are_kept, [Cel]),
    ]
}

/// The definition of gadgets in a group of this check's own.
struct Gadgets<'a> {
    c: &'a Cluster,
    group: String,
}

impl<'a> Gadgets<'a> {
    fn new(c: &'a Cluster) -> Self {
        Self { c, group: format!("{}.example.com", c.namespace) }
    }

    fn definition(&self) -> Value {
        crd(&self.group, "gadgets", "Gadget", &[], &[plain_version()])
    }

    fn path(&self) -> String {
        format!("{CRDS}/gadgets.{}", self.group)
    }

    fn collection(&self) -> String {
        self.c.group(&format!("{}/v1", self.group), "gadgets")
    }

    fn gadget(&self, name: &str) -> Value {
        json!({
            "apiVersion": format!("{}/v1", self.group), "kind": "Gadget", "metadata": { "name": name },
            "spec": { "size": 1 },
        })
    }

    /// Defines and waits until the resource is there.
    async fn define(&self, definition: &Value) -> Result<Value, Failure> {
        self.c.post(CRDS, definition).await?.ok(201)?;
        eventually(Duration::from_secs(10), || async {
            let crd = self.c.get(&self.path()).await?.ok(200)?;
            let conditions = crd["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let is_true = |kind: &str| conditions.iter().any(|one| one["type"] == kind && one["status"] == "True");
            holds!(is_true("Established") && is_true("NamesAccepted"), "{conditions:?}");
            self.c.get(&self.collection()).await?.ok(200)?;
            Ok(crd)
        })
        .await
    }

    async fn create(&self, name: &str) -> Result<Value, Failure> {
        self.c.post(&self.collection(), &self.gadget(name)).await?.ok(201)
    }
}

/// 105.
async fn a_definition_is_established_and_then_served(c: Cluster) -> Checked {
    let gadgets = Gadgets::new(&c);
    let crd = gadgets.define(&gadgets.definition()).await?;
    same!(crd["status"]["storedVersions"], ["v1"]);
    same!(
        crd["status"]["acceptedNames"],
        json!({ "plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList" })
    );
    gadgets.create("g").await?;
    let group = format!("/apis/{}/v1", gadgets.group);
    eventually(Duration::from_secs(10), || async {
        let list = c.get(&group).accept(JSON).await?.ok(200)?;
        same!(list["resources"][0]["name"], "gadgets");
        Ok(())
    })
    .await
}

/// 106.
async fn a_definition_without_one_stored_version_or_of_another_name_is_invalid(c: Cluster) -> Checked {
    let gadgets = Gadgets::new(&c);
    let mut second = plain_version();
    second["name"] = json!("v2");
    let twice = crd(&gadgets.group, "gadgets", "Gadget", &[], &[plain_version(), second]);
    let mut misnamed = gadgets.definition();
    misnamed["metadata"]["name"] = json!(format!("widgets.{}", gadgets.group));
    for definition in [twice, misnamed] {
        c.post(CRDS, &definition).await?.refused(422, "Invalid")?;
    }
    Ok(())
}

/// 107.
async fn a_deleted_definition_takes_its_objects_and_its_group_along(c: Cluster) -> Checked {
    let gadgets = Gadgets::new(&c);
    gadgets.define(&gadgets.definition()).await?;
    gadgets.create("g").await?;
    let start = c.revision(&gadgets.collection()).await?;
    let mut watch = c.watch(&gadgets.collection(), &format!("resourceVersion={start}")).await?;
    c.delete(&gadgets.path()).await?.ok(200)?;
    watch.expect(&["DELETED g"]).await?;
    watch.end(Duration::from_secs(30)).await?;
    let limit = Duration::from_secs(30);
    eventually(limit, || async { c.is_absent(&gadgets.path()).await }).await?;
    eventually(limit, || async { c.get(&gadgets.collection()).await?.expect(404) }).await?;
    let group = format!("/apis/{}/v1", gadgets.group);
    eventually(limit, || async { c.get(&group).await?.expect(404) }).await
}

/// 108.
async fn a_finalizer_of_an_object_holds_its_definition(c: Cluster) -> Checked {
    let gadgets = Gadgets::new(&c);
    gadgets.define(&gadgets.definition()).await?;
    let mut held = gadgets.gadget("held");
    held["metadata"]["finalizers"] = json!(["conf.example.com/f"]);
    c.post(&gadgets.collection(), &held).await?.ok(201)?;
    c.delete(&gadgets.path()).await?.ok(200)?;
    let limit = Duration::from_secs(30);
    eventually(limit, || async {
        let crd = c.get(&gadgets.path()).await?.ok(200)?;
        let conditions = crd["status"]["conditions"].as_array().cloned().unwrap_or_default();
        holds!(conditions.iter().any(|one| one["type"] == "Terminating" && one["status"] == "True"), "{conditions:?}");
        Ok(())
    })
    .await?;
    let object = format!("{}/held", gadgets.collection());
    eventually(limit, || async {
        let held = c.get(&object).await?.ok(200)?;
        holds!(held["metadata"]["deletionTimestamp"].is_string(), "{held}");
        Ok(())
    })
    .await?;
    let refused = c.post(&gadgets.collection(), &gadgets.gadget("late")).await?.refused(403, "Forbidden")?;
    let message = refused["message"].as_str().unwrap_or_default();
    holds!(message.contains("create not allowed while custom resource definition is terminating"), "{message}");
    let patch = json!([{ "op": "remove", "path": "/metadata/finalizers" }]);
    c.patch(JSON_PATCH, &object, &patch).await?.ok(200)?;
    eventually(limit, || async { c.is_absent(&gadgets.path()).await }).await
}

/// 109.
async fn rules_in_cel_are_kept(c: Cluster) -> Checked {
    let gadgets = Gadgets::new(&c);
    let mut definition = gadgets.definition();
    let spec = "/spec/versions/0/schema/openAPIV3Schema/properties/spec";
    if let Some(spec) = definition.pointer_mut(spec) {
        spec["x-kubernetes-validations"] = json!([
            { "rule": "self.size < 10", "message": "size must stay below ten" },
            { "rule": "self.size >= oldSelf.size", "message": "size must not shrink" },
        ]);
    }
    gadgets.define(&definition).await?;
    let mut large = gadgets.gadget("large");
    large["spec"]["size"] = json!(10);
    let refused = c.post(&gadgets.collection(), &large).await?.refused(422, "Invalid")?;
    holds!(refused["message"].as_str().is_some_and(|text| text.contains("size must stay below ten")), "{refused}");
    large["spec"]["size"] = json!(5);
    c.post(&gadgets.collection(), &large).await?.ok(201)?;
    let path = format!("{}/large", gadgets.collection());
    let refused = c.merge(&path, &json!({ "spec": { "size": 4 } })).await?.refused(422, "Invalid")?;
    holds!(refused["message"].as_str().is_some_and(|text| text.contains("size must not shrink")), "{refused}");
    c.merge(&path, &json!({ "spec": { "size": 6 } })).await?.ok(200).map(|_| ())
}
