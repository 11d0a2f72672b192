//! What counts behind a context, step by step.

use super::*;

fn set(contexts: &[&str]) -> BTreeSet<String> {
    contexts.iter().map(|context| (*context).to_owned()).collect()
}

/// Of two contexts, with what was remembered.
fn register(remembered: &[(&str, &str)]) -> Register {
    let mut register = Register::default();
    configure(&mut register, &["a", "b"], remembered, &[]);
    register
}

fn configure(register: &mut Register, members: &[&str], remembered: &[(&str, &str)], approved: &[&str]) {
    let remembered = remembered.iter().map(|(context, uid)| ((*context).to_owned(), (*uid).to_owned()));
    register.configure(&set(members), remembered, set(approved));
}

fn another(context: &str, known: &str, found: &str) -> Stranger {
    Stranger::Another { context: context.into(), known: known.into(), found: found.into() }
}

fn twin(context: &str, of: &str, found: &str) -> Stranger {
    Stranger::Twin { context: context.into(), of: of.into(), found: found.into() }
}

fn known(register: &Register) -> Vec<(&str, &str)> {
    register.known().iter().map(|(context, uid)| (context.as_str(), uid.as_str())).collect()
}

/// FND-A4
#[test]
fn the_first_uid_is_believed_and_another_one_is_not() {
    let mut register = register(&[("b", "u-2")]);
    assert_eq!(register.judge("a", Some("u-1")), (Ok(()), true));
    assert_eq!(register.judge("a", Some("u-1")), (Ok(()), false));
    assert_eq!(register.judge("a", Some("u-9")), (Err(another("a", "u-1", "u-9")), true));
    assert_eq!(register.judge("a", Some("u-9")), (Err(another("a", "u-1", "u-9")), false));
    assert_eq!(register.judge("b", Some("u-9")), (Err(another("b", "u-2", "u-9")), true));
    assert_eq!(register.strangers().count(), 2);
    assert_eq!(register.judge("a", Some("u-1")), (Ok(()), true), "the way back needs no approval");
    assert_eq!(known(&register), [("a", "u-1"), ("b", "u-2")]);
}

/// FND-A4: before or after it is found, and for one change.
#[test]
fn an_approval_counts_for_one_change() {
    let mut register = register(&[("a", "u-1"), ("b", "u-2")]);
    assert!(register.judge("a", Some("u-3")).0.is_err());
    configure(&mut register, &["a", "b"], &[("a", "u-1")], &["a", "b"]);
    assert_eq!((register.strangers().count(), register.used()), (0, &set(&["a"])));
    assert_eq!(register.judge("a", Some("u-3")), (Ok(()), false));
    assert_eq!(register.judge("a", Some("u-4")), (Err(another("a", "u-3", "u-4")), true), "used up");
    configure(&mut register, &["a", "b"], &[("a", "u-1")], &["a", "b"]);
    assert!(register.judge("a", Some("u-4")).0.is_err(), "the same annotation again");
    assert_eq!(register.judge("b", Some("u-5")), (Ok(()), true), "approved beforehand");
    configure(&mut register, &["a", "b"], &[], &[]);
    configure(&mut register, &["a", "b"], &[], &["a"]);
    assert_eq!(register.judge("a", Some("u-4")), (Ok(()), false), "approved anew");
    assert_eq!(known(&register), [("a", "u-4"), ("b", "u-5")]);
}

/// FND-A4: one that stays would let through a mistake that comes later.
#[test]
fn an_approval_for_a_cluster_that_is_recognised_is_spent_at_once() {
    let mut register = register(&[("a", "u-1"), ("b", "u-2")]);
    let needless = |context: &str| vec![Outcome::Needless { context: context.into() }];
    assert_eq!(register.judge("a", Some("u-1")), (Ok(()), false));
    configure(&mut register, &["a", "b"], &[], &["a", "b"]);
    assert_eq!((register.used().clone(), register.take_outcomes()), (set(&["a"]), needless("a")));
    assert_eq!(register.judge("b", Some("u-2")), (Ok(()), true), "it was not looked at before");
    assert_eq!((register.used().clone(), register.take_outcomes()), (set(&["a", "b"]), needless("b")));
    assert!(register.judge("a", Some("u-9")).0.is_err());
    configure(&mut register, &["a", "b"], &[], &["a", "b"]);
    assert!(register.judge("a", Some("u-9")).0.is_err(), "the same annotation");
    configure(&mut register, &["a", "b"], &[], &[]);
    configure(&mut register, &["a", "b"], &[], &["a"]);
    let used = Outcome::Used { context: "a".into(), uid: Some("u-9".into()) };
    assert_eq!((register.judge("a", Some("u-9")), register.take_outcomes()), ((Ok(()), false), vec![used]));
}

/// FND-A4
#[test]
fn of_two_contexts_for_one_cluster_the_one_that_had_it_first_counts() {
    let mut register = register(&[]);
    assert_eq!(register.judge("b", Some("u-1")), (Ok(()), true));
    assert_eq!(register.judge("a", Some("u-1")), (Err(twin("a", "b", "u-1")), true));
    configure(&mut register, &["a", "b"], &[], &["a"]);
    assert_eq!(register.judge("a", Some("u-1")), (Err(twin("a", "b", "u-1")), false), "no approval makes two of one");
    configure(&mut register, &["a"], &[], &[]);
    assert_eq!(register.judge("a", Some("u-1")), (Ok(()), true), "the other one has left: the context was renamed");
    assert_eq!(known(&register), [("a", "u-1"), ("b", "u-1")]);
}

/// FND-A4: a context that leads elsewhere by now keeps no other from the cluster that it led to, and does not get it back
/// beside that other.
#[test]
fn a_cluster_may_change_its_context_and_never_has_two() {
    let mut register = register(&[("b", "u-1")]);
    assert_eq!(register.judge("b", Some("u-2")).0, Err(another("b", "u-1", "u-2")));
    assert_eq!(register.judge("a", Some("u-1")), (Ok(()), true));
    assert_eq!(register.judge("b", Some("u-1")).0, Err(twin("b", "a", "u-1")));
    configure(&mut register, &["a", "b"], &[], &["b"]);
    assert_eq!(register.judge("b", Some("u-2")), (Ok(()), true));
    assert_eq!(known(&register), [("a", "u-1"), ("b", "u-2")]);
}

/// FND-A4
#[test]
fn a_cluster_without_kube_system_counts_unless_it_had_one() {
    let mut register = register(&[("b", "u-2")]);
    assert_eq!(register.judge("a", None), (Ok(()), false));
    let nameless = Stranger::Nameless { context: "b".into(), known: "u-2".into() };
    assert_eq!(register.judge("b", None), (Err(nameless), true));
    configure(&mut register, &["a", "b"], &[], &["b"]);
    assert_eq!((register.judge("b", None), register.knows("b")), ((Ok(()), false), false));
}

/// FND-A4: what is done about it stands in the text.
#[test]
fn each_text_says_what_it_is_about_and_what_to_do() {
    let text = another("s2", "u-1", "u-2").to_string();
    assert!(text.contains("UID u-2, and had u-1") && text.contains("amko.vmware.com/approve-clusters=s2"), "{text}");
    let text = twin("s2", "s1", "u-2").to_string();
    assert!(text.starts_with("context s2 leads to the cluster that context s1 leads to"), "{text}");
}

#[test]
fn the_annotation_names_contexts_separated_by_commas() {
    assert_eq!(approvals(Some(&" a, b,,".to_owned())), set(&["a", "b"]));
    assert_eq!(approvals(None), set(&[]));
}
