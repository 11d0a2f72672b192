//! The rows of rule GDP-05 that depend on the controller, and what happens while it has not answered.

use super::*;

fn monitor(name: &str) -> Question {
    Question::Monitor { tenant: "admin".to_owned(), name: name.to_owned() }
}

/// A template as the examples have it, which `change` may spoil.
fn template(change: impl FnOnce(&mut ReferencedMonitor)) -> Answer {
    let mut monitor = ReferencedMonitor {
        federated: Some(true),
        monitor_type: "HEALTH_MONITOR_HTTP".to_owned(),
        http_request: Some("GET /old HTTP/1.1".to_owned()),
        response_codes: vec!["HTTP_2XX".to_owned()],
    };
    change(&mut monitor);
    Answer::Monitor(monitor)
}

fn outcome(value: Value, answers: impl IntoIterator<Item = (Question, Answer)>) -> Validation<DeploymentPolicy> {
    checked(value, &answers.into_iter().collect())
}

fn invalid(text: &str) -> Validation<DeploymentPolicy> {
    Validation::Invalid(text.to_owned())
}

/// Rule GDP-05, rows 8 to 8d, and DB-52.
#[test]
fn a_template_that_cannot_be_one_is_refused_in_the_texts_of_upstream() {
    let request = |text: Option<&str>| template(|monitor| monitor.http_request = text.map(str::to_owned));
    let header = "client request header in health monitor template tmpl1 is invalid";
    let cases = [
        (Answer::Absent, "health monitor template tmpl1 not found"),
        (template(|monitor| monitor.federated = Some(false)), "health monitor template tmpl1 not federated"),
        (
            template(|monitor| monitor.monitor_type = "HEALTH_MONITOR_TCP".to_owned()),
            "health monitor template is not supported for non-path based health monitors",
        ),
        (request(Some("GET /")), header),
        (request(Some("GET / HTTP/1.1 x")), header),
        (request(Some("GET  HTTP/1.1")), header),
        (request(Some("")), header),
        (request(None), header),
    ];
    for (answer, text) in cases {
        let outcome = outcome(json!({"healthMonitorTemplate": "tmpl1"}), [(monitor("tmpl1"), answer.clone())]);
        assert_eq!(outcome, invalid(text), "{answer:?}");
    }
}

/// Rule GDP-05, row 8, and EX-19; what the policy keeps is what was there when it was checked (DB-18).
#[test]
fn a_template_gives_method_version_and_codes_and_need_not_say_that_it_is_federated() {
    let expected = Template {
        name: "tmpl1".to_owned(),
        method: "GET".to_owned(),
        version: "HTTP/1.1".to_owned(),
        response_codes: vec!["HTTP_2XX".to_owned()],
    };
    let answers = [
        template(|_| ()),
        template(|monitor| monitor.federated = None),
        template(|monitor| monitor.monitor_type = "HEALTH_MONITOR_HTTPS".to_owned()),
    ];
    for answer in answers {
        let outcome = outcome(json!({"healthMonitorTemplate": "tmpl1"}), [(monitor("tmpl1"), answer)]);
        let monitors = Some(MonitorSource::Template(expected.clone()));
        let value = DeploymentPolicy { monitors, ..least() };
        assert_eq!(outcome, Validation::Valid { value, limitations: Vec::new() });
    }
}

/// Rule GDP-05, row 9: other than a template, a reference has to say that it is federated.
#[test]
fn a_reference_that_is_missing_or_not_said_to_be_federated_is_refused() {
    let federated = |federated| template(|monitor| monitor.federated = federated);
    for answer in [Answer::Absent, federated(Some(false)), federated(None)] {
        let answers = [(monitor("my-hm1"), federated(Some(true))), (monitor("my-hm2"), answer.clone())];
        let outcome = outcome(json!({"healthMonitorRefs": ["my-hm1", "my-hm2"]}), answers);
        assert_eq!(outcome, invalid("health monitor ref my-hm2 is invalid"), "{answer:?}");
    }
    assert_eq!(outcome(json!({"healthMonitorRefs": [""]}), []), invalid("health monitor ref  is invalid"));
}

/// Rule GDP-05, rows 11b and 12b.
#[test]
fn a_profile_that_is_missing_is_refused() {
    let gap = Question::PersistenceProfile { tenant: "admin".to_owned(), name: "gap-9".to_owned() };
    let pki = Question::PkiProfile { tenant: "admin".to_owned(), name: "pki-9".to_owned() };
    let outcomes = [
        outcome(json!({"sitePersistenceRef": "gap-9"}), [(gap, Answer::Absent)]),
        outcome(json!({"pkiProfileRef": "pki-9"}), [(pki, Answer::Absent)]),
    ];
    assert_eq!(outcomes, ["site persistence ref gap-9 not present", "pki profile ref pki-9 not present"].map(invalid));
}

/// DB-12: an open question neither fails nor passes, and all of an object are asked together.
#[test]
fn while_the_controller_has_not_answered_the_policy_is_pending_with_all_its_open_questions() {
    let refs = json!({"healthMonitorRefs": ["my-hm1", "a", "b"], "sitePersistenceRef": "gap-9",
        "pkiProfileRef": "pki-9"});
    let gap = Question::PersistenceProfile { tenant: "admin".to_owned(), name: "gap-9".to_owned() };
    let pki = Question::PkiProfile { tenant: "admin".to_owned(), name: "pki-9".to_owned() };
    let open = [monitor("a"), monitor("b"), gap, pki].into();
    assert_eq!(checked(refs, &catalog()), Validation::Pending(open));
    let template = json!({"healthMonitorTemplate": "tmpl1"});
    assert_eq!(checked(template, &catalog()), Validation::Pending([monitor("tmpl1")].into()));
    assert_eq!(checked(json!({"healthMonitorTemplate": ""}), Catalog::EMPTY), checked(json!({}), Catalog::EMPTY));
}

/// Rule GDP-05 and DB-12: what fails before the open row is certain, what fails after it is not.
#[test]
fn a_failure_counts_when_it_comes_before_the_open_question() {
    let before = json!({"trafficSplit": [{"cluster": "x"}], "healthMonitorRefs": ["a"]});
    assert_eq!(checked(before, &catalog()), invalid("cluster x in traffic policy not present in GSLBConfig"));
    let after = json!({"healthMonitorRefs": ["a"], "poolAlgorithmSettings": {"lbAlgorithm": "X"}});
    assert_eq!(checked(after, &catalog()), Validation::Pending([monitor("a")].into()));
    let earlier_ref = json!({"healthMonitorRefs": ["", "a"]});
    assert_eq!(checked(earlier_ref, &catalog()), invalid("health monitor ref  is invalid"));
    let algorithm_first = json!({"poolAlgorithmSettings": {"lbAlgorithm": "X"}, "sitePersistenceRef": "gap-9"});
    assert_eq!(checked(algorithm_first, &catalog()), invalid("invalid pool algorithm: unsupported lbAlgorithm X"));
    let both = json!({"healthMonitorRefs": ["a"], "healthMonitorTemplate": "t"});
    assert_eq!(
        checked(both, &catalog()),
        invalid("health monitor reference and template cannot be specified together")
    );
}

/// Rule TEN-06: the same name in another tenant is another object.
#[test]
fn names_are_looked_up_in_the_given_tenant() {
    let elsewhere = Question::Monitor { tenant: "other".to_owned(), name: "a".to_owned() };
    let outcome = outcome(json!({"healthMonitorRefs": ["a"]}), [(elsewhere, template(|_| ()))]);
    assert_eq!(outcome, Validation::Pending([monitor("a")].into()));
}

/// DB-27, and the number of monitors that the controller takes.
#[test]
fn what_a_valid_policy_gets_otherwise_than_written_is_said() {
    let limitations = |value| match checked(value, &catalog()) {
        Validation::Valid { value, limitations } => (value.monitors, limitations),
        other => panic!("{other:?}"),
    };
    let labels = json!({"matchRules": {"appSelector": {"label": {"app": "gslb", "tier": "front"}},
        "namespaceSelector": {"label": {"a": "1", "b": "2", "c": "3"}}}});
    let said = vec![
        "appSelector has 2 labels: an object is selected only when it has all of them".to_owned(),
        "namespaceSelector has 3 labels: a namespace is selected only when it has all of them".to_owned(),
    ];
    assert_eq!(limitations(labels), (None, said));
    let refs = |count| (1..=count).map(|number| format!("my-hm{number}")).collect::<Vec<_>>();
    let six = Some(MonitorSource::Refs(refs(6)));
    assert_eq!(limitations(json!({"healthMonitorRefs": refs(6)})), (six.clone(), Vec::new()));
    let text = |count, left_out: &str| {
        format!(
            "healthMonitorRefs names {count} health monitors, but the controller accepts 6 on one GSLB service: \
             {left_out} not used; name at most 6"
        )
    };
    assert_eq!(limitations(json!({"healthMonitorRefs": refs(7)})), (six.clone(), vec![text(7, "my-hm7 is")]));
    assert_eq!(limitations(json!({"healthMonitorRefs": refs(8)})), (six, vec![text(8, "my-hm7, my-hm8 are")]));
}

/// See `docs/RULES.md#selection`, and DB-27.
#[test]
fn selectors_without_labels_are_absent() {
    let selectors = |rules| {
        let valid = validated(json!({"matchRules": rules})).unwrap();
        (valid.app_selector.len(), valid.namespace_selector.len())
    };
    let one = json!({"label": {"app": "gslb"}});
    assert_eq!(selectors(json!({"appSelector": one, "namespaceSelector": one})), (1, 1));
    assert_eq!(selectors(json!({"namespaceSelector": one})), (0, 1));
    assert_eq!(selectors(json!({"appSelector": one, "namespaceSelector": {"label": {}}})), (1, 0));
}

/// What the status says of each outcome; an open question leaves the text that is there.
#[test]
fn a_report_has_a_text_unless_nothing_is_known_yet() {
    let texts = [
        PolicyReport::accepted(Vec::new()),
        PolicyReport::invalid("health monitor ref a is invalid".to_owned()),
        PolicyReport::another_exists(),
        PolicyReport::pending([monitor("a"), monitor("b")].into()),
    ]
    .map(|report| (report.text.clone(), report.notice()));
    let said = |text: &str| (Some(text.to_owned()), text.to_owned());
    let waits = "waits for the controller's answer about health monitor a of tenant admin, health monitor b of tenant \
                 admin";
    let expected = [
        said("success"),
        said("health monitor ref a is invalid"),
        said("a GDP object already exists, can't add another"),
        (None, waits.to_owned()),
    ];
    assert_eq!(texts, expected);
}
