//! The DNS service of one site without its sockets: objects and health in, answers out.

use super::answer::{Question, Reply, Zone, answer};
use super::monitor;
use super::table::{Compiler, SiteObjects, Table};
use super::view::{ProbeSite, View};
use super::{ErrorResponse, HealthBoard};
use arc_swap::ArcSwap;
use hickory_proto::rr::LowerName;
use parking_lot::Mutex;
use std::sync::Arc;

/// Answers from a snapshot that queries read without waiting for anybody.
pub struct Engine {
    site: String,
    zone: Zone,
    view: ArcSwap<View>,
    source: Mutex<Source>,
}

#[derive(Default)]
struct Source {
    compiler: Compiler,
    objects: SiteObjects,
    table: Arc<Table>,
    monitors: monitor::Monitors,
    /// The state of the board that the view was built from.
    board: Option<u64>,
}

impl Engine {
    /// A service that knows no names yet.
    pub fn new(site: &str, apex: &LowerName, error_response: ErrorResponse) -> Self {
        Self {
            site: site.into(),
            zone: Zone::new(apex, error_response),
            view: ArcSwap::default(),
            source: Mutex::default(),
        }
    }

    /// Takes over the objects, if they changed, and the health on the board, and puts the outcome on the board.
    pub fn refresh(&self, objects: SiteObjects, board: &HealthBoard) {
        let mut source = self.source.lock();
        let (same, version) = (objects.is_same(&source.objects), Some(board.version()));
        if same && source.board == version {
            return;
        }
        source.board = version;
        if !same {
            source.monitors = monitor::compile(&objects.monitors);
            source.table = Arc::new(source.compiler.compile(&objects));
            source.objects = objects;
        }
        let site = ProbeSite { name: &self.site, monitors: &source.monitors };
        let view = Arc::new(View::build(source.table.clone(), board, &site, &self.view.load()));
        board.set_view(&self.site, view.clone());
        self.view.store(view);
    }

    /// Answers a question; `None` means no packet.
    pub fn answer(&self, question: &Question<'_>) -> Option<Reply> {
        answer(&self.view.load(), &self.zone, question)
    }
}
