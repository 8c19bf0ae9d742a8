//! Prints the vector of each title on stdin, so that the training scripts beside the embedder use
//! the very normaliser and tokeniser that the binary does: `{"title": …, "vector": […]}` a line.

use chronotype::task::title::normalise;
use chronotype::text::embed::{ArtefactError, StaticEmbedder};
use std::io::{BufRead, BufWriter, Error, Write};

fn main() -> Result<(), Error> {
    let embedder = StaticEmbedder::new().map_err(|e: ArtefactError| Error::other(e))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let title = normalise(&line?);
        let vector = embedder.embed_one(&title).0;
        writeln!(out, "{}", serde_json::json!({ "title": title, "vector": vector }))?;
    }
    out.flush()
}
