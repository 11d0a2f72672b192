//! A controller that asks for fewer requests.

use super::super::slot::{Class, OwnSlot, Removal, Task, Work};
use super::*;
use crate::avi::urgency::Urgency;
use crate::core::plan::Write;

const DELETE: &str = "DELETE /api/gslbservice/gs-1";

/// Slots with bulk work, which the session hears of.
fn leave_work(world: &World, session: &SessionMark, slots: usize) -> Vec<OwnSlot> {
    let slot = |number| {
        let slot = OwnSlot::new(format!("app{number}.org").into());
        let (uuid, tenant, name) = ("gs-1".to_owned(), "admin".to_owned(), "a.org".to_owned());
        let task = Task::Write { writes: vec![Write::DeleteService { uuid, tenant, name }], observed: Box::default() };
        let class = Class { urgency: Urgency::Bulk, removal: Removal::No };
        slot.put(Work { task, term: 1, session: session.clone(), class });
        world.tell(AviSessionMsg::Enqueue(slot.share()));
        slot
    };
    (0..slots).map(slot).collect()
}

/// F-32: fewer at once as well as fewer per second, and slowly as before.
#[tokio::test(start_paused = true)]
async fn after_a_429_less_is_done_at_once_until_the_rate_has_recovered() {
    let controller = leader();
    controller.on(DELETE, 429, json!({})).on(DELETE, 204, json!({}));
    let mut world = World::ready(controller).await;
    let session = world.session_read().await;
    world.controller.latency(Duration::from_secs(1));
    let refused = leave_work(&world, &session, 1);
    crate::retry::pause(Duration::from_secs(5)).await;
    let slots = leave_work(&world, &session, 6);
    crate::retry::pause(Duration::from_secs(10)).await;
    assert_eq!((world.asked(DELETE), world.controller.most_at_once(DELETE)), (7, 1));
    drop((refused, slots));

    crate::retry::pause(Duration::from_secs(300)).await;
    let slots = leave_work(&world, &session, 6);
    crate::retry::pause(Duration::from_secs(10)).await;
    assert_eq!((world.asked(DELETE), world.controller.most_at_once(DELETE)), (13, 4));
    drop(slots);
}
