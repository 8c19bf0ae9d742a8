//! Why an event is of its type, for people to read: worked out anew, as if it were not filed yet.

use super::{Brain, company_of, context_of, series_of, signs_of};
use crate::event::Event;
use crate::store::Person;
use crate::task::classify::{By, Query, Verdict, classify};
use crate::task::{TypeId, Types, title};
use chrono_tz::Tz;

/// What the type of an event rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// Its type.
    pub kind: TypeId,
    /// How it came there.
    pub by: Door,
    /// How near it is to the type, 0..=1; without identity or meaning, how near the next one is.
    pub similarity: f32,
    /// Events that bear its title, itself included.
    pub same_title: u32,
    /// The other wording that is nearest to its own, of that type.
    pub nearest: Option<String>,
}

/// How an event came to its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// The person said so.
    Correction,
    /// Its series is of that type.
    Series,
    /// Other events of that type bear the same title.
    Title,
    /// Its words mean nearly the same as others of that type.
    Meaning,
    /// Nothing was near enough: it opened the type.
    First,
    /// The type was changed since: it would go elsewhere today.
    Elsewhere,
}

impl Brain {
    /// Why the event is of its type; `None` when it has none.
    pub fn why(&self, person: &Person, event: &Event, zone: Tz) -> Option<Filed> {
        let mut types = person.types.clone();
        self.keep_up(&mut types);
        let kind = types.by_id.get(&event.task_type?)?;
        let normalised = title::normalise(&event.title);
        let embedding = self.embed(&normalised);
        let own = kind.exemplars.iter().find(|e| e.title == normalised);
        let same_title = own.map_or(0, |e| e.count);
        let others = kind.exemplars.iter().filter(|e| e.title != normalised);
        let likeness = |cosine| self.embedder.calibration().similarity(cosine);
        let nearest = others
            .map(|e| (e.embedding.cosine(&embedding), &e.wording))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let context = context_of(event, zone).unwrap_or_default();
        let guess = self.guess(&normalised, &embedding, &context);
        let weighed = self.weighed(&types, &normalised);
        let company = company_of(&person.events, &person.guests, Some(&event.id));
        let query = Query {
            title: &event.title,
            normalised: &normalised,
            embedding: &embedding,
            weighed: weighed.as_ref(),
            company: Some((&company, signs_of(event, &person.guests))),
            series: series_of(event, &types),
            context,
            guess,
        };
        let calibration = self.embedder.calibration();
        let (by, similarity) = match classify(&types, &query, calibration) {
            Verdict::Known { by: By::Correction, near } if near.id == kind.id => {
                (Door::Correction, 1.0)
            }
            Verdict::Known { by: By::Series, near } if near.id == kind.id => (Door::Series, 1.0),
            Verdict::Known { by: By::Title, near } if near.id == kind.id && same_title > 1 => {
                (Door::Title, 1.0)
            }
            _ => match classify(&without(&types, &normalised), &query, calibration) {
                Verdict::Known { near, .. } if near.id == kind.id => {
                    (Door::Meaning, near.similarity)
                }
                Verdict::New { near } if same_title > 0 => {
                    (Door::First, near.nearest().map_or(0.0, |near| near.similarity))
                }
                _ => (Door::Elsewhere, nearest.map_or(0.0, |(cosine, _)| likeness(cosine))),
            },
        };
        let nearest = nearest.map(|(_, wording)| wording.clone());
        Some(Filed { kind: kind.id, by, similarity, same_title, nearest })
    }
}

/// The types as they are without one title, and without a type that has no other.
fn without(types: &Types, normalised: &str) -> Types {
    let mut types = types.clone();
    types.by_title.remove(normalised);
    for kind in types.by_id.values_mut() {
        kind.exemplars.retain(|e| e.title != normalised);
    }
    types.by_id.retain(|_, kind| !kind.exemplars.is_empty());
    types
}
