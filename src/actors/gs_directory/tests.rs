//! The directory alone: whom it keeps.

use super::*;
use crate::actors::avi_session::SessionMark;
use crate::core::owner::Owner;
use crate::core::plan::{Holding, ObservedMonitor};
use crate::core::policy::Installation;
use crate::retry::RetryPolicy;

const FQDN: &str = "a.org";

async fn directory() -> ActorRef<GsDirectoryMsg> {
    let link = Link::default();
    let restart = RestartPolicy { backoff: RetryPolicy::default(), window: Duration::from_secs(60), limit: None };
    let args = GsDirectoryArgs {
        session: Link::default(),
        policy: Link::default(),
        status: Link::default(),
        events: Link::default(),
        link: link.clone(),
        board: Board::default(),
        awake: 8,
        restart,
        seed: 7,
    };
    let (actor, _) = Actor::spawn(None, GsDirectory, args).await.unwrap();
    link.point_at(actor.clone());
    actor
}

/// As long as one of these clusters is not seen, nothing can be decided before the settle period is over.
fn policy(members: &[&str]) -> PolicySnapshot {
    let installation = Installation {
        owner: Owner::from_uuid("11111111-2222-11ee-8000-333333333333".parse().unwrap()),
        default_tenant: "admin".into(),
        member_clusters: members.iter().map(|member| (*member).to_owned()).collect(),
        custom_global_fqdn: false,
        status_for_all: false,
    };
    PolicySnapshot { installation: Some(installation), deployment: DeploymentState::Absent }
}

/// The controller holds a monitor for each FQDN.
fn found(fqdns: impl IntoIterator<Item = String>) -> BTreeMap<String, Observed> {
    let monitor = ObservedMonitor { uuid: "hm-1".into(), last_modified: None, content: None, faithful: true };
    let mut held = Holding::empty("admin");
    held.monitors.insert("amko--left".to_owned(), Arc::new(monitor));
    fqdns.into_iter().map(|fqdn| (fqdn, [held.clone()].into_iter().collect())).collect()
}

async fn fqdns(directory: &ActorRef<GsDirectoryMsg>) -> Vec<Arc<str>> {
    directory.call(GsDirectoryMsg::List, Some(Duration::from_secs(1))).await.unwrap().unwrap()
}

#[tokio::test(start_paused = true)]
async fn who_had_nothing_left_before_a_full_read_found_something_stays() {
    let directory = directory().await;
    let tell = |message| directory.cast(message).unwrap();
    let (session, as_of) = (SessionMark::default(), Instant::now());
    let first = FullRead { session: session.clone(), as_of };
    let second = FullRead { session, as_of: as_of + Duration::from_secs(1) };
    tell(GsDirectoryMsg::Policy(Arc::new(policy(&["ctx-a"]))));
    tell(GsDirectoryMsg::Observed { read: second.clone(), observed: found([FQDN.to_owned()]) });
    for read in [None, Some(first)] {
        tell(GsDirectoryMsg::Empty { fqdn: FQDN.into(), read });
        assert_eq!(fqdns(&directory).await, [FQDN.into()]);
    }
    tell(GsDirectoryMsg::Empty { fqdn: FQDN.into(), read: Some(second) });
    assert_eq!(fqdns(&directory).await, Vec::<Arc<str>>::new());
}

/// People do not wait for what comes in bulk: a thousand services take a quarter of a second to wake in turn.
#[tokio::test(start_paused = true)]
async fn a_sleeper_that_somebody_asks_about_wakes_before_the_others() {
    let directory = directory().await;
    let read = FullRead { session: SessionMark::default(), as_of: Instant::now() };
    let observed = found((0..1000).map(|number| format!("app{number:03}.org")));
    directory.cast(GsDirectoryMsg::Policy(Arc::new(policy(&[])))).unwrap();
    directory.cast(GsDirectoryMsg::Observed { read, observed }).unwrap();
    let asked = Instant::now();
    let ask = |reply| GsDirectoryMsg::View("app999.org".to_owned(), reply);
    let view = directory.call(ask, None).await.unwrap().unwrap().unwrap();
    assert_eq!(&*view.fqdn, "app999.org");
    assert!(asked.elapsed() < Duration::from_millis(20), "{:?}", asked.elapsed());
}
