//! Prints the vector of each title on stdin, so that the training scripts beside the embedder use
//! the very normaliser and tokeniser that the binary does: `{"title": …, "vector": […]}` a line.
//! With the argument `titles` there are no vectors, for the script that is about to make the table.

use chronotype::task::title::normalise;
use chronotype::text::embed::{ArtefactError, StaticEmbedder};
use std::io::{BufRead, BufWriter, Error, Write};

fn main() -> Result<(), Error> {
    let titles_only = std::env::args().nth(1).is_some_and(|word| word == "titles");
    let embedder = StaticEmbedder::new().map_err(|e: ArtefactError| Error::other(e));
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let title = normalise(&line?);
        if titles_only {
            writeln!(out, "{}", serde_json::json!({ "title": title }))?;
            continue;
        }
        let vector = embedder.as_ref().map_err(|e| Error::other(e.to_string()))?.embed_one(&title);
        writeln!(out, "{}", serde_json::json!({ "title": title, "vector": vector.0 }))?;
    }
    out.flush()
}
