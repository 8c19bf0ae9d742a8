//! A stand-in for an embeddings endpoint, as OpenAI's API reference describes it: vectors of any
//! width that stand to each other as those of the embedder inside the program do, all of them
//! pushed into one corner, as those of hosted models are.

use super::chat_endpoint::{Asked, Model};
use chronotype::text::embed::StaticEmbedder;
use serde_json::json;
use std::sync::LazyLock;

static LOCAL: LazyLock<StaticEmbedder> = LazyLock::new(|| StaticEmbedder::new().unwrap());

/// The titles that a request holds.
pub fn titles(asked: &Asked) -> Vec<String> {
    let input = asked.body["input"].as_array().unwrap();
    input.iter().map(|title| title.as_str().unwrap().to_owned()).collect()
}

/// One vector: cosines of two of them lie between .7 and 1.
pub fn vector(title: &str, width: usize) -> Vec<f32> {
    let mut wide: Vec<f32> = LOCAL.embed_one(title).0.iter().map(|x| 0.3f32.sqrt() * x).collect();
    wide.resize(width, 0.0);
    wide[width - 1] += 0.7f32.sqrt();
    // Not of length 1: that is nowhere promised.
    wide.iter().map(|x| 3.0 * x).collect()
}

/// A reply to a request: its vectors, the last first.
pub fn reply(asked: &Asked, width: usize) -> Option<(u16, String)> {
    let titles = titles(asked);
    let all = titles.iter().enumerate().rev().map(|(index, title)| {
        json!({ "object": "embedding", "index": index, "embedding": vector(title, width) })
    });
    let body = json!({
        "object": "list",
        "data": all.collect::<Vec<_>>(),
        "model": "m",
        "usage": { "prompt_tokens": 9, "total_tokens": 9 },
    });
    Some((200, body.to_string()))
}

/// All titles that were sent, in order.
pub fn sent(model: &Model) -> Vec<String> {
    model.asked().iter().flat_map(titles).collect()
}
