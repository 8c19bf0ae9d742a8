//! What a commit has to write: the records in which two states of a person differ.
//!
//! Values are compared first and encoded only when they differ, so that a turn without a change
//! costs a comparison.

use super::record::{
    AdviceEntry, CollectionEntry, CorrectionEntry, ExemplarEntry, FormerEntry, GuestsEntry, Keep,
    Keys, Kind, LessonsEntry, LinkEntry, Meta, ObjectEntry, Record, SaltEntry, SentEntry,
    SeriesEntry, ShapeEntry, TitleEntry, TrialEntry, TurnEntry, TypeEntry, TypesMeta, VectorEntry,
    encode, split,
};
use super::{Person, StoreError};
use crate::event::{CollectionId, Events, Guest, Guests, Href, PrincipalId};
use crate::memory::graph::{Graph, Insight};
use crate::sync::status::{Known, Status};
use crate::task::correct::Corrections;
use crate::task::{Exemplar, TypeId, Types, journal::Journal, vectors::Vectors};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Records to write (`Some`) and to remove (`None`), by key.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The records that turn `before` into `after`.
pub(super) fn between(principal: &PrincipalId, before: &Person, after: &Person) -> Changes {
    let keys = Keys::of(principal);
    let mut changes = Changes::new();
    let out = &mut changes;
    one(out, keys.only(Kind::Meta), &Meta::of(before), &Meta::of(after));
    let (old, new) = (TypesMeta::of(&before.types), TypesMeta::of(&after.types));
    one(out, keys.only(Kind::TypesMeta), &old, &new);
    calendars(out, &keys, &before.status, &after.status);
    section(out, &before.status.lessons, &after.status.lessons, |account, lessons| {
        let entry = LessonsEntry { account: account.clone(), lessons: lessons.clone() };
        (keys.named(Kind::Lessons, &[account]), encode(&entry))
    });
    section(out, &before.status.tried, &after.status.tried, |account, at| {
        let entry = TrialEntry { account: account.clone(), at: *at };
        (keys.named(Kind::Trial, &[account]), encode(&entry))
    });
    one(out, keys.only(Kind::Assistant), &before.assistant, &after.assistant);
    vectors(out, &keys, &before.vectors, &after.vectors);
    events(out, &keys, &before.events, &after.events);
    guests(out, &keys, &before.guests, &after.guests);
    types(out, &keys, &before.types, &after.types);
    corrections(out, &keys, &before.types.corrections, &after.types.corrections);
    journal(out, &keys, &before.journal, &after.journal);
    memory(out, &keys, &before.memory, &after.memory);
    one(out, keys.only(Kind::Mirror), &before.mirror.server, &after.mirror.server);
    section(out, &before.mirror.sent, &after.mirror.sent, |insight, sent| {
        let one = SentEntry { insight: *insight, sent: sent.clone() };
        (keys.number(Kind::Mirrored, *insight), encode(&one))
    });
    section(out, &before.suggestions, &after.suggestions, |uid, suggestion| {
        (keys.named(Kind::Suggestion, &[uid.as_str()]), encode(suggestion))
    });
    section(out, &by_place(&before.asks), &by_place(&after.asks), |place, ask| {
        (keys.number(Kind::Ask, *place), encode(*ask))
    });
    section(out, &by_place(&before.risks), &by_place(&after.risks), |place, risk| {
        (keys.number(Kind::Risk, *place), encode(*risk))
    });
    changes
}

/// Whether the changes say nothing but when the person's calendars were last looked at.
pub(super) fn only_times(changes: &Changes, before: &Person, after: &Person) -> bool {
    let bears_times = |key: &[u8]| {
        let kind = split(key).and_then(|(_, kind, _)| Kind::of(kind));
        matches!(kind, Some(Kind::Meta | Kind::Collection))
    };
    let timeless = |person: &Person| {
        let mut meta = Meta::of(person);
        (meta.last_turn, meta.turns) = (None, 0);
        let collections = person.status.collections.iter().map(|(id, status)| {
            let mut entry = CollectionEntry::of(id, status);
            entry.status.listed_at = None;
            encode(&entry)
        });
        (encode(&meta), collections.collect::<Vec<_>>())
    };
    before.last_turn.is_some()
        && changes.keys().all(|key| bears_times(key))
        && timeless(before) == timeless(after)
}

/// A record that exists once; an empty store reads as its default.
fn one<T: Keep>(out: &mut Changes, key: Vec<u8>, before: &T, after: &T) {
    let bytes = encode(after);
    if encode(before) != bytes {
        out.insert(key, Some(bytes));
    }
}

/// A map whose entries are a record each; `record` gives key and value.
fn section<K: Ord, V: PartialEq>(
    out: &mut Changes,
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    record: impl Fn(&K, &V) -> (Vec<u8>, Vec<u8>),
) {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    // Both are in order of key: one walk over both, each step takes the smaller key.
    loop {
        let (old, new) = match (before.peek(), after.peek()) {
            (None, None) => return,
            (Some(_), None) => (before.next(), None),
            (None, Some(_)) => (None, after.next()),
            (Some((old, _)), Some((new, _))) => match old.cmp(new) {
                Ordering::Less => (before.next(), None),
                Ordering::Greater => (None, after.next()),
                Ordering::Equal => (before.next(), after.next()),
            },
        };
        if let (Some((_, old)), Some((_, new))) = (old, new)
            && old == new
        {
            continue;
        }
        let old = old.map(|(name, value)| record(name, value));
        let new = new.map(|(name, value)| record(name, value));
        if old == new {
            continue;
        }
        if let Some((key, _)) = old {
            // Not over a record that another name has just put there.
            out.entry(key).or_insert(None);
        }
        if let Some((key, bytes)) = new {
            out.insert(key, Some(bytes));
        }
    }
}

fn calendars(out: &mut Changes, keys: &Keys, before: &Status, after: &Status) {
    let key = |id: &CollectionId| keys.named(Kind::Collection, &[id.as_str()]);
    for (id, new) in &after.collections {
        let bytes = encode(&CollectionEntry::of(id, new));
        let old = before.collections.get(id).map(|old| encode(&CollectionEntry::of(id, old)));
        if old.as_ref() != Some(&bytes) {
            out.insert(key(id), Some(bytes));
        }
    }
    let nothing = Arc::default();
    for (id, old) in &before.collections {
        let new = after.collections.get(id);
        if new.is_none() {
            out.insert(key(id), None);
        }
        objects(out, keys, id, &old.known, new.map_or(&nothing, |new| &new.known));
    }
    for (id, new) in &after.collections {
        if !before.collections.contains_key(id) {
            objects(out, keys, id, &nothing, &new.known);
        }
    }
}

fn objects(
    out: &mut Changes,
    keys: &Keys,
    collection: &CollectionId,
    before: &Arc<BTreeMap<Href, Known>>,
    after: &Arc<BTreeMap<Href, Known>>,
) {
    if Arc::ptr_eq(before, after) {
        return;
    }
    section(out, before, after, |href, known| {
        let entry = ObjectEntry {
            collection: collection.clone(),
            href: href.clone(),
            known: known.clone(),
        };
        (keys.named(Kind::Object, &[collection.as_str(), href.as_str()]), encode(&entry))
    });
}

fn events(out: &mut Changes, keys: &Keys, before: &Arc<Events>, after: &Arc<Events>) {
    if Arc::ptr_eq(before, after) {
        return;
    }
    section(out, before, after, |id, event| (keys.event(id, event.span), encode(event)));
}

fn guests(out: &mut Changes, keys: &Keys, before: &Arc<Guests>, after: &Arc<Guests>) {
    if Arc::ptr_eq(before, after) {
        return;
    }
    let salt = |guests: &Guests| SaltEntry { salt: guests.salt };
    one(out, keys.only(Kind::Salt), &salt(before), &salt(after));
    section(out, &before.by_object, &after.by_object, |object, guests| {
        let guests = guests.iter().map(|Guest(hash)| *hash).collect();
        (keys.short(Kind::Guests, object.0), encode(&GuestsEntry { object: *object, guests }))
    });
}

fn types(out: &mut Changes, keys: &Keys, before: &Types, after: &Types) {
    section(out, &before.by_id, &after.by_id, |id, task_type| {
        (keys.number(Kind::TaskType, *id), encode(&TypeEntry::of(task_type)))
    });
    section(out, &before.shapes, &after.shapes, |id, shape| {
        let entry = ShapeEntry { task_type: *id, shape: shape.clone() };
        (keys.number(Kind::Shape, *id), encode(&entry))
    });
    section(out, &before.former, &after.former, |id, former| {
        let entry = FormerEntry { id: *id, former: former.clone() };
        (keys.number(Kind::Former, *id), encode(&entry))
    });
    section(out, &before.advice, &after.advice, |id, advice| {
        let entry = AdviceEntry { task_type: *id, advice: advice.clone() };
        (keys.number(Kind::Advice, *id), encode(&entry))
    });
    section(out, &exemplars(before), &exemplars(after), |(id, index), exemplar| {
        let entry = ExemplarEntry { task_type: *id, exemplar: (*exemplar).clone() };
        (keys.exemplar(*id, *index), encode(&entry))
    });
    section(out, &before.by_series, &after.by_series, |series, id| {
        let entry = SeriesEntry { series: series.clone(), task_type: *id };
        (keys.named(Kind::Series, &[series.as_str()]), encode(&entry))
    });
    section(out, &before.by_title, &after.by_title, |title, id| {
        let entry = TitleEntry { title: title.clone(), task_type: *id };
        (keys.named(Kind::Title, &[title]), encode(&entry))
    });
}

fn corrections(out: &mut Changes, keys: &Keys, before: &Corrections, after: &Corrections) {
    let key = |parts: &[&str]| keys.named(Kind::Correction, parts);
    section(out, &before.titles, &after.titles, |title, id| {
        let entry = CorrectionEntry::Title { title: title.clone(), task_type: *id };
        (key(&["title", title]), encode(&entry))
    });
    section(out, &before.series, &after.series, |series, id| {
        let entry = CorrectionEntry::Series { series: series.clone(), task_type: *id };
        (key(&["series", series.as_str()]), encode(&entry))
    });
    section(out, &before.names, &after.names, |id, name| {
        let entry = CorrectionEntry::Name { task_type: *id, name: name.clone() };
        (key(&["name", &id.to_string()]), encode(&entry))
    });
    section(out, &before.categories, &after.categories, |id, category| {
        let entry = CorrectionEntry::Category { task_type: *id, category: *category };
        (key(&["category", &id.to_string()]), encode(&entry))
    });
    let pairs = |of: &Corrections| of.apart.iter().map(|pair| (*pair, ())).collect();
    section(out, &pairs(before), &pairs(after), |(one, other), ()| {
        let entry = CorrectionEntry::Apart { one: *one, other: *other };
        (key(&["apart", &one.to_string(), &other.to_string()]), encode(&entry))
    });
}

fn vectors(out: &mut Changes, keys: &Keys, before: &Vectors, after: &Vectors) {
    one(out, keys.only(Kind::Embedder), &before.source, &after.source);
    if !Arc::ptr_eq(&before.by_title, &after.by_title) {
        section(out, &before.by_title, &after.by_title, |title, embedding| {
            let entry = VectorEntry { title: title.clone(), embedding: embedding.clone() };
            (keys.named(Kind::Vector, &[title]), encode(&entry))
        });
    }
}

fn journal(out: &mut Changes, keys: &Keys, before: &Arc<Journal>, after: &Arc<Journal>) {
    if Arc::ptr_eq(before, after) {
        return;
    }
    section(out, &before.turns, &after.turns, |at, entries| {
        let entry = TurnEntry { at: *at, entries: entries.clone() };
        (keys.moment(Kind::Learned, *at), encode(&entry))
    });
}

fn memory(out: &mut Changes, keys: &Keys, before: &Graph, after: &Graph) {
    section(out, &before.insights, &after.insights, |(id, version), insight| {
        (keys.version(*id, *version), encode(insight))
    });
    // An insight of the first releases gives way to the version it was read as.
    let changed = |key: &(u32, u32)| before.insights.get(key) != after.insights.get(key);
    for (id, _) in before.insights.keys().filter(|key| key.1 == 1 && changed(key)) {
        out.insert(keys.number(Kind::FirstInsight, *id), None);
    }
    section(out, &before.links, &after.links, |number, link| {
        let entry = LinkEntry { number: *number, link: link.clone() };
        (keys.number(Kind::Link, *number), encode(&entry))
    });
    one(out, keys.only(Kind::Looks), &before.looks, &after.looks);
    section(out, &by_place(&before.forgotten), &by_place(&after.forgotten), |place, forgotten| {
        (keys.number(Kind::Forgotten, *place), encode(*forgotten))
    });
}

/// All records of a graph, as for a store that has none of it.
pub(super) fn of_memory(keys: &Keys, graph: &Graph) -> Changes {
    let mut changes = Changes::new();
    memory(&mut changes, keys, &Graph::default(), graph);
    changes
}

fn exemplars(types: &Types) -> BTreeMap<(TypeId, u32), &Exemplar> {
    types
        .by_id
        .iter()
        .flat_map(|(id, t)| (0..).zip(&t.exemplars).map(|(index, e)| ((*id, index), e)))
        .collect()
}

fn by_place<T>(list: &[T]) -> BTreeMap<u32, &T> {
    (0..).zip(list).collect()
}

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
        Record::Ask(ask) => person.asks.push(ask),
        Record::Risk(risk) => person.risks.push(risk),
    }
    Ok(())
}

/// A record whose owner is missing. Kinds are numbered so that owners are read first.
fn orphan(what: &str) -> StoreError {
    StoreError::Corrupt { what: format!("the owner of an {what} record is missing") }
}
