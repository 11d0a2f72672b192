//! What the controllers were asked.

use super::World;
use serde_json::Value;

/// Remembers up to where the requests were read, so that none is missed between two looks.
#[derive(Default)]
pub struct Requests {
    seen: u64,
}

impl Requests {
    /// The writes since the last look, oldest first, with the name instead of the uuid: `PUT gslbservice`. Sessions
    /// are left out: a login or logout changes no object.
    pub async fn writes(&mut self, world: &World) -> Vec<String> {
        let url = format!("{}/requests?since={}", world.lab.report()["control"].as_str().unwrap(), self.seen);
        let requests: Vec<Value> = world.http.get(url).send().await.unwrap().json().await.unwrap();
        self.seen = requests.last().map_or(self.seen, |request| request["seq"].as_u64().unwrap());
        requests.iter().filter_map(write_line).collect()
    }
}

/// `METHOD kind` and, for one that was refused, the status.
fn write_line(request: &Value) -> Option<String> {
    let text = |field: &str| request[field].as_str().unwrap();
    let path = text("path").trim_start_matches('/');
    if text("method") == "GET" || path == "login" || path == "logout" {
        return None;
    }
    let kind = path.trim_start_matches("api/").split(['/', '?']).next().unwrap();
    let status = request["status"].as_u64().unwrap();
    let refused = if status < 300 { String::new() } else { format!(" {status}") };
    Some(format!("{} {kind}{refused}", text("method")))
}
