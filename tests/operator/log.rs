//! What the log says of a cluster that is dark.

use crate::support::World;
use crate::support::objects::{apply, web};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Everything that is logged, as text.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    /// The lines with this text, without their times.
    fn with(&self, text: &str) -> Vec<String> {
        let all = String::from_utf8(self.0.lock().clone()).unwrap();
        all.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

/// FND-C4
#[tokio::test(start_paused = true)]
async fn a_dark_cluster_has_one_line_when_it_begins_and_one_when_it_ends() {
    let lines = Lines::default();
    let writer = lines.clone();
    let log = tracing_subscriber::fmt().without_time().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _log = tracing::subscriber::set_default(log);
    // With one alone, what another thread without any logs first is taken for something that nobody wants.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let mut world = World::new(1, &["ctx-a", "ctx-b", "ctx-c"]);
    for (net, context) in ["ctx-a", "ctx-b", "ctx-c"].into_iter().enumerate() {
        apply(world.cluster(context), web("web", &format!("10.{}.0.5", net + 1)));
    }
    world.start().await;
    let began = lines.with("cluster_watcher");
    assert!(began.iter().all(|line| line.contains("does not serve this kind at present")), "{began:#?}");
    world.cluster("ctx-c").set_available(false);
    // Virtual, as all of it.
    tokio::time::sleep(Duration::from_secs(183)).await;
    let since = || lines.with("cluster_watcher").split_off(began.len());
    let told = since();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].contains("WARN") && told[0].contains("cluster=\"ctx-c\"") && told[0].contains("error="),
        "{told:?}"
    );
    world.cluster("ctx-c").set_available(true);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let told = since();
    assert_eq!(told.len(), 2, "{told:#?}");
    let ended = ["INFO", "member cluster can be read again", "cluster=\"ctx-c\"", "failures=", "seconds="];
    assert!(ended.iter().all(|part| told[1].contains(part)), "{told:?}");
    assert_eq!(lines.with("kube_client"), [""; 0]);
}
