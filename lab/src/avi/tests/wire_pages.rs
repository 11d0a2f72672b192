//! Pages of collections that do not fit together.

use super::super::FaultOrder;
use super::*;

/// What walking over the services meets: names, counts and links, page by page, five pages at most.
async fn walk(trouble: &str) -> Vec<(u16, Vec<String>, Value, bool)> {
    let world = AviWorld::new(two_sites());
    let mut client = Client::logged_in(&world, "alpha").await;
    for name in ["a", "b", "c", "d", "e"] {
        client.create("gslbservice", &service(name)).await;
    }
    world.add_fault(&FaultOrder::new("paging").with("trouble", trouble).with("page-size", 2)).unwrap();
    let mut target = "/api/gslbservice?page_size=100&sort=name".to_owned();
    let mut pages = Vec::new();
    while pages.len() < 5 {
        let answer = client.get(&target).await;
        let empty = Vec::new();
        let results = answer.body["results"].as_array().unwrap_or(&empty);
        let names = results.iter().map(|object| object["name"].as_str().unwrap().to_owned()).collect();
        let next = answer.body["next"].as_str().map(|next| next.split_once(HOST).unwrap().1.to_owned());
        pages.push((answer.status, names, answer.body["count"].clone(), next.is_some()));
        let Some(next) = next else { break };
        target = next;
    }
    pages
}

fn page(names: &[&str], count: u64, next: bool) -> (u16, Vec<String>, Value, bool) {
    (200, names.iter().map(|name| (*name).to_owned()).collect(), json!(count), next)
}

#[tokio::test(start_paused = true)]
async fn the_first_page_looks_like_the_last() {
    assert_eq!(walk("next-missing").await, [page(&["a", "b"], 5, false)]);
}

#[tokio::test(start_paused = true)]
async fn every_page_links_to_itself() {
    assert_eq!(walk("next-loops").await, vec![page(&["a", "b"], 5, true); 5]);
}

#[tokio::test(start_paused = true)]
async fn what_moves_up_to_an_earlier_page_is_not_seen() {
    let expected = [page(&["a", "b"], 5, true), page(&["d"], 4, true), page(&[], 4, false)];
    assert_eq!(walk("shrinking").await, expected);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_object_less_than_was_counted() {
    assert_eq!(
        walk("count-wrong").await,
        [page(&["a", "b"], 6, true), page(&["c", "d"], 6, true), page(&["e"], 6, false)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_second_page_is_gone() {
    assert_eq!(walk("page-404").await, [page(&["a", "b"], 5, true), (404, vec![], Value::Null, false)]);
}
