//! `chronotype classify`: sorts titles on stdin into task types that begin empty.

mod input;

use super::{CommandError, Global, output};
use crate::task::assign::{Assigned, assign};
use crate::task::category::{CategoryHead, Context};
use crate::task::classify::{Query, Verdict, classify};
use crate::task::{Category, TypeId, Types, title};
use crate::text::embed::{self, ArtefactError, Embedder, StaticEmbedder};
use input::{Item, Items};
use std::collections::{BTreeMap, BTreeSet};

/// Sort titles (or JSON lines) on stdin into task types
///
/// Reads one title a line, or JSON lines {id, user, title, start or weekday and hour, duration_min,
/// attendees, recurring, series_id} in time order. Each user has their own types, which begin
/// empty; nothing is read from or kept in the store.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Judge by the title alone: no series, duration, attendees or time
    #[arg(long)]
    title_only: bool,
}

/// More people than this in one stream are a mistake in the input, and would fill the memory.
const MOST_USERS: usize = 10_000;
/// Width of the column of task types.
const TYPE_WIDTH: usize = 32;

/// Runs it.
///
/// # Errors
/// A line that can't be read, by its number.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let embedder = StaticEmbedder::new().map_err(broken)?;
    let head = embed::category_head().map_err(broken)?;
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for item in Items::new(std::io::stdin().lock()) {
        let mut item = item?;
        if args.title_only {
            item.context = Context::default();
            item.series = None;
        }
        if people.len() >= MOST_USERS && !people.contains_key(&item.user) {
            let message = format!("more than {MOST_USERS} users in one stream");
            return Err(
                CommandError::failure(message).hint("give `user` the same value per person")
            );
        }
        let person = people.entry(item.user.clone()).or_default();
        let row = person.sort(&item, &embedder, &head);
        let text = if global.json { row.json(&item) } else { row.text(&item) };
        output::data(&format!("{text}\n"))?;
    }
    Ok(())
}

fn broken(error: ArtefactError) -> CommandError {
    CommandError::failure(format!("the embedder inside this binary is broken: {error}"))
        .hint("install chronotype again")
}

/// One user's types, and what each was called when it was opened: the labels of a stream stay.
#[derive(Default)]
struct Person {
    types: Types,
    labels: BTreeMap<TypeId, String>,
    taken: BTreeSet<String>,
}

/// What is said of one event.
struct Row {
    label: String,
    category: Category,
    similarity: f32,
    new: bool,
}

impl Person {
    fn sort(&mut self, item: &Item, embedder: &StaticEmbedder, head: &CategoryHead) -> Row {
        let normalised = title::normalise(&item.title);
        let embedding = embedder.embed_one(&normalised);
        let guess = head.guess(&embedding, &item.context);
        let query = Query {
            title: &item.title,
            normalised: &normalised,
            embedding: &embedding,
            series: item.series.as_ref(),
            context: item.context,
            guess,
        };
        let verdict = classify(&self.types, &query, embedder.calibration());
        let assigned = assign(&mut self.types, &query, &verdict, &guess);
        let similarity = match verdict {
            Verdict::Known { near, .. } => near.similarity,
            Verdict::New { nearest } => nearest.map_or(0.0, |near| near.similarity),
        };
        Row {
            label: self.label(assigned),
            category: guess.likeliest(),
            similarity,
            new: assigned.new,
        }
    }

    fn label(&mut self, assigned: Assigned) -> String {
        if let Some(label) = self.labels.get(&assigned.id) {
            return label.clone();
        }
        let name = self.types.by_id.get(&assigned.id).map(|kind| kind.name.clone());
        let mut label = name.unwrap_or_default();
        if !self.taken.insert(label.clone()) {
            label = format!("{label} #{}", assigned.id);
            self.taken.insert(label.clone());
        }
        self.labels.insert(assigned.id, label.clone());
        label
    }
}

impl Row {
    fn json(&self, item: &Item) -> String {
        serde_json::json!({
            "id": item.id,
            "task_type": self.label,
            "category": self.category.word(),
            "similarity": (f64::from(self.similarity) * 1e4).round() / 1e4,
            "new": self.new,
        })
        .to_string()
    }

    fn text(&self, item: &Item) -> String {
        let mut label: String = self.label.chars().take(TYPE_WIDTH).collect();
        if label.len() < self.label.len() {
            label.pop();
            label.push('…');
        }
        let new = if self.new { "new" } else { "" };
        let (similarity, category) = (self.similarity, self.category.word());
        let title = item.title.replace(char::is_control, " ");
        format!("{similarity:.2}  {new:<3}  {category:<14}  {label:<TYPE_WIDTH$}  {title}")
    }
}
