//! The delay of answers can be changed while the world runs.

use super::*;
use tokio::time::Instant;

async fn elapsed(client: &mut Client) -> Duration {
    let start = Instant::now();
    client.get("/api/gslb").await;
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_new_latency_holds_from_the_next_request_on() {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    assert_eq!(elapsed(&mut client).await, Duration::ZERO);
    world.set_latency(Duration::from_secs(2));
    let slow = elapsed(&mut client).await;
    assert!(slow > Duration::from_millis(200) && slow < Duration::from_secs(20), "{slow:?}");
    world.set_latency(Duration::ZERO);
    assert_eq!(elapsed(&mut client).await, Duration::ZERO);
}
