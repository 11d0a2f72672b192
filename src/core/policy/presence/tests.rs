//! Tables: what is seen of the policies over time, and what follows.

use super::*;

const HALF: Duration = Duration::from_secs(15);

/// The machine under test, and what it is shown.
struct Scene {
    presence: Presence,
    policies: BTreeSet<ObjectName>,
    leads: bool,
    configured: bool,
    grace: Duration,
    kept: Option<Wish>,
    elapsed: Duration,
    wall: Timestamp,
}

fn named(name: &str) -> ObjectName {
    ObjectName { namespace: "avi-system".into(), name: name.into() }
}

fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn at(seconds: u64) -> Timestamp {
    start() + Duration::from_secs(seconds)
}

impl Scene {
    /// A process that began at second `began` of the day and leads.
    fn new(began: u64, policies: &[&str]) -> Self {
        Self {
            presence: Presence::default(),
            policies: policies.iter().map(|name| named(name)).collect(),
            leads: true,
            configured: true,
            grace: GRACE,
            kept: None,
            elapsed: Duration::ZERO,
            wall: at(began),
        }
    }

    /// A process that has `gdp` in force.
    fn in_force() -> Self {
        let mut scene = Self::new(0, &["gdp"]);
        assert_eq!(scene.look(), Standing::Choose);
        scene.presence.in_force(&named("gdp"));
        scene
    }

    fn now(&self) -> Moment {
        Moment { elapsed: self.elapsed, wall: self.wall }
    }

    fn look(&mut self) -> Standing {
        let kept = self.kept.clone();
        let Self { leads, configured, grace, .. } = *self;
        let seen = Seen { policies: &self.policies, leads, configured, grace, kept: kept.as_ref() };
        let now = Moment { elapsed: self.elapsed, wall: self.wall };
        self.presence.look(seen, now)
    }

    fn pass(&mut self, time: Duration) {
        self.elapsed += time;
        self.wall += time;
    }

    fn see(&mut self, policies: &[&str]) -> Standing {
        self.policies = policies.iter().map(|name| named(name)).collect();
        self.look()
    }

    /// Lists now.
    fn list(&mut self) -> bool {
        let (now, grace) = (self.now(), self.grace);
        self.presence.listed(&self.policies.clone(), grace, now)
    }

    fn due(&self) -> Option<Duration> {
        self.presence.list_due(self.grace, self.now())
    }
}

fn departure(deleted: u64) -> Departure {
    Departure {
        policy: named("gdp"),
        deleted: at(deleted),
        due: at(deleted + 30),
        wished: true,
        remembered: true,
        successor: false,
    }
}

fn wish(deleted: u64) -> Wish {
    Wish { policy: named("gdp"), deleted: at(deleted), due: at(deleted + 30) }
}

/// FND-A1: the deletion takes effect after the grace and a list that began after it, and not a moment before.
#[test]
fn a_deleted_policy_is_a_wish_after_the_grace_and_a_list_without_it() {
    let mut scene = Scene::in_force();
    assert_eq!((scene.see(&[]), scene.due()), (Standing::Leaving(departure(0)), Some(GRACE)));
    scene.pass(HALF);
    assert_eq!((scene.list(), scene.look()), (false, Standing::Leaving(departure(0))), "a list within the grace");
    assert_eq!(scene.due(), Some(HALF));
    scene.pass(HALF);
    assert_eq!((scene.look(), scene.due()), (Standing::Leaving(departure(0)), Some(Duration::ZERO)), "without a list");
    scene.pass(HALF);
    assert_eq!((scene.list(), scene.look(), scene.due()), (true, Standing::Gone(departure(0)), None));
    assert_eq!(scene.see(&["gdp"]), Standing::Choose, "a policy ends it");
}

/// FND-A1: a list that names the policy which the watch has lost confirms nothing.
#[test]
fn a_list_that_names_the_policy_proves_that_it_is_there() {
    let mut scene = Scene::in_force();
    scene.see(&[]);
    scene.pass(GRACE);
    let (grace, now) = (scene.grace, scene.now());
    assert!(!scene.presence.listed(&[named("gdp")].into(), grace, now));
    assert_eq!((scene.look(), scene.due()), (Standing::Leaving(departure(0)), Some(Duration::ZERO)));
}

/// FND-A1
#[test]
fn without_a_grace_one_list_is_enough_and_a_start_without_a_policy_is_still_no_wish() {
    let mut scene = Scene { grace: Duration::ZERO, ..Scene::in_force() };
    let at_once = Departure { due: at(0), ..departure(0) };
    assert_eq!((scene.see(&[]), scene.due()), (Standing::Leaving(at_once.clone()), Some(Duration::ZERO)));
    assert_eq!((scene.list(), scene.look()), (true, Standing::Gone(at_once)));
    let mut scene = Scene { grace: Duration::ZERO, ..Scene::new(0, &[]) };
    assert_eq!((scene.look(), scene.due(), scene.list()), (Standing::Missing, None, false));
}

/// FND-A1: nobody is known to have wished for it.
#[test]
fn a_policy_that_was_never_in_force_or_went_while_another_cluster_led_is_missing() {
    let mut scene = Scene::new(0, &[]);
    assert_eq!(scene.look(), Standing::Missing);
    let mut scene = Scene::new(0, &["never-valid"]);
    assert_eq!((scene.look(), scene.see(&[])), (Standing::Choose, Standing::Missing));

    let mut scene = Scene { leads: false, ..Scene::in_force() };
    let unwished = Departure { wished: false, ..departure(0) };
    assert_eq!(scene.see(&[]), Standing::Leaving(unwished.clone()));
    scene.leads = true;
    assert_eq!(scene.look(), Standing::Leaving(unwished), "promoted within the grace");
    scene.pass(GRACE);
    assert_eq!((scene.list(), scene.look(), scene.look()), (true, Standing::Missing, Standing::Missing));
}

/// FND-A2: the one that was in force comes back under its name, whatever waits beside it; after the grace the other one
/// follows.
#[test]
fn a_waiting_policy_follows_after_the_grace_only() {
    let mut scene = Scene::in_force();
    assert_eq!(scene.see(&["draft", "gdp"]), Standing::Choose);
    let beside = Departure { successor: true, ..departure(0) };
    assert_eq!(scene.see(&["draft"]), Standing::Leaving(beside));
    scene.pass(HALF);
    assert_eq!(scene.see(&["draft", "gdp"]), Standing::Choose, "back in its place");

    let beside = Departure { successor: true, ..departure(15) };
    assert_eq!(scene.see(&["draft"]), Standing::Leaving(beside), "with a new grace");
    scene.pass(GRACE);
    assert_eq!((scene.list(), scene.look()), (true, Standing::Choose));
}

/// FND-A2: the one that waited may be on its way back as well; over a restart, too.
#[test]
fn the_grace_begins_anew_when_the_last_policy_goes() {
    let mut scene = Scene::in_force();
    scene.see(&["draft"]);
    scene.pass(Duration::from_secs(20));
    let anew = Departure { due: at(50), ..departure(0) };
    assert_eq!((scene.see(&[]), scene.due()), (Standing::Leaving(anew.clone()), Some(GRACE)));
    scene.pass(Duration::from_secs(10));
    assert_eq!((scene.list(), scene.look()), (false, Standing::Leaving(anew.clone())));
    scene.pass(Duration::from_secs(20));
    assert_eq!((scene.list(), scene.look()), (true, Standing::Gone(anew.clone())));

    let kept = Some(Wish { due: at(50), ..wish(0) });
    let again = Departure { remembered: false, ..anew };
    let mut scene = Scene { kept, ..Scene::new(30, &[]) };
    assert_eq!((scene.look(), scene.due()), (Standing::Leaving(again), Some(Duration::from_secs(20))));
}

/// FND-A2: who saw the last one go while another cluster led knows of no wish.
#[test]
fn a_last_policy_that_went_while_another_cluster_led_is_no_wish() {
    let mut scene = Scene::in_force();
    scene.see(&["draft"]);
    scene.leads = false;
    let unwished = Departure { wished: false, ..departure(0) };
    assert_eq!(scene.see(&[]), Standing::Leaving(unwished));
}

/// FND-A1: a tool that takes away both may make both anew, one after the other.
#[test]
fn a_policy_that_goes_with_the_gslb_config_is_no_wish() {
    for gone_before in [true, false] {
        let mut scene = Scene::in_force();
        scene.configured = !gone_before;
        scene.see(&[]);
        scene.pass(HALF);
        scene.configured = false;
        assert_eq!(scene.look(), Standing::Leaving(Departure { wished: false, ..departure(0) }));
        scene.configured = true;
        scene.pass(HALF);
        assert_eq!((scene.list(), scene.look()), (true, Standing::Missing));
    }
}

/// FND-A1: policies that go with their definition are not wished away, whether it goes before them or after them.
#[test]
fn a_policy_that_goes_with_its_definition_is_not_wished_away() {
    for first in [true, false] {
        let mut scene = Scene::in_force();
        if first {
            scene.presence.not_served();
        } else {
            scene.see(&[]);
            scene.presence.not_served();
        }
        assert_eq!(scene.see(&[]), Standing::Leaving(Departure { wished: false, ..departure(0) }), "{first}");
        scene.presence.served();
        scene.pass(GRACE);
        assert_eq!((scene.list(), scene.look()), (true, Standing::Missing), "{first}");
    }
}

/// FND-A1: nor by what an earlier process has kept, however often is looked.
#[test]
fn a_kept_wish_is_over_once_the_definition_was_away() {
    for began in [20, 40] {
        let mut scene = Scene { kept: Some(wish(0)), ..Scene::new(began, &[]) };
        scene.presence.not_served();
        assert_eq!(scene.look(), Standing::Missing, "{began}");
        scene.presence.served();
        scene.pass(GRACE);
        assert_eq!(
            (scene.look(), scene.list(), scene.look()),
            (Standing::Missing, false, Standing::Missing),
            "{began}"
        );
    }
}

/// FND-A1: same deadline, not a new start, while it is not over.
#[test]
fn a_restart_goes_on_with_the_wish_that_the_status_has_kept() {
    let kept = Some(wish(0));
    let again = Departure { remembered: false, ..departure(0) };
    let mut scene = Scene { kept: kept.clone(), ..Scene::new(20, &[]) };
    assert_eq!((scene.look(), scene.due()), (Standing::Leaving(again.clone()), Some(Duration::from_secs(10))));
    scene.pass(Duration::from_secs(10));
    assert_eq!((scene.list(), scene.look()), (true, Standing::Gone(again.clone())));

    let anew = Departure { due: at(70), ..again.clone() };
    let mut scene = Scene { kept: kept.clone(), ..Scene::new(40, &[]) };
    assert_eq!(scene.look(), Standing::Leaving(anew.clone()), "no process looked at its end");
    scene.pass(HALF);
    assert!(!scene.list());
    scene.pass(HALF);
    assert_eq!((scene.list(), scene.look()), (true, Standing::Gone(anew)));

    let mut scene = Scene { kept: kept.clone(), leads: false, ..Scene::new(20, &[]) };
    scene.look();
    scene.pass(GRACE);
    assert_eq!((scene.list(), scene.look()), (true, Standing::Leaving(again.clone())), "a follower decides nothing");
    scene.leads = true;
    assert_eq!(scene.look(), Standing::Gone(again), "a promotion does");

    let mut scene = Scene { kept: kept.clone(), ..Scene::new(20, &["draft"]) };
    let beside = Departure { remembered: false, successor: true, ..departure(0) };
    assert_eq!(scene.look(), Standing::Leaving(beside), "the other one waits over a restart, too");
    let mut scene = Scene { kept: kept.clone(), ..Scene::new(20, &["gdp"]) };
    assert_eq!(scene.look(), Standing::Choose, "it is back");
    assert_eq!(scene.see(&[]), Standing::Missing, "and what was kept is out of date");
    let ends = GRACE.as_secs() + WISH_HOLDS.as_secs();
    let mut scene = Scene { kept: kept.clone(), ..Scene::new(ends, &[]) };
    assert_eq!(scene.look(), Standing::Leaving(Departure { remembered: false, due: at(ends + 30), ..departure(0) }));
    let mut scene = Scene { kept: kept.clone(), ..Scene::new(ends + 1, &[]) };
    assert_eq!(scene.look(), Standing::Missing, "too old");
    let mut scene = Scene { kept: Some(wish(3600)), ..Scene::new(0, &[]) };
    assert_eq!(scene.look(), Standing::Leaving(Departure { remembered: false, ..departure(0) }), "a clock was ahead");
}
