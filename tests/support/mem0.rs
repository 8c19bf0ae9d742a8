//! A stand-in for Mem0's open source server: memories of users under names of its own.

use super::chat_endpoint::{Asked, Model};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What it keeps, by name.
pub type Shelf = Arc<Mutex<BTreeMap<String, Value>>>;

/// Starts one; while `fault` gives an answer, that is its answer.
pub fn start(
    fault: impl Fn(&Asked) -> Option<(u16, String, String)> + Send + Sync + 'static,
) -> (Model, Shelf) {
    let shelf = Shelf::default();
    let kept = Arc::clone(&shelf);
    let model = Model::with_headers(move |asked| {
        fault(asked).or_else(|| Some(answer(asked, &mut kept.lock().unwrap())))
    });
    (model, shelf)
}

/// Sentences that it keeps, in order.
pub fn sentences(shelf: &Shelf) -> Vec<String> {
    let kept = shelf.lock().unwrap();
    kept.values().map(|m| m["messages"][0]["content"].as_str().unwrap().to_owned()).collect()
}

fn answer(asked: &Asked, kept: &mut BTreeMap<String, Value>) -> (u16, String, String) {
    let mut words = asked.head.split(' ');
    let (method, path) = (words.next().unwrap(), words.next().unwrap());
    let (status, body) = match (method, path.strip_prefix("/v1/memories")) {
        ("POST", Some("")) if asked.body["user_id"].is_string() => {
            let name = format!("mem-{}", kept.len());
            kept.insert(name.clone(), asked.body.clone());
            let words = &asked.body["messages"][0]["content"];
            (200, json!({ "results": [{ "id": name, "memory": words, "event": "ADD" }] }))
        }
        ("DELETE", Some(name)) => match kept.remove(name.trim_start_matches('/')) {
            Some(_) => (200, json!({ "message": "Memory deleted successfully" })),
            None => (404, json!({ "detail": "not found" })),
        },
        _ => (400, json!({ "detail": "?" })),
    };
    (status, String::new(), body.to_string())
}
