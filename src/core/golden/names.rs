//! EX-25 and EX-26: domain names of a service, and services named by HostRules.

use crate::core::build::{Decision, Desired};
use crate::core::fixtures::{Controller, World, ingress, installation, strings};
use crate::core::policy::Installation;

const D: &str = "d.example.org";
const GLOBAL: &str = "global.example.org";
const GLOBAL2: &str = "global2.example.org";
const GLOBAL_HM: &str = "amko--cd0b89cd3f5b24d430e6be0aa9db9cca9fbe0d73";
const GLOBAL2_HM: &str = "amko--0a6bc5b0198b04c0ac2296677143b4268a8fd314";

/// EX-25.
#[test]
fn ex_25_aliases_become_domain_names_sorted_and_each_once() {
    let mut world = World::new();
    world.set_ingress("ctx-a", ingress("d", D, &["/"], "10.1.0.5"));
    world.settle(D);
    let hm = world.desired(D).monitors[0].name.clone();
    let steps: [(&[&str], &[&str]); 4] = [
        (&["zz.example.org", "alias.example.org"], &["alias.example.org", D, "zz.example.org"]),
        (
            &["zz.example.org", "alias.example.org", "b.example.org"],
            &["alias.example.org", "b.example.org", D, "zz.example.org"],
        ),
        (&["b.example.org", "alias.example.org", D, "b.example.org"], &["alias.example.org", "b.example.org", D]),
        (&[], &[D]),
    ];
    for (aliases, expected) in steps {
        world.set_aliases(D, aliases);
        assert_eq!(world.settle(D), [format!("PUT gs {D} [{hm}]")], "{aliases:?}");
        assert_eq!(world.controller.held().unwrap().domain_names, expected);
    }
}

/// The operator learns global FQDN and aliases elsewhere; here is what follows from them. EX-26.
#[test]
fn ex_26_in_custom_mode_a_service_has_the_global_name_and_describes_the_local_one() {
    let mut world = World::new();
    world.policy.installation = Some(Installation { custom_global_fqdn: true, ..installation() });
    world.set_ingress("ctx-a", ingress("w", "local.example.org", &["/"], "10.1.0.5"));
    for fqdn in [GLOBAL, "local.example.org"] {
        assert_eq!(world.built(fqdn).decision, Decision::Nothing);
    }

    world.global_fqdns.insert("local.example.org".to_owned(), GLOBAL.to_owned());
    world.set_aliases(GLOBAL, &["al.example.org"]);
    assert_eq!(world.settle(GLOBAL), [format!("POST hm {GLOBAL_HM}"), format!("POST gs {GLOBAL} [{GLOBAL_HM}]")]);
    let Desired { service, monitors } = world.desired(GLOBAL);
    assert_eq!((service.name.as_str(), service.domain_names), (GLOBAL, strings(&["al.example.org", GLOBAL])));
    assert_eq!(service.description, "INGRESS/ctx-a/shop/w/local.example.org");
    assert_eq!(monitors[0].description, "created by: amko, gsname: global.example.org, path: /, protocol: http");

    world.global_fqdns.insert("local.example.org".to_owned(), GLOBAL2.to_owned());
    assert_eq!(world.settle(GLOBAL), [format!("DELETE gs {GLOBAL}"), format!("DELETE hm {GLOBAL_HM}")]);
    let mut other = Controller::default();
    let calls = other.settle(&world.built(GLOBAL2).decision);
    assert_eq!(calls, [format!("POST hm {GLOBAL2_HM}"), format!("POST gs {GLOBAL2} [{GLOBAL2_HM}]")]);

    world.global_fqdns.clear();
    let calls = other.settle(&world.built(GLOBAL2).decision);
    assert_eq!(calls, [format!("DELETE gs {GLOBAL2}"), format!("DELETE hm {GLOBAL2_HM}")]);
}
