//! The state of one FQDN without its actor, on paused time.

use super::*;
use crate::actors::avi_session::queue::Standing;
use crate::actors::avi_session::slot::{Class, Leave, Removal, Ruling, Slot, Task, Work};
use crate::actors::avi_session::{AviSessionMsg, SessionMark};
use crate::core::gslb::GslbService;
use crate::core::owner::Owner;
use crate::core::plan::{Holding, ObservedService};
use crate::core::policy::{DeploymentPolicy, DeploymentState, Installation};
use std::time::Duration;
use tokio::time::advance;

const TERM: u64 = 1;

fn policy() -> Arc<PolicySnapshot> {
    let installation = Installation {
        owner: Owner::from_uuid("11111111-2222-11ee-8000-333333333333".parse().unwrap()),
        default_tenant: "admin".into(),
        member_clusters: ["ctx-a".to_owned()].into(),
        custom_global_fqdn: false,
        status_for_all: false,
    };
    let deployment = DeploymentState::InForce(DeploymentPolicy::default());
    Arc::new(PolicySnapshot { installation: Some(installation), deployment })
}

fn context() -> Context {
    Context {
        policy: policy(),
        catalog: Arc::default(),
        unseen: Unseen::new(),
        unheard: Unseen::new(),
        unknown: Unseen::new(),
        term: Some(TERM),
        settled: true,
    }
}

/// A service that nobody offers anything for.
fn holding(uuid: &str) -> Observed {
    let content = GslbService {
        tenant: "admin".into(),
        name: "a.org".into(),
        domain_names: vec!["a.org".into()],
        description: String::new(),
        pools: Vec::new(),
        monitors: Vec::new(),
        ttl: None,
        down_response: None,
        persistence: None,
        enabled: true,
    };
    let service = ObservedService { uuid: uuid.into(), last_modified: None, content, faithful: true, tells_pki: true };
    [Holding { service: Some(Arc::new(service)), ..Holding::empty("admin") }].into_iter().collect()
}

fn read(session: &SessionMark) -> FullRead {
    FullRead { session: session.clone(), as_of: Instant::now() }
}

/// To nobody.
fn links() -> Links {
    Links {
        session: Default::default(),
        directory: Default::default(),
        status: Default::default(),
        events: Default::default(),
    }
}

/// Nobody offers anything for it, and the controller was read.
fn state(session: &SessionMark, content: Observed) -> GsState {
    with_links(links(), session, content)
}

fn with_links(links: Links, session: &SessionMark, content: Observed) -> GsState {
    GsState::new(GsArgs {
        fqdn: "a.org".into(),
        offers: Arc::default(),
        rule: RuleState::None,
        aliases: [].into(),
        context: Arc::new(context()),
        knowledge: Knowledge::Known(Box::new(content)),
        read: Some(read(session)),
        spelled: None,
        urgency: Urgency::Bulk,
        links: Arc::new(links),
    })
}

/// Takes the work, as the session does.
fn take(slot: &Slot, session: &SessionMark) -> Work {
    give(slot);
    slot.take(TERM, session).unwrap().work
}

/// Lets go what the work takes away, as the guard does.
fn give(slot: &Slot) {
    if let Some(loss) = slot.open_wish() {
        slot.rule(&loss, Ruling::Go(Leave::Once));
    }
}

/// The work wrote something, and the controller holds this now.
fn wrote(observed: Observed) -> Report {
    let standing = Standing::default();
    Report { epoch: 0, wrote: true, observed: Some(Box::new(observed)), trouble: None, standing }
}

fn interactive() -> GsMsg {
    GsMsg::Input(Input::Offers { offers: Arc::default(), urgency: Urgency::Interactive, renamed: false })
}

/// DB-11: what a sleeper has heard and not decided about is in no work that is done meanwhile.
#[tokio::test(start_paused = true)]
async fn an_urgent_change_that_was_not_decided_about_stays_urgent_when_older_work_is_done() {
    let session = SessionMark::default();
    let mut state = state(&session, holding("gs-1"));
    state.decide();
    let slot = state.slot();
    assert!(state.listen(interactive()).is_none(), "heard in its sleep");
    assert_eq!(take(&slot, &session).class, Class { urgency: Urgency::Bulk, removal: Removal::Guarded });
    state.on_done(&slot, wrote(holding("gs-2")), Instant::now());
    assert_eq!(state.due(), Some(Urgency::Interactive));
    state.decide();
    assert_eq!(take(&slot, &session).class.urgency, Urgency::Interactive);
    state.on_done(&slot, wrote(Observed::default()), Instant::now());
    state.decide();
    assert_eq!((state.urgency(), slot.is_empty()), (Urgency::Bulk, true), "nobody waits any more");
}

/// The report lies in the directory while its owner sleeps.
#[tokio::test(start_paused = true)]
async fn a_full_read_that_began_after_the_report_counts_however_late_its_owner_hears_of_both() {
    let session = SessionMark::default();
    for (reads_after, known) in [(false, "gs-2"), (true, "gs-3")] {
        let mut state = state(&session, holding("gs-1"));
        state.decide();
        let slot = state.slot();
        take(&slot, &session);
        let early = read(&session);
        advance(Duration::from_secs(1)).await;
        let reported = Instant::now();
        advance(Duration::from_secs(1)).await;
        let late = read(&session);
        advance(Duration::from_secs(1)).await;
        state.on_done(&slot, wrote(holding("gs-2")), reported);
        state.on_observed(if reads_after { late } else { early }, Box::new(holding("gs-3")));
        assert_eq!(state.view().knowledge, Knowledge::Known(Box::new(holding(known))), "{reads_after}");
    }
}

/// What it said of an earlier read may not have counted, so it has to say again that nothing is left.
#[tokio::test(start_paused = true)]
async fn a_full_read_is_news_for_a_sleeper_that_has_nothing_left_and_for_no_other() {
    let session = SessionMark::default();
    let mut over = state(&session, Observed::default());
    over.decide();
    assert!(!over.knows(&read(&session), &Observed::default()));
    let mut settled = state(&session, holding("gs-1"));
    settled.decide();
    assert!(settled.knows(&read(&session), &holding("gs-1")));
    assert!(!settled.knows(&read(&session), &holding("gs-2")));
}

/// What was decided from what one controller holds is not for another.
#[tokio::test(start_paused = true)]
async fn work_is_of_the_session_whose_full_read_it_was_decided_from() {
    let (first, second) = (SessionMark::default(), SessionMark::default());
    let mut state = state(&first, holding("gs-1"));
    state.decide();
    let slot = state.slot();
    give(&slot);
    assert!(slot.take(TERM, &second).is_none());
    assert_eq!((slot.is_taken(), slot.is_empty()), (false, true), "it is dropped");
    state.on_session_restarted();
    state.decide();
    assert!(slot.is_empty(), "nothing is known of the controller");
    state.on_observed(read(&second), Box::new(holding("gs-2")));
    state.decide();
    let Task::Write { observed, .. } = take(&slot, &second).task else { panic!("a write") };
    assert_eq!(*observed, holding("gs-2"));
}

/// DEL-08
#[tokio::test(start_paused = true)]
async fn a_deletion_that_was_taken_is_wanted_as_long_as_it_would_be_decided_again() {
    let session = SessionMark::default();
    let mut state = state(&session, holding("gs-1"));
    state.decide();
    let slot = state.slot();
    give(&slot);
    let wanted = slot.take(TERM, &session).unwrap().wanted;
    let mut tell = |deployment: DeploymentState| {
        let policy = PolicySnapshot { deployment, ..(*policy()).clone() };
        state.take_in(Input::Context(Arc::new(Context { policy: Arc::new(policy), ..context() })));
        state.decide();
        wanted.is_wanted()
    };
    assert!(tell(DeploymentState::Absent), "another reason to delete it");
    assert!(!tell(DeploymentState::Unknown), "nothing can be decided");
    assert!(tell(DeploymentState::InForce(DeploymentPolicy::default())));
}

/// In the middle of what it was told, it would delete what is gone already.
#[tokio::test(start_paused = true)]
async fn who_wakes_decides_once_about_all_that_it_was_told_in_its_sleep() {
    let session = SessionMark::default();
    for (found, queued) in [(holding("gs-2"), 1), (Observed::default(), 0)] {
        let (link, mut asked) = crate::actors::listening::listener().await;
        let state = with_links(Links { session: link, ..links() }, &session, holding("gs-1"));
        let slot = state.slot();
        let (actor, _) = Actor::spawn(None, GsActor, Box::new(state)).await.unwrap();
        let observed = GsMsg::Observed { read: read(&session), content: Box::new(found.clone()) };
        actor.cast(GsMsg::Woken(vec![GsMsg::ReportAgain, observed])).unwrap();
        let view = actor.call(GsMsg::View, None).await.unwrap().unwrap().unwrap();
        assert_eq!(view.knowledge, Knowledge::Known(Box::new(found)));
        crate::retry::pause(Duration::from_millis(1)).await;
        let enqueued = std::iter::from_fn(|| asked.try_recv().ok());
        let enqueued = enqueued.filter(|message| matches!(message, AviSessionMsg::Enqueue(_))).count();
        assert_eq!((enqueued, slot.is_empty()), (queued, queued == 0));
    }
}
