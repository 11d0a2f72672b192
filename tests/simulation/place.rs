//! Where the histories take place: clusters, namespaces, and what users keep on the controller.

use crate::support::ako_crds::{install_ako_crds, install_openshift};
use crate::support::controller::{add_third_party_sites, create_tenant, persistence_profile, pki_profile};
use crate::support::controller::{template, user_monitor};
use crate::support::objects::{apply, members, patch_config};
use crate::support::{LEADER, World};
use amko::avi::wire::text_of;
use amko::core::ingest::annotations::TENANT;
use http::Method;
use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use std::time::Duration;

/// The first holds AMKO's objects.
pub const CONTEXTS: [&str; 3] = ["s1az1", "s1az2", "s2"];
/// Is OpenShift.
pub const OPENSHIFT: &str = "s2";
pub const NAMESPACES: [&str; 2] = ["shop", "bank"];
pub const FQDNS: usize = 60;
/// Between two full reads of the controller.
pub const REFRESH: Duration = Duration::from_secs(240);

/// What is there before anything happens: the namespaces first.
pub async fn furnish(world: &World, rng: &mut StdRng) {
    for (context, cluster) in &world.clusters {
        for namespace in NAMESPACES {
            apply(cluster, json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}));
        }
        install_ako_crds(cluster);
        if context == OPENSHIFT {
            install_openshift(cluster);
        }
    }
    let custom = rng.random_range(0..4) == 0;
    patch_config(world.home(), json!({"spec": {"refreshInterval": REFRESH.as_secs(), "useCustomGlobalFqdn": custom}}));
    create_tenant(world, "blue").await;
    create_tenant(world, "green").await;
    add_third_party_sites(world, &["tp1", "tp2"]).await;
    let client = world.client_of(LEADER);
    for tenant in ["admin", "blue"] {
        let objects = [
            ("healthmonitor", user_monitor("user-hm1")),
            ("healthmonitor", user_monitor("user-hm2")),
            ("healthmonitor", template("tmpl1", "GET /x HTTP/1.1", &["HTTP_2XX"])),
            ("applicationpersistenceprofile", persistence_profile("gap-1")),
            ("pkiprofile", pki_profile("pki-1")),
        ];
        for (kind, body) in objects {
            client.request(Method::POST, &format!("/api/{kind}"), tenant, Some(&text_of(&body))).await.unwrap();
        }
    }
    client.logout().await.unwrap();
}

/// Labels and tenants of namespaces, and settings of the installation.
pub fn step(world: &World, rng: &mut StdRng) {
    match rng.random_range(0..12) {
        0..=4 => label(world, rng),
        5..=7 => tenant(world, rng),
        8 => {
            let clusters = if rng.random() { &CONTEXTS[..] } else { &CONTEXTS[..2] };
            patch_config(world.home(), members(clusters));
        }
        9..=10 => {
            let which = if rng.random() { "All" } else { "Rules" };
            patch_config(world.home(), json!({"spec": {"statusObjects": which}}));
        }
        _ => patch_config(world.home(), json!({"spec": {"useCustomGlobalFqdn": rng.random_range(0..3) == 0}})),
    }
}

fn label(world: &World, rng: &mut StdRng) {
    let env = if rng.random() { "prod" } else { "test" };
    patch_namespace(world, rng, &NAMESPACES, json!({"metadata": {"labels": {"env": env}}}));
}

fn tenant(world: &World, rng: &mut StdRng) {
    let tenant = if rng.random_range(0..4) == 0 { json!("blue") } else { Value::Null };
    patch_namespace(world, rng, &["bank", "bank", "shop"], json!({"metadata": {"annotations": {TENANT: tenant}}}));
}

fn patch_namespace(world: &World, rng: &mut StdRng, names: &[&str], patch: Value) {
    let cluster = world.cluster(CONTEXTS[rng.random_range(0..CONTEXTS.len())]);
    let name = names[rng.random_range(0..names.len())];
    cluster.merge_patch("namespaces", None, name, None, patch).unwrap();
}
