//! Steps 4 and 5: titles to vectors, events to task types.

mod why;

pub use why::{Door as FiledBy, Filed};

use super::Report;
use crate::event::time::{local_date, local_hour, weekday};
use crate::event::{Event, EventId, Events, Guests, Role, Span, Uid};
use crate::memory::recall;
use crate::store::Person;
use crate::task::assign::{Assigned, assign};
use crate::task::category::{CategoryGuess, CategoryHead, Context};
use crate::task::classify::{Calibration, Query, Verdict, classify, says_nothing};
use crate::task::company::{Company, Signs};
use crate::task::refile::Look;
use crate::task::{Embedding, TypeId, Types, title, topic};
use crate::text::assistant::Assistant;
use crate::text::embed::endpoint::{Embeddings, Fetched};
use crate::text::embed::{ArtefactError, Embedder, StaticEmbedder, category_head};
use crate::text::mem0::Mem0;
use chrono_tz::Tz;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Wordings looked at to see whether they come from this embedder.
const PROBES: usize = 4;
/// A vector from the store is the same one up to its rounding.
const SAME_VECTOR: f32 = 0.98;

/// What turns titles into task types, and whom it may turn to.
pub struct Brain {
    /// What compares titles.
    embedder: Arc<dyn Embedder>,
    /// What the head reads.
    local: StaticEmbedder,
    /// Whether `embedder` gives the vectors that the head reads.
    is_local: bool,
    head: Arc<CategoryHead>,
    assistant: Option<Assistant>,
    embeddings: Option<Embeddings>,
    mem0: Option<Mem0>,
}

impl Brain {
    /// The embedder inside the binary.
    ///
    /// # Errors
    /// An artefact can't be read: this build is broken.
    pub fn local() -> Result<Self, ArtefactError> {
        let (local, head) = (StaticEmbedder::new()?, Arc::new(category_head()?));
        let embedder = Arc::new(local.clone());
        Ok(Self {
            embedder,
            local,
            is_local: true,
            head,
            assistant: None,
            embeddings: None,
            mem0: None,
        })
    }

    /// For another person, with the same tables and nobody else to turn to.
    pub fn sharing(&self) -> Self {
        let (assistant, embeddings, mem0) = (None, None, None);
        Self { assistant, embeddings, mem0, ..self.with_vectors(None) }
    }

    /// With an endpoint to fetch vectors from, where there is one; until they are there it compares
    /// by the embedder inside the binary.
    pub fn with_embeddings(self, embeddings: Option<Embeddings>) -> Self {
        Self { embeddings, ..self }
    }

    /// With a server that insights are mirrored to, where there is one.
    pub fn with_mem0(self, mem0: Option<Mem0>) -> Self {
        Self { mem0, ..self }
    }

    pub(super) fn mem0(&self) -> Option<&Mem0> {
        self.mem0.as_ref()
    }

    /// One that compares titles by these vectors; `None` = by the embedder inside the binary.
    pub(super) fn with_vectors(&self, fetched: Option<Fetched>) -> Self {
        let is_local = fetched.is_none();
        let embedder: Arc<dyn Embedder> = match fetched {
            Some(fetched) => Arc::new(fetched),
            None => Arc::new(self.local.clone()),
        };
        let (local, head) = (self.local.clone(), self.head.clone());
        let (assistant, embeddings) = (self.assistant.clone(), self.embeddings.clone());
        let mem0 = self.mem0.clone();
        Self { embedder, local, is_local, head, assistant, embeddings, mem0 }
    }

    pub(super) fn embeddings(&self) -> Option<&Embeddings> {
        self.embeddings.as_ref()
    }

    pub(super) fn local_embedder(&self) -> &StaticEmbedder {
        &self.local
    }

    /// With a model to ask about new types.
    pub fn with_assistant(self, assistant: Option<Assistant>) -> Self {
        Self { assistant, ..self }
    }

    /// A model is asked about new types.
    pub fn has_assistant(&self) -> bool {
        self.assistant.is_some()
    }

    pub(super) fn assistant(&self) -> Option<&Assistant> {
        self.assistant.as_ref()
    }

    /// How the embedder's cosines read.
    pub(super) fn calibration(&self) -> Calibration {
        self.embedder.calibration()
    }

    /// Gives each of these events its task type, in the order in which they happened.
    pub(super) fn classify(
        &self,
        person: &mut Person,
        ids: &[EventId],
        zone: Tz,
        report: &mut Report,
    ) {
        self.keep_up(&mut person.types);
        let memory = &person.memory;
        let leaning = |category| recall::leaning(memory, category);
        let mut vectors: BTreeMap<String, Embedding> = BTreeMap::new();
        let mut order: Vec<_> = ids
            .iter()
            .filter_map(|id| person.events.get(id).map(|e| (e.span.start_instant(zone), id)))
            .collect();
        order.sort();
        // It takes a look at every event; most turns file nothing.
        let is_filed = |id: &EventId| !person.suggestions.contains_key(&id.uid);
        let mut company = match order.iter().any(|(_, id)| is_filed(id)) {
            true => company_of(&person.events, &person.guests, None),
            false => Company::default(),
        };
        for (_, id) in order {
            if let Some(suggestion) = person.suggestions.get(&id.uid) {
                let kind = suggestion.task_type;
                if let Some(event) = Arc::make_mut(&mut person.events).get_mut(id) {
                    event.task_type = Some(kind);
                }
                continue;
            }
            let events = Arc::make_mut(&mut person.events);
            let Some(event) = events.get_mut(id) else { continue };
            // It asks for work and is none.
            if event.asked_for().is_some() {
                continue;
            }
            // Whole days are context (birthdays, holidays), not work of a kind.
            let Some(context) = context_of(event, zone) else { continue };
            let normalised = title::normalise(&event.title);
            let embedding =
                vectors.entry(normalised.clone()).or_insert_with_key(|text| self.embed(text));
            let weighed = self.weighed(&person.types, &normalised);
            let guess = self.guess(&normalised, embedding, &context);
            let signs = signs_of(event, &person.guests);
            let query = Query {
                title: &event.title,
                normalised: &normalised,
                embedding,
                weighed: weighed.as_ref(),
                company: Some((&company, signs)),
                series: series_of(event, &person.types),
                context,
                guess,
            };
            if says_nothing(&person.types, &query) {
                continue;
            }
            let verdict = classify(&person.types, &query, self.embedder.calibration());
            let Assigned { id: kind, new } =
                assign(&mut person.types, &query, &verdict, &guess, &leaning);
            company.observe(kind, &signs);
            event.task_type = Some(kind);
            report.classified += 1;
            report.new_types += usize::from(new);
        }
    }

    /// The type of something to be done, by its title alone. A new one is opened for words nobody
    /// has used; one that is known is not counted again.
    pub fn type_of(&self, person: &mut Person, words: &str) -> TypeId {
        let normalised = title::normalise(words);
        self.keep_up(&mut person.types);
        let embedding = self.embed(&normalised);
        let weighed = self.weighed(&person.types, &normalised);
        let context = Context::default();
        let guess = self.guess(&normalised, &embedding, &context);
        let query = Query {
            title: words,
            normalised: &normalised,
            embedding: &embedding,
            weighed: weighed.as_ref(),
            company: None,
            series: None,
            context,
            guess,
        };
        let verdict = classify(&person.types, &query, self.embedder.calibration());
        let memory = &person.memory;
        let leaning = |category| recall::leaning(memory, category);
        match verdict {
            Verdict::Known { near, .. } if person.types.by_id.contains_key(&near.id) => near.id,
            _ => assign(&mut person.types, &query, &verdict, &guess, &leaning).id,
        }
    }

    /// How an event looks to classification; `None` for whole days, which belong to no type.
    pub fn look(&self, event: &Event, zone: Tz) -> Option<Look> {
        let context = context_of(event, zone)?;
        Some(self.look_at(&event.title, context))
    }

    /// How a title looks to classification, in this context.
    pub fn look_at(&self, title: &str, context: Context) -> Look {
        let normalised = title::normalise(title);
        let embedding = self.embed(&normalised);
        let guess = self.guess(&normalised, &embedding, &context);
        Look { embedding, context, guess }
    }

    /// What kind of work it looks like. The head reads the vectors it was made for: those that come
    /// from elsewhere are of another space, where only the title can be embedded once more.
    fn guess(&self, normalised: &str, embedding: &Embedding, context: &Context) -> CategoryGuess {
        match self.is_local {
            true => self.head.guess(embedding, context),
            false => self.head.guess(&self.local.embed_one(normalised), context),
        }
    }

    /// Wordings that another embedder turned into vectors (an earlier release's, say) are embedded
    /// anew; everything else of the types stays. A few tell for all: they are always done together.
    pub(super) fn keep_up(&self, types: &mut Types) {
        let all = types.by_id.values().flat_map(|kind| &kind.exemplars);
        let differs = all.take(PROBES).any(|exemplar| {
            let now = self.embed(&exemplar.title);
            let is_known = now.0.iter().any(|x| *x != 0.0);
            is_known && now.cosine(&exemplar.embedding) < SAME_VECTOR
        });
        if !differs {
            return;
        }
        for exemplar in types.by_id.values_mut().flat_map(|kind| &mut kind.exemplars) {
            exemplar.embedding = self.embed(&exemplar.title);
        }
    }

    /// A title the person has not used before, with the topics in it counting less.
    fn weighed(&self, types: &Types, normalised: &str) -> Option<Embedding> {
        if types.by_title.contains_key(normalised) {
            return None;
        }
        let weights = topic::weights(types, normalised)?;
        Some(self.embedder.embed_weighed(normalised, &weights))
    }

    fn embed(&self, text: &str) -> Embedding {
        self.embedder.embed(&[text]).pop().unwrap_or(Embedding(Vec::new()))
    }
}

/// The series that an event belongs to: its own, or one of a known type that it is related to.
fn series_of<'a>(event: &'a Event, types: &Types) -> Option<&'a Uid> {
    let related = event.related_to.as_ref().filter(|uid| types.by_series.contains_key(uid));
    event.recurring.then_some(&event.id.uid).or(related)
}

/// Whom the person meets and in which calendar, by type, as all of their events but one tell.
fn company_of(events: &Events, guests: &Guests, but: Option<&EventId>) -> Company {
    let mut company = Company::default();
    for event in events.values().filter(|event| Some(&event.id) != but) {
        if let Some(kind) = event.task_type.filter(|_| event.role != Role::Suggested) {
            company.observe(kind, &signs_of(event, guests));
        }
    }
    company
}

fn signs_of<'a>(event: &'a Event, guests: &'a Guests) -> Signs<'a> {
    Signs { calendar: Some(event.collection.as_str()), guests: guests.of(&event.id.uid) }
}

/// What is known beside the title; `None` for whole days.
fn context_of(event: &Event, zone: Tz) -> Option<Context> {
    let Span::Timed { start, end } = event.span else { return None };
    Some(Context {
        duration_min: Some((end - start).num_minutes() as f32),
        attendees: (event.attendees > 0).then(|| u32::from(event.attendees) + 1),
        recurring: Some(event.recurring),
        local_hour: Some(local_hour(start, zone)),
        weekday: Some(weekday(local_date(start, zone)).saturating_sub(1)),
    })
}

#[cfg(test)]
mod tests;
