//! Questions in words, and answers that do not fit.

use super::*;

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn questions_are_told_in_words() {
    let (tenant, name) = (|| text("blue"), || text("x"));
    let questions = [
        Question::Monitor { tenant: tenant(), name: name() },
        Question::PersistenceProfile { tenant: tenant(), name: name() },
        Question::PkiProfile { tenant: tenant(), name: name() },
        Question::DefaultPkiProfile { tenant: tenant() },
        Question::ThirdPartySites { tenant: tenant() },
    ];
    let expected = [
        "health monitor x of tenant blue",
        "application persistence profile x of tenant blue",
        "PKI profile x of tenant blue",
        "the first federated PKI profile of tenant blue",
        "the third-party sites seen from tenant blue",
    ];
    assert_eq!(questions.map(|question| question.to_string()), expected);
}

#[test]
fn an_answer_to_another_question_answers_nothing() {
    let monitor = Question::Monitor { tenant: text("admin"), name: text("x") };
    let profile = Question::PkiProfile { tenant: text("admin"), name: text("x") };
    let sites = Question::ThirdPartySites { tenant: text("admin") };
    let wrong = Answer::Profile { name: text("x") };
    let catalog: Catalog =
        [(monitor, wrong.clone()), (profile, Answer::Sites(BTreeSet::new())), (sites, wrong)].into_iter().collect();
    let clusters = BTreeSet::new();
    let around = Surroundings { clusters: &clusters, default_tenant: "admin", tenant: "admin", catalog: &catalog };
    assert_eq!(around.template("x"), Err(Stop::Open));
    assert_eq!(around.has_federated_monitor("x"), Err(Stop::Open));
    assert_eq!(around.has_pki_profile("x"), Err(Stop::Open));
    assert_eq!(around.has_third_party_site("x"), Err(Stop::Open));
}

/// A name that no object can have needs no answer, and is not asked about.
#[test]
fn nothing_has_an_empty_name() {
    let clusters = BTreeSet::new();
    let around =
        Surroundings { clusters: &clusters, default_tenant: "admin", tenant: "admin", catalog: Catalog::EMPTY };
    let empty = String::new();
    assert_eq!(around.questions([&empty], Some(&empty), Some(&empty)), BTreeSet::new());
    assert_eq!(around.has_federated_monitor(""), Ok(false));
    assert_eq!(around.has_persistence_profile(""), Ok(false));
    assert_eq!(around.template(""), Err(Stop::Invalid(text("health monitor template  not found"))));
}
