//! Generators of everything a person keeps.

mod advised;
mod guests;
mod wishes;

use super::said::{corrections, former, journal};
use advised::{advice, ledger, mirror, vectors};
use chrono::{DateTime, NaiveDate, Utc};
use chronotype::event::*;
use chronotype::memory::forgotten::Forgotten;
use chronotype::memory::graph::{Graph, Insight, Kind, Link, Looks, Node, Relation};
use chronotype::schedule::request::{Door, RequestKey};
use chronotype::schedule::suggestion::{Intent, Published, State, Suggestion};
use chronotype::store::Person;
use chronotype::sync::status::{AccountStatus, CollectionStatus, Held, Known, Lessons, Weakness};
use chronotype::task::shape::{Shape, Tally};
use chronotype::task::{Category, Embedding, Energy, Exemplar, Hours, TaskType};
use guests::guests;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;
use wishes::{asks, details, orders, pause, risks, tidied, written};

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~äß漢🙂]{0,24}", Just(String::new()), "[\\x00-\\x1f]{1,4}"]
}

pub(super) fn moment() -> impl Strategy<Value = DateTime<Utc>> {
    let seconds = prop_oneof![1_700_000_000i64..1_900_000_000, -70_000_000_000i64..200_000_000_000];
    let nanoseconds = prop_oneof![Just(0u32), 0u32..1_000_000_000];
    (seconds, nanoseconds).prop_map(|(s, n)| DateTime::from_timestamp(s, n).unwrap())
}

fn day() -> impl Strategy<Value = NaiveDate> {
    (0i32..1_000_000).prop_map(|n| NaiveDate::from_num_days_from_ce_opt(n).unwrap())
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        (moment(), moment()).prop_map(|(start, end)| Span::Timed { start, end }),
        (day(), day()).prop_map(|(start, end)| Span::AllDay { start, end }),
    ]
}

pub(super) fn uid() -> impl Strategy<Value = Uid> {
    "[a-e@]{0,3}".prop_map(Uid::new)
}

fn href() -> impl Strategy<Value = Href> {
    "/[a-c]{0,2}".prop_map(Href::new)
}

fn collection_id() -> impl Strategy<Value = CollectionId> {
    "[ab]/[ab]".prop_map(CollectionId::new)
}

fn event_id() -> impl Strategy<Value = EventId> {
    (
        uid(),
        option::of(prop_oneof![
            Just(String::new()),
            "20260[23][0-3][0-3]",
            "202603[0-3]1T[0-2][0-4]0000Z",
            "[ -~]{0,9}"
        ]),
    )
        .prop_map(|(uid, recurrence_id)| EventId { uid, recurrence_id })
}

fn observation() -> impl Strategy<Value = Observation> {
    prop_oneof![
        (span(), span()).prop_map(|(from, to)| Observation::Moved { from, to }),
        (span(), span()).prop_map(|(from, to)| Observation::SeriesMoved { from, to }),
        (span(), span()).prop_map(|(from, to)| Observation::Resized { from, to }),
        event_id().prop_map(|by| Observation::Overlapped { by }),
        any::<bool>().prop_map(|done| Observation::Marked { done }),
        prop::sample::select(vec![
            Observation::Declined,
            Observation::Deleted,
            Observation::CancelledByOrganizer,
            Observation::Restored,
            Observation::Reworded,
        ]),
    ]
}

prop_compose! {
    fn settlement()(
        span in span(), ordinal: u16, at in moment(), hour in option::of(0u8..24),
        weekday in 1u8..8, signal in option::of((0f32..1.0, 0f32..1.0)),
        energy in option::of(0f32..1.0),
    ) -> Settlement {
        let signal = signal.map(|(value, weight)| Signal { value, weight });
        Settlement { span, ordinal, at, hour, weekday, signal, energy }
    }
}

type Flags = (bool, bool, bool, bool, Option<bool>);

prop_compose! {
    fn event()(
        names in (event_id(), collection_id(), text(), option::of(text()), option::of(uid())),
        span in span(),
        role in prop::sample::select(vec![Role::Own, Role::Invited, Role::Suggested]),
        standing in prop::sample::select(vec![
            Standing::Scheduled, Standing::Withdrawn, Standing::CancelledByOrganizer,
            Standing::Declined,
        ]),
        flags in any::<Flags>(),
        times in (moment(), moment(), option::of(moment())),
        trail in vec(((option::of(moment()), moment()), observation()), 0..4),
        settled in vec(settlement(), 0..3),
        numbers in (any::<u16>(), any::<u32>(), option::of(any::<u32>())),
        ratings in (option::of(0f32..1.0), option::of(0f32..1.0)),
    ) -> Event {
        let trail = trail.into_iter().map(|((after, by), o)| (Seen { after, by }, o)).collect();
        let (id, collection, title, time_zone, related_to) = names;
        let (busy, recurring, answered, closed, completed) = flags;
        let (created_at, first_seen, last_modified) = times;
        let (attendees, sequence, task_type) = numbers;
        let (success_rating, energy_after) = ratings;
        Event {
            id, collection, title, span, time_zone, busy, role, standing, recurring, attendees,
            answered, created_at, first_seen, last_modified, sequence, related_to, trail, settled,
            closed, task_type, completed, success_rating, energy_after,
        }
    }
}

pub(super) fn hours24() -> impl Strategy<Value = [f32; 24]> {
    prop::array::uniform24(0f32..1.0)
}

/// A unit vector whose values lie where the store rounds them to.
pub fn embedding() -> impl Strategy<Value = Embedding> {
    vec(-1f32..1.0, 0..40).prop_map(|mut v| {
        let length = v.iter().map(|x| x * x).sum::<f32>().sqrt();
        v.iter_mut().for_each(|x| *x /= length.max(1e-6));
        Embedding(v)
    })
}

prop_compose! {
    fn exemplar()(title in text(), wording in text(), embedding in embedding(), count: u32)
        -> Exemplar {
        Exemplar { title, wording, embedding, count }
    }
}

prop_compose! {
    fn task_type(id: u32)(
        name in text(),
        category in prop::sample::select(Category::ALL.to_vec()),
        category_votes in prop::array::uniform3(0f32..1.0),
        arrays in prop::collection::vec(hours24().boxed(), 5),
        performance_count in prop::array::uniform24(any::<u32>()),
        scalars in (0f32..1.0, 0f32..9.0, 1f32..500.0),
        depletion_curve in prop::array::uniform5(0f32..1.0),
        counts in any::<(u32, u32)>(),
        exemplars in vec(exemplar(), 0..4),
    ) -> TaskType {
        let [prior, score, confidence, performance, placement] = arrays.try_into().unwrap();
        let hours = Hours { prior, score, confidence, performance, performance_count, placement };
        let (cognitive_load, recovery_hours, typical_duration) = scalars;
        TaskType {
            id, name, category, category_votes, hours, cognitive_load, recovery_hours,
            depletion_curve, typical_duration, duration_count: counts.0, exemplars,
            events: counts.1,
        }
    }
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        Just(Node::Person),
        any::<u32>().prop_map(Node::TaskType),
        text().prop_map(Node::Category),
        text().prop_map(Node::Project),
        (1u8..8).prop_map(Node::Weekday),
        (0u8..24, 0u8..24).prop_map(|(from, to)| Node::DayPart { from, to }),
        any::<[u8; 16]>().prop_map(Node::Someone),
        (1u8..13, 1u8..13).prop_map(|(from, to)| Node::Months { from, to }),
        Just(Node::AfterMeetings),
    ]
}

prop_compose! {
    fn insight(id: u32, version: u32)(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        about in vec(node(), 0..3), sentence in text(), evidence in vec(any::<[u8; 8]>(), 0..3),
        counts: (u32, u32), confidence in 0f32..1.0,
        times in (moment(), option::of(moment()), moment(), option::of(moment())),
        superseded_by: Option<u32>,
    ) -> Insight {
        let (valid_from, valid_until, recorded_at, invalidated_at) = times;
        let evidence = evidence.into_iter().map(EventHash).collect();
        Insight {
            id, version, kind, about, sentence, evidence, counts, confidence, valid_from,
            valid_until, recorded_at, invalidated_at, superseded_by,
        }
    }
}

prop_compose! {
    fn memory()(
        insights in (
            insight(0, 1).boxed(), insight(0, 2).boxed(), insight(7, 1).boxed(), 0usize..4,
        ),
        links in prop::collection::btree_map(0u32..4, (any::<(u32, u32)>(), moment(),
            option::of(moment()), prop::sample::select(vec![
                Relation::Supports, Relation::Contradicts, Relation::Supersedes, Relation::Follows,
            ])), 0..3),
        forgotten in vec((any::<([u8; 16], [u8; 8])>(),
            prop::collection::btree_set(any::<[u8; 8]>(), 0..3)), 0..3),
        looks in (option::of(moment()), any::<u32>(), option::of(moment())),
        next: u32,
    ) -> Graph {
        let all = [insights.0, insights.1, insights.2];
        let link = |((from, to), recorded_at, invalidated_at, relation)| Link {
            from, relation, to, recorded_at, invalidated_at,
        };
        let left = |((salt, subject), evidence)| Forgotten { salt, subject, evidence };
        Graph {
            insights:
                all.into_iter().take(insights.3).map(|i| ((i.id, i.version), i)).collect(),
            links: links.into_iter().map(|(n, l)| (n, link(l))).collect(),
            forgotten: forgotten.into_iter().map(left).collect(),
            looks: Looks { run_at: looks.0, spent: looks.1, spent_at: looks.2 },
            next,
        }
    }
}

prop_compose! {
    fn published()(
        collection in collection_id(), href in href(), etag in option::of(text()),
        start in moment(), end in moment(), title in text(),
    ) -> Published {
        let description = title.clone();
        Published { collection, href, etag: etag.map(ETag::new), start, end, title, description }
    }
}

prop_compose! {
    fn suggestion()(
        names in (uid(), text(), text(), option::of(uid())),
        door in prop::sample::select(vec![Door::Habit, Door::Todo, Door::Ask]),
        numbers in any::<(u16, u16, u32, u32)>(),
        times in (moment(), moment(), moment(), moment()),
        reasons in vec(text(), 0..3),
        score in 0f32..1.0,
        state in prop::sample::select(vec![
            State::Proposed, State::Accepted, State::Taken, State::Refused, State::Withdrawn,
            State::Defended,
            State::Past,
        ]),
        intent in option::of(prop::sample::select(vec![
            Intent::Create, Intent::Update, Intent::Delete,
        ])),
        published in option::of(published().boxed()),
    ) -> Suggestion {
        let (uid, request, title, related_to) = names;
        let (session, attempt, task_type, sequence) = numbers;
        let (start, end, since, created_at) = times;
        Suggestion {
            uid, request: RequestKey(request), door, session, attempt, title, task_type, start,
            end, reasons, score, related_to, state, since, created_at, sequence, intent, published,
        }
    }
}

prop_compose! {
    fn collection()(
        names in (text(), text(), option::of(href()), option::of(text())),
        flags in any::<(bool, bool)>(),
        known in prop::collection::btree_map(
            href(), (option::of(text()), vec(uid(), 0..3), text(), any::<(bool, bool)>()), 0..4,
        ),
        listed_at in option::of(moment()),
        held in option::of((vec(uid(), 0..3), moment(), option::of(moment()))),
        trouble in option::of((text(), moment())),
        broken in prop::collection::btree_map(href(), text(), 0..3),
    ) -> CollectionStatus {
        let (name, account, href, token) = names;
        let known = known.into_iter().map(|(href, (etag, uids, text, (events, kept)))| {
            let read = Known::new(etag.map(ETag::new), uids, &text, &[]);
            (href, Known { events, body: kept.then_some(text), ..read })
        });
        CollectionStatus {
            name, account, href, read_only: flags.0, ours: flags.1,
            token: token.map(SyncToken::new), listed_at,
            known: Arc::new(known.collect::<BTreeMap<_, _>>()),
            held: held.map(|(uids, since, after)| Held { uids, since, after }), trouble, broken,
        }
    }
}

prop_compose! {
    fn account()(
        discovered_at in option::of(moment()),
        addresses in vec(text(), 0..3),
        trouble in option::of((text(), moment())),
    ) -> AccountStatus {
        AccountStatus { discovered_at, addresses, trouble }
    }
}

fn lessons() -> impl Strategy<Value = Lessons> {
    let all = [Weakness::NoGuardedCreate, Weakness::WeakVersions, Weakness::NoMultiget];
    let some = prop::sample::subsequence(all.to_vec(), 0..=all.len());
    (some, option::of(moment())).prop_map(|(some, not_before)| Lessons {
        weaknesses: some.into_iter().collect(),
        not_before,
    })
}

prop_compose! {
    fn shape()(
        tallies in any::<[(u16, i16, u16); 2]>(),
        series in any::<[u16; 2]>(),
        hours in hours24(),
    ) -> Shape {
        let tally = |(count, sum, squares): (u16, i16, u16)| Tally {
            count: f32::from(count),
            sum: f32::from(sum),
            squares: f32::from(squares),
        };
        let [length, people] = tallies.map(tally);
        Shape { length, people, series: series.map(f32::from), hours }
    }
}

prop_compose! {
    /// A person with a few of everything, on purpose with names that often coincide.
    pub fn person()(
        collections in prop::collection::btree_map(collection_id(), collection().boxed(), 0..3),
        accounts in prop::collection::btree_map(text(), account(), 0..2),
        lessons in prop::collection::btree_map(text(), lessons(), 0..2),
        tried in prop::collection::btree_map(text(), moment(), 0..2),
        events in vec(event().boxed(), 0..6),
        guests in guests().boxed(),
        types in (
            task_type(0).boxed(), task_type(1).boxed(), task_type(u32::MAX).boxed(), 0usize..4,
        ),
        series in prop::collection::btree_map(uid(), 0u32..4, 0..4),
        titles in prop::collection::btree_map(text(), 0u32..4, 0..4),
        shapes in prop::collection::btree_map(0u32..4, shape(), 0..3).boxed(),
        said in (corrections(), prop::collection::btree_map(0u32..4, former(), 0..3)).boxed(),
        journal in journal().boxed(),
        energy in (hours24(), hours24()),
        assistant in (prop::collection::btree_map(0u32..4, advice(), 0..3), ledger()).boxed(),
        beyond in (vectors(), mirror()).boxed(),
        memory in memory().boxed(),
        suggestions in vec(suggestion().boxed(), 0..4),
        asks in asks().boxed(),
        risks in risks().boxed(),
        details in details(),
        (pause, tidied) in (pause(), tidied()),
        (orders, written) in (orders(), written()).boxed(),
        numbers in any::<(u32, u32, u64, Option<i64>)>(),
        last_turn in option::of(moment()),
    ) -> Person {
        let mut person = Person::default();
        person.status.collections = collections;
        person.status.accounts = accounts;
        person.status.lessons = lessons;
        person.status.tried = tried;
        person.expanded_until = last_turn;
        person.guests = Arc::new(guests);
        person.events = Arc::new(events.into_iter().map(|e| (e.id.clone(), e)).collect());
        let all = [types.0, types.1, types.2];
        person.types.by_id = all.into_iter().take(types.3).map(|t| (t.id, t)).collect();
        person.types.by_series = series;
        person.types.by_title = titles;
        person.types.shapes = shapes;
        (person.types.corrections, person.types.former) = said;
        person.journal = Arc::new(journal);
        (person.types.advice, person.assistant) = assistant;
        (person.vectors, person.mirror) = beyond;
        person.types.energy = Energy { pattern: energy.0, confidence: energy.1 };
        person.memory = memory;
        person.suggestions = suggestions.into_iter().map(|s| (s.uid.clone(), s)).collect();
        person.asks = asks;
        person.risks = risks;
        person.ask_details = details;
        (person.pause, person.tidied) = (pause, tidied);
        (person.orders, person.written) = (orders, written);
        person.types.next = numbers.0;
        person.next_ask = numbers.1;
        person.turns = numbers.2;
        person.types.decayed_on = numbers.3;
        person.last_turn = last_turn;
        person
    }
}
