//! `chronotype classify`: sorts titles on stdin into task types that begin empty.

mod input;
mod teach;

use super::table::plain;
use super::{CommandError, Global, output};
use crate::task::assign::{Assigned, assign};
use crate::task::category::{CategoryGuess, CategoryHead, Context};
use crate::task::classify::{Query, classify, says_nothing};
use crate::task::company::{Company, Signs};
use crate::task::prior::no_leaning;
use crate::task::{TypeId, Types, title, topic};
use crate::text::embed::{self, ArtefactError, Embedder, StaticEmbedder};
use input::{Item, Items};
use std::collections::{BTreeMap, BTreeSet};

/// Sort titles (or JSON lines) on stdin into task types
///
/// Reads one title a line, or JSON lines {id, user, title, start or weekday and hour, duration_min,
/// attendees, recurring, series_id, calendar, guests} in time order. Each user has their own types,
/// which begin empty; nothing is read from or kept in the store.
///
/// With --teach it is the other way round: lines TITLE<tab>TYPE or TITLE<tab>TYPE<tab>CATEGORY, or
/// JSON lines {title, task_type, category}, say what your own events are, and that wins for ever:
///
///   printf 'Zahnarzt\tDentist\tadministrative\n' | chronotype classify --teach
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Judge by the title alone: no series, duration, attendees or time
    #[arg(long)]
    title_only: bool,
    /// Keep what the lines say of your own titles and types, for ever
    #[arg(long, conflicts_with = "title_only")]
    teach: bool,
    /// With --teach: say what would change, and change nothing
    #[arg(long, requires = "teach")]
    dry_run: bool,
}

/// More people than this in one stream are a mistake in the input, and would fill the memory.
const MOST_USERS: usize = 10_000;
/// Width of the column of task types.
const TYPE_WIDTH: usize = 32;
/// What stands there for a title that says nothing.
const NO_TYPE: &str = "-";

/// Runs it.
///
/// # Errors
/// A line that can't be read, by its number.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    if args.teach {
        return teach::run(global, args.dry_run);
    }
    let embedder = StaticEmbedder::new().map_err(broken)?;
    let head = embed::category_head().map_err(broken)?;
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for item in Items::new(std::io::stdin().lock()) {
        let mut item = item?;
        if args.title_only {
            item.context = Context::default();
            item.series = None;
            item.calendar = None;
            item.guests.clear();
        }
        if people.len() >= MOST_USERS && !people.contains_key(&item.user) {
            let message = format!("more than {MOST_USERS} users in one stream");
            return Err(
                CommandError::failure(message).hint("give `user` the same value per person")
            );
        }
        let person = people.entry(item.user.clone()).or_default();
        let row = person.sort(&item, &embedder, &head);
        let text =
            if global.json { output::escaped(&row.json(&item)) } else { plain(&row.text(&item)) };
        output::data(&format!("{text}\n"))?;
    }
    Ok(())
}

/// What to say of artefacts that can't be read.
pub(super) fn broken(error: ArtefactError) -> CommandError {
    CommandError::failure(format!("the embedder inside this binary is broken: {error}"))
        .hint("install chronotype again")
}

/// One user's types, and what each was called when it was opened: the labels of a stream stay.
#[derive(Default)]
struct Person {
    types: Types,
    company: Company,
    labels: BTreeMap<TypeId, String>,
    taken: BTreeSet<String>,
}

/// What is said of one event.
struct Row {
    /// `None` for a title that says nothing.
    label: Option<String>,
    guess: CategoryGuess,
    similarity: f32,
    unsure: bool,
    new: bool,
}

impl Person {
    fn sort(&mut self, item: &Item, embedder: &StaticEmbedder, head: &CategoryHead) -> Row {
        let normalised = title::normalise(&item.title);
        let embedding = embedder.embed_one(&normalised);
        let weighed = topic::weights(&self.types, &normalised)
            .map(|weights| embedder.embed_weighed(&normalised, &weights));
        let guess = head.guess(&embedding, &item.context);
        let signs = Signs { calendar: item.calendar.as_deref(), guests: &item.guests };
        let query = Query {
            title: &item.title,
            normalised: &normalised,
            embedding: &embedding,
            weighed: weighed.as_ref(),
            company: Some((&self.company, signs)),
            series: item.series.as_ref(),
            context: item.context,
            guess,
        };
        if says_nothing(&self.types, &query) {
            return Row { label: None, guess, similarity: 0.0, unsure: false, new: false };
        }
        let verdict = classify(&self.types, &query, embedder.calibration());
        let votes = |id: TypeId| self.types.by_id.get(&id).map(|kind| kind.category_votes);
        let others = verdict.known().and_then(votes);
        let assigned = assign(&mut self.types, &query, &verdict, &guess, &no_leaning);
        self.company.observe(assigned.id, &signs);
        Row {
            label: Some(self.label(assigned)),
            guess: others.map_or(guess, |votes| guess.among(&votes)),
            similarity: verdict.similarity(),
            unsure: verdict.is_unsure(),
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

fn round(x: f32) -> f64 {
    (f64::from(x) * 1e4).round() / 1e4
}

impl Row {
    fn json(&self, item: &Item) -> String {
        serde_json::json!({
            "id": item.id,
            "task_type": self.label,
            "category": self.guess.likeliest().word(),
            "category_confidence": round(self.guess.confidence()),
            "similarity": round(self.similarity),
            "unsure": self.unsure,
            "new": self.new,
        })
        .to_string()
    }

    fn text(&self, item: &Item) -> String {
        let whole = self.label.as_deref().unwrap_or(NO_TYPE);
        let mut label: String = whole.chars().take(TYPE_WIDTH).collect();
        if label.len() < whole.len() {
            label.pop();
            label.push('…');
        }
        let new = match (self.new, self.unsure) {
            (true, true) => "new?",
            (true, false) => "new",
            (false, true) => "?",
            (false, false) => "",
        };
        let (similarity, category) = (self.similarity, self.guess.likeliest().word());
        let title = &item.title;
        format!("{similarity:.2}  {new:<4}  {category:<14}  {label:<TYPE_WIDTH$}  {title}")
    }
}
