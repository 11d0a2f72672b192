//! Work that was decided in another session.

use super::super::slot::{Class, OwnSlot, Removal, Task, Work};
use super::*;
use crate::avi::urgency::Urgency;
use crate::core::plan::Write;

const DELETE: &str = "DELETE /api/gslbservice/gs-1";

/// The deletion of a service, decided from what `session` observed.
fn work(session: SessionMark) -> Work {
    let (uuid, tenant, name) = ("gs-1".to_owned(), "admin".to_owned(), "a.org".to_owned());
    let writes = vec![Write::DeleteService { uuid, tenant, name }];
    let class = Class { urgency: Urgency::Interactive, removal: Removal::Approved };
    Work { task: Task::Write { writes, observed: Box::default() }, term: 1, session, class }
}

impl World {
    /// The session of the next full read.
    pub(super) async fn session_read(&mut self) -> SessionMark {
        loop {
            if let GsDirectoryMsg::Observed { read, .. } = self.directory.recv().await.unwrap() {
                return read.session;
            }
        }
    }
}

/// DB-07: its owner has not heard yet that another session has begun.
#[tokio::test(start_paused = true)]
async fn what_was_decided_for_another_controller_is_dropped() {
    let controller = leader();
    controller.on(DELETE, 204, json!({}));
    let mut world = World::ready(controller).await;
    let first = world.session_read().await;
    world.configure("other.example.org", owner());
    let slot = OwnSlot::new("a.org".into());
    assert!(slot.put(work(first.clone())));
    world.tell(AviSessionMsg::Enqueue(slot.share()));
    let second = world.session_read().await;
    assert!(first != second);
    crate::retry::pause(Duration::from_secs(5)).await;
    assert_eq!((world.asked(DELETE), slot.is_empty(), slot.is_taken()), (0, true, false));

    assert!(slot.put(work(second)), "it has to be queued again");
    world.tell(AviSessionMsg::Enqueue(slot.share()));
    crate::retry::pause(Duration::from_secs(5)).await;
    assert_eq!((world.asked(DELETE), slot.is_taken()), (1, true));
}

/// DB-07: the same for work that takes the place of other work in the queue, which the session hears of later.
#[tokio::test(start_paused = true)]
async fn what_was_decided_for_another_controller_is_not_taken_out_of_the_queue() {
    let (earlier, present) = (SessionMark::default(), SessionMark::default());
    let slot = OwnSlot::new("a.org".into());
    slot.put(work(present.clone()));
    slot.put(work(earlier));
    assert!(slot.take(1, &present).is_none());
    assert_eq!((slot.is_empty(), slot.is_taken()), (true, false));
    slot.put(work(present.clone()));
    assert_eq!(slot.take(1, &present).unwrap().work, work(present));
}
