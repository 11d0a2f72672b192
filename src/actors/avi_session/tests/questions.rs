//! Asking the controller about what policies refer to.

use super::*;
use crate::core::references::Answer;
use tokio::time::Instant;

fn profile(name: &str) -> Question {
    Question::PersistenceProfile { tenant: "admin".into(), name: name.into() }
}

fn line(name: &str) -> String {
    format!("GET /api/applicationpersistenceprofile?name={name}")
}

fn sites() -> Question {
    Question::ThirdPartySites { tenant: "admin".into() }
}

fn cdn() -> (Question, Answer) {
    (sites(), Answer::Sites(["cdn".to_owned()].into()))
}

fn present(name: &str) -> (Question, Answer) {
    (profile(name), Answer::Profile { name: name.into() })
}

fn absent(name: &str) -> (Question, Answer) {
    (profile(name), Answer::Absent)
}

fn catalog<const N: usize>(answers: [(Question, Answer); N]) -> Catalog {
    answers.into_iter().collect()
}

/// Answers for a profile, in this order; the last one for ever.
fn answers(controller: &TestController, name: &str, answers: &[(u16, bool)]) {
    for (status, exists) in answers {
        let found = if *exists { vec![json!({"name": name})] } else { Vec::new() };
        controller.on(&line(name), *status, page(&found));
    }
}

/// GDP-06.
#[tokio::test(start_paused = true)]
async fn answers_that_come_together_are_told_together() {
    let controller = leader();
    (0..9).for_each(|index| answers(&controller, &format!("p{index}"), &[(200, index % 2 == 0)]));
    let mut world = World::ready(controller).await;
    world.tell(AviSessionMsg::Ask((0..9).map(|index| profile(&format!("p{index}"))).collect()));
    let mut told = world.told().await;
    // Those that were on their way when the last one left may come a little later.
    while let Ok(more) = tokio::time::timeout(Duration::from_secs(1), world.told()).await {
        told = more;
    }
    let expected = (0..9).map(|index| format!("p{index}")).enumerate();
    let expected: Catalog =
        expected.map(|(index, name)| if index % 2 == 0 { present(&name) } else { absent(&name) }).collect();
    assert_eq!(told, expected);
    assert_eq!((0..9).map(|index| world.asked(&line(&format!("p{index}")))).collect::<Vec<_>>(), [1; 9]);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_asked_before_the_controller_was_read() {
    let controller = leader();
    answers(&controller, "p", &[(200, true)]);
    let mut world = World::new(controller).await;
    world.ask([profile("p")]);
    assert!(world.silent_for(REFRESH).await);
    assert_eq!(world.controller.lines(), Vec::<String>::new());
    world.configure("avi.example.org", owner());
    world.tell(AviSessionMsg::Term(Some(1)));
    assert_eq!(world.told().await, catalog([present("p")]));
    assert_eq!(world.controller.lines().last(), Some(&line("p")));
}

#[tokio::test(start_paused = true)]
async fn a_question_that_was_asked_before_costs_no_request() {
    let controller = leader();
    answers(&controller, "p", &[(200, true)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p")]);
    world.told().await;
    world.ask([profile("p"), sites()]);
    assert_eq!(world.told().await, catalog([present("p"), cdn()]));
    assert_eq!(world.asked(&line("p")), 1);
}

/// DB-12: one that fails holds up nobody, and is asked again with growing pauses.
#[tokio::test(start_paused = true)]
async fn a_look_up_that_fails_is_repeated_and_others_are_answered_meanwhile() {
    let controller = leader();
    answers(&controller, "p", &[(500, false), (500, false), (403, false), (500, false), (200, true)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p"), sites()]);
    let started = Instant::now();
    assert_eq!(world.told().await, catalog([cdn()]));
    assert!(started.elapsed() < Duration::from_millis(100));
    assert_eq!(world.told().await, catalog([cdn(), present("p")]));
    assert!(started.elapsed() <= Duration::from_millis(500 + 1000 + 2000 + 4000), "{:?}", started.elapsed());
    assert_eq!(world.asked(&line("p")), 5);
}

/// A controller that starts answers nothing, so the session asks whether it is well, and then goes on.
#[tokio::test(start_paused = true)]
async fn look_ups_that_fail_in_a_row_make_the_session_ask_whether_the_controller_is_well() {
    for (failures, probes) in [(4, 1), (5, 2), (6, 2)] {
        let controller = leader();
        answers(&controller, "p", &[&vec![(503, false); failures][..], &[(200, true)]].concat());
        let mut world = World::ready(controller).await;
        world.ask([profile("p")]);
        assert_eq!(world.told().await, catalog([present("p")]));
        assert_eq!((world.asked("GET /api/cluster"), world.asked(MONITORS)), (probes, 1), "{failures} failures");
    }
}

/// GDP-06.
#[tokio::test(start_paused = true)]
async fn each_full_read_asks_again_and_only_what_changed_is_told() {
    let controller = leader();
    answers(&controller, "p", &[(200, false), (200, false), (200, true)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p")]);
    assert_eq!(world.told().await, catalog([absent("p")]));
    assert!(world.silent_for(REFRESH + Duration::from_secs(1)).await);
    assert_eq!(world.asked(&line("p")), 2);
    assert_eq!(world.told().await, catalog([present("p")]));
}

/// Which answers are in doubt, why, and whether the controller said that it has no such thing.
fn doubt(told: &Catalog, name: &str) -> Option<(bool, String)> {
    told.doubt(&profile(name)).map(|doubt| (doubt.absent, doubt.why.clone()))
}

const NOT_FOUND: &str = "the controller does not find it; what it was last stays in force until another full read of the \
                         controller does not find it either";

/// DB-13 and FND-A8: a controller that just came back may not know its objects yet.
#[tokio::test(start_paused = true)]
async fn what_was_there_is_gone_only_when_the_controller_says_so_at_two_full_reads() {
    let controller = leader();
    let once = [(200, true), (200, false), (200, true), (200, false), (200, false)];
    answers(&controller, "p", &once);
    let mut world = World::ready(controller).await;
    world.ask([profile("p")]);
    assert_eq!(world.told().await, catalog([present("p")]));
    let told = world.told().await;
    assert_eq!(told.answer(&profile("p")), Some(&present("p").1));
    assert_eq!(doubt(&told, "p"), Some((true, NOT_FOUND.to_owned())));
    assert_eq!(world.told().await, catalog([present("p")]), "one word of absence, taken back");
    assert_eq!(doubt(&world.told().await, "p"), Some((true, NOT_FOUND.to_owned())));
    assert!(world.silent_for(REFRESH / 2).await);
    assert_eq!(world.told().await, catalog([absent("p")]));
    assert_eq!(world.asked(&line("p")), once.len());
}

/// FND-A8: full reads in quick succession are one word.
#[tokio::test(start_paused = true)]
async fn two_full_reads_within_a_moment_do_not_end_what_is_in_force() {
    let controller = leader();
    answers(&controller, "p", &[(200, true), (200, false)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p")]);
    assert_eq!(world.told().await, catalog([present("p")]));
    assert!(world.told().await.doubt(&profile("p")).is_some());
    for _ in 0..5 {
        world.tell(AviSessionMsg::Resync);
        let told = world.told().await;
        assert_eq!(told.answer(&profile("p")), Some(&present("p").1));
    }
    assert_eq!(world.told().await, catalog([absent("p")]));
}

/// FND-A8: whoever edits a rule wants it looked up now.
#[tokio::test(start_paused = true)]
async fn what_a_changed_object_refers_to_is_asked_at_once_and_what_nobody_asked_before_is_not() {
    let controller = leader();
    answers(&controller, "p", &[(200, true), (200, false)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p")]);
    world.told().await;
    world.tell(AviSessionMsg::AskAgain([profile("p"), profile("unknown")].into()));
    assert_eq!(doubt(&world.told().await, "p"), Some((true, NOT_FOUND.to_owned())));
    assert_eq!((world.asked(&line("p")), world.asked(&line("unknown"))), (2, 0));
}

/// DB-13 and FND-A8: a collection that is not found is no empty one.
#[tokio::test(start_paused = true)]
async fn an_answer_stays_and_is_in_doubt_while_the_controller_does_not_say() {
    for (status, why) in
        [(500, "the controller failed with 500"), (404, "there is no such object"), (403, "the account may not")]
    {
        let controller = leader();
        answers(&controller, "p", &[(200, true), (status, false)]);
        let mut world = World::ready(controller).await;
        world.ask([profile("p")]);
        world.told().await;
        let told = world.told().await;
        assert_eq!(told.answer(&profile("p")), Some(&present("p").1), "{status}");
        let (absent, text) = doubt(&told, "p").unwrap();
        assert!(!absent && text.contains(why) && text.ends_with("what it was last stays in force"), "{text}");
        assert!(world.silent_for(REFRESH * 3).await);
        assert!(world.asked(&line("p")) > 3);
        world.tell(AviSessionMsg::Republish);
        assert_eq!(world.told().await, told);
    }
}

#[tokio::test(start_paused = true)]
async fn who_was_restarted_is_told_everything_again() {
    let mut world = World::ready(leader()).await;
    world.ask([sites()]);
    world.told().await;
    for message in [AviSessionMsg::Resync, AviSessionMsg::Republish] {
        world.tell(message);
        assert_eq!(world.told().await, catalog([cdn()]));
    }
}

/// It knows less than the others do, until somebody asks it.
#[tokio::test(start_paused = true)]
async fn a_restarted_session_takes_no_answer_away_from_others() {
    let mut world = World::ready(leader()).await;
    world.tell(AviSessionMsg::Resync);
    world.tell(AviSessionMsg::Republish);
    assert!(world.silent_for(REFRESH * 2).await);
}

/// DB-13: a session that is opened again with the same controller has the answers of the last one.
#[tokio::test(start_paused = true)]
async fn answers_outlive_the_session_and_questions_are_asked_in_the_next_one() {
    let controller = leader();
    answers(&controller, "p", &[(200, true), (200, false)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p")]);
    world.told().await;
    world.tell(AviSessionMsg::Term(None));
    world.tell(AviSessionMsg::Republish);
    assert_eq!(world.told().await, catalog([present("p")]));
    world.tell(AviSessionMsg::Term(Some(2)));
    let told = world.told().await;
    assert_eq!((told.answer(&profile("p")), told.doubt(&profile("p")).is_some()), (Some(&present("p").1), true));
}

/// Another controller, or the same for another owner, has other objects.
#[tokio::test(start_paused = true)]
async fn answers_of_another_controller_or_owner_are_void_at_once() {
    let other = Owner::from_uuid("99999999-2222-11ee-8000-333333333333".parse().unwrap());
    for (address, owner) in [("other.example.org", owner()), ("avi.example.org", other)] {
        let controller = leader();
        let listed = format!("GET /api/gslbservice?created_by={owner}&include_name=&page_size=200&sort=name");
        controller.on(&listed, 200, page(&[]));
        let mut world = World::ready(controller).await;
        world.ask([sites()]);
        assert_eq!(world.told().await, catalog([cdn()]));
        world.configure(address, owner);
        assert_eq!(world.told().await, Catalog::default());
        assert_eq!(world.told().await, catalog([cdn()]), "asked again by itself");
    }
}

/// What the board says of questions: how many are open, which, and which are refused and why. Without the times.
fn lookups(world: &World) -> (usize, Vec<String>, Vec<(String, String)>) {
    let notice = world.board.read().lookups;
    let failing = notice.failing.into_iter().map(|failing| (failing.question, failing.error)).collect();
    (notice.open, notice.oldest.into_iter().map(|open| open.question).collect(), failing)
}

/// DB-12.
#[tokio::test(start_paused = true)]
async fn a_question_that_the_controller_refuses_to_answer_shows_on_the_board_until_it_does() {
    let controller = leader();
    answers(&controller, "p", &[(403, false), (403, false), (200, true), (403, false)]);
    let mut world = World::ready(controller).await;
    world.ask([profile("p"), sites()]);
    assert_eq!(world.told().await, catalog([cdn()]));
    let subject = "application persistence profile p of tenant admin".to_owned();
    let (open, oldest, failing) = lookups(&world);
    assert_eq!((open, oldest), (1, vec![subject.clone()]));
    let why = "application persistence profile p: GET /api/applicationpersistenceprofile?name=p in tenant admin: the \
        account may not do this ({\"count\":0,\"results\":[]}); give its role write access to GSLB services and health monitors";
    assert_eq!(failing, [(subject.clone(), why.to_owned())]);
    assert_eq!(world.told().await, catalog([cdn(), present("p")]));
    assert_eq!(lookups(&world), (0, vec![], vec![]));
    // Asked again, and refused: the answer stays, the trouble shows.
    assert!(world.told().await.doubt(&profile("p")).is_some());
    assert!(world.silent_for(REFRESH * 2).await);
    assert_eq!(lookups(&world), (0, vec![], vec![(subject, why.to_owned())]));
}
