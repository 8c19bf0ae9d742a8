//! Search by words and by meaning over what one principal has: events, task types, insights.
//!
//! Words are tantivy's (BM25, whole and stemmed), meaning is the embedder's; the two rankings are
//! fused by reciprocal ranks (Cormack, Clarke and Büttcher 2009). An index is a folder of its own
//! for each principal, and never the only place of anything: one that is missing, damaged, of
//! another layout or behind the store is brought up to date from the entries, which changes what
//! differs, or built anew. A mark of all entries, written last, tells. Invariants: no title leaves
//! the folder but as an answer; the writer is open only while entries change, with one thread and
//! bounded memory.

mod known;

use super::embed::Embedder;
use crate::event::PrincipalId;
use crate::task::{Embedding, title};
use known::Known;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{Field, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::{IndexReader, TantivyDocument, Term};

/// Ends the name of the folder of all indexes; the store's comes before it.
const ALL: &str = "index";
/// Rights of the group and of others.
const OTHERS: u32 = 0o077;
/// Memory of the writer, in bytes: the least that tantivy takes.
const WRITER_BYTES: usize = 15_000_000;
/// Hits of either ranking that are fused.
const DEEP: usize = 200;
/// Damps the first ranks (60 in the paper).
const DAMPING: f32 = 60.0;
/// Cosine from which a text is near in meaning at all.
const NEAR: f32 = 0.25;

/// Something to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name: unique within a principal.
    pub key: String,
    /// What it says.
    pub text: String,
}

/// Something found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The name of an entry.
    pub key: String,
    /// Higher is better; comparable within one answer only.
    pub score: f32,
}

/// Why an index could not be used. The store is never touched by it.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The disk refuses.
    #[error("the search index {}: {source}", .path.display())]
    Io {
        /// Its folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The index refuses; built anew it may not.
    #[error("the search index can't be used: {0}")]
    Engine(#[from] tantivy::TantivyError),
}

/// An open index of one principal.
pub struct Index {
    engine: tantivy::Index,
    reader: IndexReader,
    fields: Fields,
    known: Known,
}

#[derive(Clone, Copy)]
struct Fields {
    key: Field,
    words: Field,
    stems: Field,
}

/// Where the index of a principal lies: beside the store, a folder each.
pub fn folder(store: &Path, principal: &PrincipalId) -> PathBuf {
    folder_of_all(store).join(principal.file_name())
}

/// Where all indexes beside a store lie.
pub fn folder_of_all(store: &Path) -> PathBuf {
    let name = store.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    store.with_file_name(format!("{name}.{ALL}"))
}

impl Index {
    /// Opens the index that shows these entries; brings it up to that first, or makes it.
    ///
    /// # Errors
    /// [`IndexError`]; what there was is still there or gone, and the next call makes it good.
    pub fn bring_up(
        folder: &Path,
        entries: &[Entry],
        embedder: &dyn Embedder,
    ) -> Result<Self, IndexError> {
        let io = |source| IndexError::Io { path: folder.to_owned(), source };
        make_private(folder).map_err(io)?;
        let mark = known::mark(entries);
        if let Some(known) = Known::read(folder)
            && let Ok(index) = Self::opened(folder, known)
            && let Ok(index) = index.update(folder, mark, entries, embedder)
        {
            return Ok(index);
        }
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
            _ => {}
        }
        make_private(folder).map_err(io)?;
        tantivy::Index::create_in_dir(folder, schema().0)?;
        Self::opened(folder, Known::default())?.update(folder, mark, entries, embedder)
    }

    fn opened(folder: &Path, known: Known) -> Result<Self, IndexError> {
        let engine = tantivy::Index::open_in_dir(folder)?;
        let (expected, fields) = schema();
        if engine.schema() != expected {
            let what = "another layout".to_owned();
            return Err(tantivy::TantivyError::SchemaError(what).into());
        }
        let reader = engine.reader_builder().reload_policy(tantivy::ReloadPolicy::Manual);
        let reader = reader.try_into()?;
        Ok(Self { engine, reader, fields, known })
    }

    /// Writes what differs. The mark is written last: a crash before leaves an old one, and the
    /// next update does the same again.
    fn update(
        mut self,
        folder: &Path,
        mark: known::Mark,
        entries: &[Entry],
        embedder: &dyn Embedder,
    ) -> Result<Self, IndexError> {
        if self.known.mark == mark {
            return Ok(self);
        }
        let difference = self.known.difference(entries);
        if !difference.is_empty() {
            let mut writer: tantivy::IndexWriter =
                self.engine.writer_with_num_threads(1, WRITER_BYTES)?;
            for key in &difference.gone {
                writer.delete_term(Term::from_field_text(self.fields.key, key));
            }
            for entry in &difference.new {
                let mut document = TantivyDocument::default();
                let text = title::normalise(&entry.text);
                document.add_text(self.fields.key, &entry.key);
                document.add_text(self.fields.words, &text);
                document.add_text(self.fields.stems, &text);
                writer.add_document(document)?;
            }
            writer.commit()?;
            writer.wait_merging_threads()?;
            self.reader.reload()?;
        }
        let known = self.known.with(mark, entries, embedder);
        known.write(folder).map_err(|source| IndexError::Io { path: folder.into(), source })?;
        self.known = known;
        Ok(self)
    }

    /// The entries that suit these words, best first.
    ///
    /// # Errors
    /// [`IndexError::Engine`].
    pub fn search(
        &self,
        words: &str,
        embedder: &dyn Embedder,
        most: usize,
    ) -> Result<Vec<Hit>, IndexError> {
        let query = title::normalise(words);
        let mut scores: BTreeMap<String, f32> = BTreeMap::new();
        let meaning = embedder.embed(&[&query]).pop().unwrap_or(Embedding(Vec::new()));
        for ranking in [self.by_words(&query)?, self.known.nearest(&meaning, NEAR, DEEP)] {
            let (mut rank, mut last) = (0, f32::INFINITY);
            for (place, (key, score)) in ranking.into_iter().enumerate() {
                // What is equally good has one rank.
                if score < last {
                    (rank, last) = (place, score);
                }
                *scores.entry(key).or_default() += 1.0 / (DAMPING + rank as f32);
            }
        }
        let mut hits: Vec<Hit> =
            scores.into_iter().map(|(key, score)| Hit { key, score }).collect();
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.key.cmp(&b.key)));
        hits.truncate(most);
        Ok(hits)
    }

    fn by_words(&self, query: &str) -> Result<Vec<(String, f32)>, IndexError> {
        let fields = vec![self.fields.words, self.fields.stems];
        let parser = QueryParser::for_index(&self.engine, fields);
        let (query, _) = parser.parse_query_lenient(query);
        let searcher = self.reader.searcher();
        let found = searcher.search(&query, &TopDocs::with_limit(DEEP).order_by_score())?;
        let mut ranking = Vec::new();
        for (score, at) in found {
            let document: TantivyDocument = searcher.doc(at)?;
            let key = document.get_first(self.fields.key).and_then(|v| v.as_str());
            ranking.extend(key.map(|key| (key.to_owned(), score)));
        }
        Ok(ranking)
    }
}

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = |tokenizer: &str| {
        TextOptions::default()
            .set_indexing_options(TextFieldIndexing::default().set_tokenizer(tokenizer))
    };
    let key = builder.add_text_field("key", STRING | STORED);
    let words = builder.add_text_field("words", text("default"));
    let stems = builder.add_text_field("stems", text("en_stem"));
    (builder.build(), Fields { key, words, stems })
}

/// Words of titles lie in it: nobody but its owner may look.
fn make_private(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        builder.mode(0o700);
        // That of all people stands open where it was restored or copied so.
        let all = folder.parent().filter(|all| all.extension() == Some(OsStr::new(ALL)));
        if let Some(all) = all
            && std::fs::metadata(all).is_ok_and(|all| all.permissions().mode() & OTHERS != 0)
        {
            std::fs::set_permissions(all, std::fs::Permissions::from_mode(0o700))?;
        }
    }
    builder.create(folder)
}

#[cfg(test)]
mod tests;
