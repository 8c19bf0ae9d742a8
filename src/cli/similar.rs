//! `chronotype similar`: how alike two titles are, on the scale that decides about types.

use super::{CommandError, Global, classify, output};
use crate::task::classify::REUSE;
use crate::task::title::normalise;
use crate::text::embed::{Embedder, StaticEmbedder};

/// Say how alike two titles are as kinds of work, 0 to 1; from 0.8 on they are one
///
/// By the words alone: what a person's own series, calendars and corrections say is not asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One title
    a: String,
    /// Another
    b: String,
}

/// Runs the command.
///
/// # Errors
/// The embedder inside this binary is broken.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let embedder = StaticEmbedder::new().map_err(classify::broken)?;
    let (a, b) = (normalise(&args.a), normalise(&args.b));
    let similarity = if a == b {
        1.0
    } else {
        embedder.calibration().similarity(embedder.embed_one(&a).cosine(&embedder.embed_one(&b)))
    };
    if global.json {
        let similarity = (f64::from(similarity) * 1e4).round() / 1e4;
        let same = similarity >= f64::from(REUSE);
        return output::json(&serde_json::json!({ "similarity": similarity, "same": same }));
    }
    output::data(&format!("{similarity:.2}\n"))
}
