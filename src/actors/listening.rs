//! A neighbour for tests of one actor: it hands on what it is told.

use super::link::Link;
use ractor::{Actor, ActorProcessingErr, ActorRef, Message};
use std::marker::PhantomData;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

struct Listener<M>(PhantomData<fn(M)>);

impl<M: Message> Actor for Listener<M> {
    type Msg = M;
    type State = UnboundedSender<M>;
    type Arguments = UnboundedSender<M>;

    async fn pre_start(&self, _: ActorRef<M>, sender: Self::Arguments) -> Result<Self::State, ActorProcessingErr> {
        Ok(sender)
    }

    async fn handle(&self, _: ActorRef<M>, message: M, sender: &mut Self::State) -> Result<(), ActorProcessingErr> {
        let _ = sender.send(message);
        Ok(())
    }
}

/// The way to somebody, and what is said to them.
pub async fn listener<M: Message>() -> (Link<M>, UnboundedReceiver<M>) {
    let (sender, receiver) = unbounded_channel();
    let (actor, _) = Actor::spawn(None, Listener(PhantomData), sender).await.unwrap();
    let link = Link::default();
    link.point_at(actor);
    (link, receiver)
}
