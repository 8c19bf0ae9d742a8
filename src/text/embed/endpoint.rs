//! Vectors from an OpenAI-compatible `/embeddings` endpoint, of any width. Off by default: titles
//! are sent nowhere unless the person names an endpoint.
//!
//! Invariants: what is sent is a list of normalised titles and the model's name, nothing else; a
//! reply is taken whole or not at all, and its vectors are finite, of one width and of length 1.

use super::calibrate::calibrate;
use super::{Embedder, StaticEmbedder};
use crate::calendar::Http;
use crate::task::Embedding;
use crate::task::classify::Calibration;
use crate::text::endpoint::{self, AddressError, Again, Endpoint, Failure, Method, ModelAccess};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Titles in one request: within the limits of all servers known (OpenAI takes 2,048).
pub const BATCH: usize = 64;
/// A title is sent up to so many characters: none has more to say.
const LONGEST_TITLE: usize = 300;
/// Widths that make sense; OpenAI's are 256 to 3,072.
const WIDTHS: std::ops::RangeInclusive<usize> = 2..=8_192;
/// Longest reply: a batch of the widest vectors, each number in 16 characters.
const LONGEST_REPLY: usize = BATCH * 8_192 * 16;
/// Behind the address as configured.
const PATH: [&str; 1] = ["embeddings"];

/// An endpoint that turns titles into vectors.
#[derive(Debug, Clone)]
pub struct Embeddings {
    endpoint: Endpoint,
    model: String,
    id: [u8; 16],
}

#[derive(Deserialize)]
struct Reply {
    data: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    index: usize,
    embedding: Vec<f32>,
}

impl Embeddings {
    /// Prepares it; nothing is sent yet.
    ///
    /// # Errors
    /// [`AddressError`]: plain `http` is for this computer only.
    pub fn new(http: Http, access: ModelAccess) -> Result<Self, AddressError> {
        let (id, model) = (endpoint::id_of(&access.url, &access.model), access.model.clone());
        Ok(Self { endpoint: Endpoint::of_model(http, access, LONGEST_REPLY)?, model, id })
    }

    /// Tells its vectors from those of another endpoint or model.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// One vector a title, in order; at most [`BATCH`] titles, all of `width` where one is given.
    ///
    /// # Errors
    /// [`Failure`]; nothing of the reply is used then.
    pub async fn embed(
        &self,
        titles: &[String],
        width: Option<usize>,
    ) -> Result<Vec<Embedding>, Failure> {
        let short = |title: &String| title.chars().take(LONGEST_TITLE).collect::<String>();
        let input: Vec<String> = titles.iter().map(short).collect();
        let body = json!({ "model": self.model, "input": input, "encoding_format": "float" });
        let reply = self.endpoint.send(Method::POST, &PATH, Some(body.to_string())).await?;
        let host = self.endpoint.host();
        read(&reply, titles.len(), width).map_err(|why| Failure {
            why: format!("{host} sent {why}"),
            again: Again::AnyTime,
            status: None,
        })
    }
}

/// The vectors of a reply in the order of their titles, or what it is instead.
fn read(body: &[u8], titles: usize, width: Option<usize>) -> Result<Vec<Embedding>, String> {
    let reply: Reply = serde_json::from_slice(body).map_err(|_| "no list of vectors".to_owned())?;
    if reply.data.len() != titles {
        return Err(format!("{} vectors for {titles} titles", reply.data.len()));
    }
    let width = width.or(reply.data.first().map(|one| one.embedding.len())).unwrap_or_default();
    if !WIDTHS.contains(&width) {
        return Err(format!("vectors of width {width}"));
    }
    let mut by_place: BTreeMap<usize, Embedding> = BTreeMap::new();
    for One { index, embedding } in reply.data {
        if embedding.len() != width {
            return Err(format!("a vector of width {} among those of {width}", embedding.len()));
        }
        // In double: squares of large numbers are larger.
        let length = embedding.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>().sqrt();
        if !length.is_normal() {
            return Err("a vector without direction".to_owned());
        }
        let unit = embedding.iter().map(|x| (f64::from(*x) / length) as f32).collect();
        by_place.insert(index, Embedding(unit));
    }
    match by_place.len() == titles && by_place.keys().all(|index| *index < titles) {
        true => Ok(by_place.into_values().collect()),
        false => Err("two vectors for one title".to_owned()),
    }
}

/// An embedder that knows the vectors that were fetched, and no others: a title that has none is
/// near to nothing.
#[derive(Debug, Clone)]
pub struct Fetched {
    by_title: Arc<BTreeMap<String, Embedding>>,
    calibration: Calibration,
}

impl Fetched {
    /// With these vectors, all of one embedder.
    pub fn new(by_title: Arc<BTreeMap<String, Embedding>>, calibration: Calibration) -> Self {
        Self { by_title, calibration }
    }

    /// How the cosines of these vectors read; `None` while not all titles that tell are among them.
    pub fn calibrate(
        by_title: &BTreeMap<String, Embedding>,
        local: &StaticEmbedder,
    ) -> Option<Calibration> {
        let titles = super::calibrate::titles();
        let vectors: Option<Vec<&Embedding>> = titles.iter().map(|t| by_title.get(t)).collect();
        Some(calibrate(local, &titles, &vectors?))
    }
}

impl Embedder for Fetched {
    fn embed(&self, titles: &[&str]) -> Vec<Embedding> {
        let width = self.by_title.values().next().map_or(0, |vector| vector.0.len());
        let unknown = || Embedding(vec![0.0; width]);
        let vector = |title: &&str| self.by_title.get(*title).cloned().unwrap_or_else(unknown);
        titles.iter().map(vector).collect()
    }

    fn calibration(&self) -> Calibration {
        self.calibration
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, width: Option<usize>, expected: Result<&[[f32; 2]], &str>) {
        let found = read(body.as_bytes(), 2, width);
        let expected = expected
            .map(|all| all.iter().map(|v| Embedding(v.to_vec())).collect::<Vec<_>>())
            .map_err(str::to_owned);
        assert_eq!(found, expected, "{body}");
    }

    #[test]
    fn a_reply_is_taken_whole_or_not_at_all() {
        let of = |one: &str, other: &str| {
            format!("{{\"object\":\"list\",\"data\":[{one},{other}],\"usage\":{{}}}}")
        };
        let at = |index: u32, v: &str| format!("{{\"index\":{index},\"embedding\":{v}}}");
        let good = of(&at(1, "[3,4]"), &at(0, "[0,2]"));
        check(&good, None, Ok(&[[0.0, 1.0], [0.6, 0.8]]));
        check(&good, Some(2), Ok(&[[0.0, 1.0], [0.6, 0.8]]));
        check(&good, Some(3), Err("a vector of width 2 among those of 3"));
        check(&of(&at(0, "[1,0]"), &at(0, "[1,0]")), None, Err("two vectors for one title"));
        check(&of(&at(0, "[1,0]"), &at(7, "[1,0]")), None, Err("two vectors for one title"));
        check(&of(&at(0, "[1,0]"), &at(1, "[0,0]")), None, Err("a vector without direction"));
        let wide = of(&at(0, "[1,0]"), &at(1, "[1,0,0]"));
        check(&wide, None, Err("a vector of width 3 among those of 2"));
        check(&of(&at(0, "[1]"), &at(1, "[1]")), None, Err("vectors of width 1"));
        check(&of(&at(0, "[1,0]"), &at(1, "[NaN,0]")), None, Err("no list of vectors"));
        check(&of(&at(0, "[1,0]"), &at(1, "[1e39,0]")), None, Err("a vector without direction"));
        check("{\"data\":[]}", None, Err("0 vectors for 2 titles"));
        check("<html>", None, Err("no list of vectors"));
    }
}
