//! The PolicyWatcher alone between a cluster in memory and neighbours that only listen: what it asks of the controller,
//! what it puts in force, what it reports.

use crate::rules_support::{Desk, accepted, catalog, federated, monitor, rule};
use crate::support::objects::{apply, members, patch_config, policy};
use amko::actors::board::RuleCounts;
use amko::actors::policy_watcher::PolicyWatcherMsg;
use amko::actors::status_writer::RuleReport;
use amko::core::host_rule::{ANOTHER_EXISTS, RuleVerdict};
use amko::core::naming::Naming;
use amko::core::policy::{DeploymentState, MonitorSource};
use amko::core::references::{Answer, Question};
use serde_json::json;

const WEB: &str = "web.example.org";
const KIND: &str = "gslbhostrules.amko.vmware.com";
const WAITS: &str = "waits for the controller's answer about health monitor my-hm1 of tenant admin";

fn ns(name: &str, tenant: Option<&str>) -> serde_json::Value {
    let annotations = tenant.map_or(json!({}), |tenant| json!({"ako.vmware.com/tenant-name": tenant}));
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": annotations}})
}

/// GHR-01, GHR-03, GHR-04 and GHR-06.
#[tokio::test(start_paused = true)]
async fn a_rule_is_in_force_from_its_creation_to_its_deletion_for_the_fqdn_that_it_names() {
    let mut desk = Desk::start().await;
    assert_eq!(desk.rules(), Some(vec![]), "the first complete list says that there is none");
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB, "ttl": 30})));
    desk.rest().await;
    assert_eq!(desk.rules(), Some(vec![format!("{WEB}: shop/ghr-1 ttl 30")]));
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), accepted())]);
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": "api.example.org", "ttl": 40})));
    desk.rest().await;
    assert_eq!(desk.rules(), Some(vec!["api.example.org: shop/ghr-1 ttl 40".to_owned()]));
    let bad = json!({"fqdn": WEB, "downResponse": {"type": "GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP"}});
    apply(&desk.home, rule("shop", "ghr-1", bad));
    desk.rest().await;
    assert_eq!(desk.rules(), Some(vec![]));
    let text = "Fallback IP is required for GSLB_SERVICE_DOWN_RESPONSE_FALLBACK_IP".to_owned();
    assert_eq!(desk.reports().last(), Some(&("ghr-1".to_owned(), RuleVerdict::Rejected(text))));
    desk.home.delete(KIND, Some("shop"), "ghr-1").unwrap();
    desk.rest().await;
    assert_eq!((desk.rules(), desk.gone()), (None, vec!["shop/ghr-1".to_owned()]), "nothing new for the directory");
}

/// GHR-02 and DB-04.
#[tokio::test(start_paused = true)]
async fn an_echo_of_status_decides_nothing_and_a_duplicate_takes_over() {
    let mut desk = Desk::start().await;
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB, "ttl": 30})));
    desk.rest().await;
    apply(&desk.home, rule("bank", "ghr-2", json!({"fqdn": WEB, "ttl": 40})));
    desk.rest().await;
    assert_eq!(desk.rules(), Some(vec![format!("{WEB}: shop/ghr-1 ttl 30")]));
    let another = RuleVerdict::Rejected(ANOTHER_EXISTS.to_owned());
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), accepted()), ("ghr-2".to_owned(), another)]);
    desk.heard();
    for (namespace, name, status) in [("bank", "ghr-2", "Rejected"), ("shop", "ghr-1", "Accepted")] {
        let status = json!({"status": {"status": status}});
        desk.home.merge_patch(KIND, Some(namespace), name, Some("status"), status).unwrap();
    }
    desk.rest().await;
    assert_eq!(desk.heard(), ["Restated", "Restated"], "to the writer, and nothing is judged");
    desk.home.delete(KIND, Some("shop"), "ghr-1").unwrap();
    desk.rest().await;
    assert_eq!(desk.rules(), Some(vec![format!("{WEB}: bank/ghr-2 ttl 40")]));
    let report = desk.last_report();
    assert_eq!((report.object.name.as_str(), &report.verdict), ("ghr-2", &accepted()));
    assert_eq!(report.present.unwrap().status, "Rejected", "the status that it has by now");
}

/// DB-13: with a controller that does not answer, nothing is decided for a rule accepted before the start; with its
/// answer, everything is; and a lost answer takes nothing away.
#[tokio::test(start_paused = true)]
async fn a_rule_is_judged_when_the_controller_has_answered() {
    let mut desk = Desk::make();
    let mut old = rule("shop", "ghr-1", json!({"fqdn": WEB, "ttl": 30, "healthMonitorRefs": ["my-hm1"]}));
    old["status"] = json!({"status": "Accepted"});
    apply(&desk.home, old);
    apply(&desk.home, rule("shop", "ghr-2", json!({"fqdn": "api.example.org", "healthMonitorRefs": ["my-hm1"]})));
    desk.run().await;
    let unknown = format!("{WEB}: unknown, GSLBHostRule shop/ghr-1 was accepted before and cannot be checked: {WAITS}");
    assert_eq!(desk.rules(), Some(vec![unknown]));
    let pending = RuleVerdict::Pending(WAITS.to_owned());
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), pending.clone()), ("ghr-2".to_owned(), pending.clone())]);
    assert_eq!(desk.asked(), Some([monitor("admin", "my-hm1")].into()));
    let waiting = ["shop/ghr-1", "shop/ghr-2"].map(|name| (name.to_owned(), WAITS.to_owned())).into();
    let notice = RuleCounts { pending: 2, waiting, ..RuleCounts::default() };
    assert_eq!(desk.rules_notice(), notice);

    desk.answer(catalog([(monitor("admin", "my-hm1"), federated())])).await;
    let both = vec!["api.example.org: shop/ghr-2 ttl -".to_owned(), format!("{WEB}: shop/ghr-1 ttl 30")];
    assert_eq!(desk.rules(), Some(both));
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), accepted()), ("ghr-2".to_owned(), accepted())]);
    assert_eq!(desk.asked(), None, "the questions are the same");

    desk.answer(catalog([])).await;
    assert_eq!(desk.rules(), None, "what was in force stays");
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), pending.clone()), ("ghr-2".to_owned(), pending)]);

    desk.answer(catalog([(monitor("admin", "my-hm1"), Answer::Absent)])).await;
    let error = |rule: &str| format!("Health Monitor Ref my-hm1 error for {rule} GSLBHostRule");
    let rejected = |rule: &str| (rule.to_owned(), RuleVerdict::Rejected(error(rule)));
    assert_eq!((desk.rules(), desk.reports()), (Some(vec![]), vec![rejected("ghr-1"), rejected("ghr-2")]));
    assert_eq!(desk.rules_notice(), RuleCounts { rejected: 2, ..RuleCounts::default() });
}

/// TEN-06 and NS-03.
#[tokio::test(start_paused = true)]
async fn names_are_looked_up_in_the_tenant_of_the_namespace_as_it_is_now() {
    let mut desk = Desk::make();
    apply(&desk.home, ns("shop", Some("blue")));
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB, "healthMonitorRefs": ["my-hm1"]})));
    let refs = json!({"healthMonitorRefs": ["my-hm2"]});
    apply(&desk.home, policy(&["ctx-a", "ctx-b"], refs));
    desk.run().await;
    assert_eq!(desk.asked(), Some([monitor("blue", "my-hm1"), monitor("admin", "my-hm2")].into()));
    apply(&desk.home, ns("shop", Some("red")));
    apply(&desk.home, ns("avi-system", Some("green")));
    desk.rest().await;
    assert_eq!(desk.asked(), Some([monitor("red", "my-hm1"), monitor("green", "my-hm2")].into()));
    desk.answer(catalog([(monitor("red", "my-hm1"), federated())])).await;
    assert_eq!(desk.rules(), Some(vec![format!("{WEB}: shop/ghr-1 ttl -")]));
}

/// TEN-06: without its own cluster among the members, the operator has no tenants of namespaces.
#[tokio::test(start_paused = true)]
async fn a_home_cluster_that_is_no_member_names_no_tenants() {
    let mut desk = Desk::make();
    apply(&desk.home, ns("shop", Some("blue")));
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB, "healthMonitorRefs": ["my-hm1"]})));
    patch_config(&desk.home, members(&["ctx-b"]));
    desk.run().await;
    assert_eq!(desk.asked(), Some([monitor("admin", "my-hm1")].into()));
}

/// TEN-09.
#[tokio::test(start_paused = true)]
async fn namespaces_that_cannot_be_listed_are_of_the_default_tenant() {
    let mut desk = Desk::make();
    desk.refuse("/api/v1/namespaces");
    apply(&desk.home, ns("shop", Some("blue")));
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB, "healthMonitorRefs": ["my-hm1"]})));
    desk.run().await;
    assert_eq!(desk.asked(), Some([monitor("admin", "my-hm1")].into()));
    desk.refuse("nothing");
    desk.rest().await;
    assert_eq!(desk.asked(), Some([monitor("blue", "my-hm1")].into()));
}

#[tokio::test(start_paused = true)]
async fn before_the_rules_have_been_listed_nothing_is_said_about_them() {
    let mut desk = Desk::make();
    desk.refuse("/apis/amko.vmware.com/v1alpha1/gslbhostrules");
    desk.run().await;
    assert_eq!(desk.rules(), None);
    assert!(matches!(desk.deployment(), Some(DeploymentState::InForce(_))), "the policy does not wait for them");
    desk.refuse("nothing");
    desk.rest().await;
    assert_eq!(desk.rules(), Some(vec![]));
}

/// DB-12 and GDP-07.
#[tokio::test(start_paused = true)]
async fn a_policy_that_cannot_be_checked_leaves_in_force_what_was() {
    let mut desk = Desk::make();
    apply(&desk.home, policy(&["ctx-a"], json!({"ttl": 10, "healthMonitorRefs": ["my-hm1"]})));
    desk.run().await;
    assert_eq!(desk.deployment(), Some(DeploymentState::Unknown));
    assert_eq!(desk.policy_notice(), WAITS);
    desk.answer(catalog([(monitor("admin", "my-hm1"), federated())])).await;
    let in_force = |state: Option<DeploymentState>| match state {
        Some(DeploymentState::InForce(policy)) => Some((policy.ttl, policy.monitors)),
        _ => None,
    };
    let refs = |name: &str| Some(MonitorSource::Refs(vec![name.to_owned()]));
    assert_eq!(in_force(desk.deployment()), Some((Some(10), refs("my-hm1"))));

    apply(&desk.home, policy(&["ctx-a"], json!({"ttl": 20, "healthMonitorRefs": ["my-hm2"]})));
    desk.rest().await;
    assert_eq!((desk.deployment(), desk.asked()), (None, Some([monitor("admin", "my-hm2")].into())));
    assert_eq!(desk.policy_status(), "success", "the text that is there stays");
    desk.answer(catalog([(monitor("admin", "my-hm2"), Answer::Absent)])).await;
    assert_eq!((desk.deployment(), desk.policy_notice()), (None, "health monitor ref my-hm2 is invalid".to_owned()));
    desk.answer(catalog([(monitor("admin", "my-hm2"), federated())])).await;
    assert_eq!(in_force(desk.deployment()), Some((Some(20), refs("my-hm2"))));
}

/// DB-28: one that was restarted knows the members before it knows the default domain.
#[tokio::test(start_paused = true)]
async fn before_the_policy_is_known_nobody_is_told_how_services_are_named() {
    let mut desk = Desk::make();
    let spec = json!({"defaultDomain": "apps.example.org", "healthMonitorRefs": ["my-hm1"]});
    apply(&desk.home, policy(&["ctx-a"], spec));
    desk.run().await;
    assert_eq!(desk.namings(), [None]);
    desk.answer(catalog([(monitor("admin", "my-hm1"), federated())])).await;
    let naming = Naming { custom_global_fqdn: false, default_domain: Some("apps.example.org".into()) };
    assert_eq!(desk.namings(), [Some(naming)]);
}

#[tokio::test(start_paused = true)]
async fn without_a_term_no_rule_is_reported_and_with_one_all_are() {
    let mut desk = Desk::make();
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB})));
    desk.run_with_term(None).await;
    assert_eq!((desk.rules(), desk.reports()), (Some(vec![format!("{WEB}: shop/ghr-1 ttl -")]), vec![]));
    desk.tell(PolicyWatcherMsg::Term(Some(1))).await;
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), accepted())]);
    desk.tell(PolicyWatcherMsg::Term(Some(1))).await;
    assert_eq!(desk.reports(), [], "it is the same report");
    desk.tell(PolicyWatcherMsg::Term(None)).await;
    desk.tell(PolicyWatcherMsg::Term(Some(2))).await;
    assert_eq!(desk.reports(), [("ghr-1".to_owned(), accepted())]);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_was_restarted_is_told_everything_again() {
    let mut desk = Desk::make();
    apply(&desk.home, rule("shop", "ghr-1", json!({"fqdn": WEB, "healthMonitorRefs": ["my-hm1"]})));
    desk.run().await;
    desk.answer(catalog([(monitor("admin", "my-hm1"), federated())])).await;
    desk.heard();
    desk.tell(PolicyWatcherMsg::Republish).await;
    let mut heard = desk.heard();
    heard.sort();
    assert_eq!(heard, ["Ask", "Configure", "OnlyRules", "Policy", "Rule", "Rules", "Write"]);
}

/// Changes of the GSLBConfig that need no restart.
#[tokio::test(start_paused = true)]
async fn status_objects_and_custom_names_take_effect_at_run_time() {
    let mut desk = Desk::make();
    let mut own = rule("shop", "amko-own", json!({"fqdn": WEB}));
    own["metadata"]["labels"] = json!({"amko.vmware.com/managed-by": "amko"});
    apply(&desk.home, own);
    patch_config(&desk.home, json!({"spec": {"statusObjects": "All"}}));
    desk.run().await;
    let said = |report: &RuleReport| (report.managed, report.superfluous);
    assert_eq!((said(&desk.last_report()), desk.choices()), ((true, false), Some((true, false))));
    patch_config(&desk.home, json!({"spec": {"statusObjects": "Rules", "useCustomGlobalFqdn": true}}));
    desk.rest().await;
    assert_eq!((said(&desk.last_report()), desk.choices()), ((true, true), Some((false, true))));
}

/// TEN-06: the default tenant is the one of the GSLBConfig as it is now.
#[tokio::test(start_paused = true)]
async fn a_new_default_tenant_is_used_at_run_time() {
    let mut desk = Desk::make();
    let third_party = json!([{"site": "tp-site", "vip": "198.51.100.7"}]);
    let spec = json!({"fqdn": WEB, "healthMonitorRefs": ["my-hm1"], "thirdPartyMembers": third_party});
    apply(&desk.home, rule("shop", "ghr-1", spec));
    desk.run().await;
    let sites = |tenant: &str| Question::ThirdPartySites { tenant: tenant.to_owned() };
    assert_eq!(desk.asked(), Some([monitor("admin", "my-hm1"), sites("admin")].into()));
    patch_config(&desk.home, json!({"spec": {"gslbLeader": {"tenant": "blue"}}}));
    desk.rest().await;
    assert_eq!(desk.asked(), Some([monitor("blue", "my-hm1"), sites("blue")].into()));
}
