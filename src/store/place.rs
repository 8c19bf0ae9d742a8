//! From records to the person they are of: the other way of [`super::changes`].

use super::record::{
    AdviceEntry, CollectionEntry, DetailEntry, ExemplarEntry, FormerEntry, GuestsEntry,
    LessonsEntry, LinkEntry, ObjectEntry, OrderEntry, Record, SaltEntry, SentEntry, SeriesEntry,
    ShapeEntry, TitleEntry, TrialEntry, TurnEntry, TypeEntry, VectorEntry, WrittenEntry,
};
use super::{Person, StoreError};
use crate::event::Guest;
use crate::memory::graph::Insight;
use std::sync::Arc;

/// Puts a record into its place. Records may come in any order but that of their keys within a
/// kind: exemplars, asks and risks are lists.
pub(super) fn place(person: &mut Person, record: Record) -> Result<(), StoreError> {
    match record {
        Record::Meta(meta) => meta.restore(person),
        Record::TypesMeta(meta) => meta.restore(&mut person.types),
        Record::Collection(CollectionEntry { id, status }) => {
            person.status.collections.insert(id, status);
        }
        Record::Object(ObjectEntry { collection, href, known }) => {
            let collection = person.status.collections.get_mut(&collection);
            let collection = collection.ok_or_else(|| orphan("object"))?;
            Arc::make_mut(&mut collection.known).insert(href, known);
        }
        Record::Lessons(LessonsEntry { account, lessons }) => {
            person.status.lessons.insert(account, lessons);
        }
        Record::Trial(TrialEntry { account, at }) => {
            person.status.tried.insert(account, at);
        }
        Record::Event(event) => {
            Arc::make_mut(&mut person.events).insert(event.id.clone(), event);
        }
        Record::Salt(SaltEntry { salt }) => Arc::make_mut(&mut person.guests).salt = salt,
        Record::Guests(GuestsEntry { object, guests }) => {
            let guests = guests.into_iter().map(Guest).collect();
            Arc::make_mut(&mut person.guests).by_object.insert(object, guests);
        }
        Record::TaskType(TypeEntry(task_type)) => {
            person.types.by_id.insert(task_type.id, task_type);
        }
        Record::Exemplar(ExemplarEntry { task_type, exemplar }) => {
            let task_type = person.types.by_id.get_mut(&task_type);
            task_type.ok_or_else(|| orphan("exemplar"))?.exemplars.push(exemplar);
        }
        Record::Shape(ShapeEntry { task_type, shape }) => {
            person.types.shapes.insert(task_type, shape);
        }
        Record::Advice(AdviceEntry { task_type, advice }) => {
            person.types.advice.insert(task_type, advice);
        }
        Record::Assistant(ledger) => person.assistant = ledger,
        Record::Embedder(source) => person.vectors.source = source,
        Record::Vector(VectorEntry { title, embedding }) => {
            Arc::make_mut(&mut person.vectors.by_title).insert(title, embedding);
        }
        Record::Series(SeriesEntry { series, task_type }) => {
            person.types.by_series.insert(series, task_type);
        }
        Record::Title(TitleEntry { title, task_type }) => {
            person.types.by_title.insert(title, task_type);
        }
        Record::Learned(TurnEntry { at, entries }) => {
            Arc::make_mut(&mut person.journal).turns.insert(at, entries);
        }
        Record::Correction(entry) => entry.restore(&mut person.types.corrections),
        Record::Former(FormerEntry { id, former }) => {
            person.types.former.insert(id, former);
        }
        Record::FirstInsight(first) => {
            let insight = Insight::from(first);
            person.memory.insights.insert((insight.id, insight.version), insight);
        }
        Record::Insight(insight) => {
            person.memory.insights.insert((insight.id, insight.version), insight);
        }
        Record::Link(LinkEntry { number, link }) => {
            person.memory.links.insert(number, link);
        }
        Record::Looks(looks) => person.memory.looks = looks,
        Record::Mirror(server) => person.mirror.server = server,
        Record::Mirrored(SentEntry { insight, sent }) => {
            person.mirror.sent.insert(insight, sent);
        }
        Record::Forgotten(forgotten) => person.memory.forgotten.push(forgotten),
        Record::Suggestion(suggestion) => {
            person.suggestions.insert(suggestion.uid.clone(), suggestion);
        }
        Record::Order(OrderEntry { uid, order }) => {
            person.orders.insert(uid, order);
        }
        Record::Written(WrittenEntry { at, writes }) => {
            person.written.insert(at, writes);
        }
        Record::Ask(ask) => person.asks.push(ask),
        Record::Risk(risk) => person.risks.push(risk),
        Record::Pause(pause) => person.pause = Some(pause),
        Record::Tidied(tidied) => person.tidied = Some(tidied),
        Record::AskDetail(DetailEntry { number, detail }) => {
            person.ask_details.insert(number, detail);
        }
    }
    Ok(())
}

/// A record whose owner is missing. Kinds are numbered so that owners are read first.
fn orphan(what: &str) -> StoreError {
    StoreError::Corrupt { what: format!("the owner of an {what} record is missing") }
}
