//! What a commit has to write: the records in which two states of a person differ.
//!
//! Values are compared first and encoded only when they differ, so that a turn without a change
//! costs a comparison.

use super::Person;
use super::record::{
    AdviceEntry, CollectionEntry, CorrectionEntry, DetailEntry, ExemplarEntry, FormerEntry,
    GuestsEntry, Keep, Keys, Kind, LessonsEntry, LinkEntry, Meta, ObjectEntry, OrderEntry,
    SaltEntry, SentEntry, SeriesEntry, ShapeEntry, TitleEntry, TrialEntry, TurnEntry, TypeEntry,
    TypesMeta, VectorEntry, WrittenEntry, encode, split,
};
use crate::event::{CollectionId, Events, Guest, Guests, Href, PrincipalId};
use crate::memory::graph::Graph;
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
    section(out, &before.orders, &after.orders, |uid, order| {
        let entry = OrderEntry { uid: uid.clone(), order: *order };
        (keys.named(Kind::Order, &[uid.as_str()]), encode(&entry))
    });
    section(out, &before.written, &after.written, |at, writes| {
        let entry = WrittenEntry { at: *at, writes: writes.clone() };
        (keys.moment(Kind::Written, *at), encode(&entry))
    });
    section(out, &by_place(&before.asks), &by_place(&after.asks), |place, ask| {
        (keys.number(Kind::Ask, *place), encode(*ask))
    });
    section(out, &before.ask_details, &after.ask_details, |number, detail| {
        let entry = DetailEntry { number: *number, detail: detail.clone() };
        (keys.number(Kind::AskDetail, *number), encode(&entry))
    });
    section(out, &by_place(&before.risks), &by_place(&after.risks), |place, risk| {
        (keys.number(Kind::Risk, *place), encode(*risk))
    });
    section(
        out,
        &by_place(before.pause.as_slice()),
        &by_place(after.pause.as_slice()),
        |_, pause| (keys.only(Kind::Pause), encode(*pause)),
    );
    section(
        out,
        &by_place(before.tidied.as_slice()),
        &by_place(after.tidied.as_slice()),
        |_, tidied| (keys.only(Kind::Tidied), encode(*tidied)),
    );
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
