//! What filing anew does to what was learned: nothing is lost, and nothing depends on the way.

use super::*;
use crate::event::{CollectionId, Observation, Role, Seen, Span, Standing};
use crate::task::assign::assign;
use crate::task::classify::{By, Calibration, Query, Verdict, classify};
use crate::task::prior::no_leaning;
use crate::task::word::{Lesson, Target, Unfit};
use crate::task::{Category, Hours, infer, learn};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use std::sync::LazyLock;

/// Titles and their directions in degrees: four kinds of work, two wordings each.
const TITLES: [(&str, f32); 8] = [
    ("Standup", 0.0),
    ("Daily sync", 2.0),
    ("Zahnarzt", 60.0),
    ("Dentist", 63.0),
    ("Design doc", 120.0),
    ("Write design", 122.0),
    ("Expenses", 180.0),
    ("Spesen", 184.0),
];

pub(in crate::task) const CALIBRATION: Calibration = Calibration { reuse_at: 0.9, slope: 20.0 };

/// A calendar whose turns are a few days apart.
#[derive(Clone, Default)]
pub(in crate::task) struct World {
    pub(in crate::task) types: Types,
    pub(in crate::task) events: Events,
    pub(in crate::task) journal: Journal,
}

/// One event: title, day, hour, what became of it, minutes.
type Drawn = (usize, i64, i64, u8, i64);

fn drawn() -> impl Strategy<Value = Vec<Drawn>> {
    proptest::collection::vec((0..TITLES.len(), 0i64..56, 6i64..21, 0u8..8, 15i64..150), 4..40)
}

fn look(event: &Event) -> Option<Look> {
    let Span::Timed { start, end } = event.span else { return None };
    let context = Context {
        duration_min: Some((end - start).num_minutes() as f32),
        recurring: Some(event.recurring),
        ..Context::default()
    };
    Some(look_at(&event.title, context))
}

fn look_at(title: &str, context: Context) -> Look {
    let known = TITLES.iter().position(|(t, _)| *t == title);
    let degrees = known.map_or(270.0, |at| TITLES[at].1);
    // Lengths turn the vote now and then, as they do in life.
    let long = context.duration_min.is_some_and(|m| m > 75.0);
    let guess = match (known.unwrap_or(0) / 2, long) {
        (0, _) => [0.2, 0.7, 0.1],
        (2, true) => [0.1, 0.2, 0.7],
        (2, false) => [0.6, 0.3, 0.1],
        (_, true) => [0.5, 0.1, 0.4],
        (_, false) => [0.2, 0.1, 0.7],
    };
    Look { embedding: at(degrees), context, guess: CategoryGuess { probabilities: guess } }
}

/// A unit vector at this angle in degrees.
pub(in crate::task) fn at(degrees: f32) -> Embedding {
    Embedding(vec![degrees.to_radians().cos(), degrees.to_radians().sin()])
}

static START: LazyLock<DateTime<Utc>> =
    LazyLock::new(|| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(4));

fn event(number: usize, (title, day, hour, fate, minutes): Drawn) -> Event {
    let start = *START + TimeDelta::days(day) + TimeDelta::hours(hour);
    let span = Span::Timed { start, end: start + TimeDelta::minutes(minutes) };
    let mut event = Event {
        id: EventId { uid: Uid::new(format!("e{number:03}")), recurrence_id: None },
        collection: CollectionId::new("home/work"),
        title: TITLES[title].0.to_owned(),
        span,
        time_zone: None,
        busy: true,
        role: if fate == 7 { Role::Invited } else { Role::Own },
        standing: Standing::Scheduled,
        recurring: false,
        attendees: 0,
        answered: false,
        created_at: start - TimeDelta::days(1),
        first_seen: start - TimeDelta::days(1),
        last_modified: None,
        sequence: 0,
        related_to: None,
        trail: Vec::new(),
        settled: Vec::new(),
        closed: false,
        task_type: None,
        completed: (fate == 4).then_some(true),
        success_rating: (fate == 5).then_some(0.7),
        energy_after: (fate == 6).then_some(0.3),
    };
    let before = Seen { after: Some(start - TimeDelta::hours(3)), by: start - TimeDelta::hours(2) };
    match fate {
        1 => {
            event.trail.push((before, Observation::Deleted));
            event.standing = Standing::Withdrawn;
        }
        2 => {
            let from = Span::Timed {
                start: start - TimeDelta::hours(3),
                end: start + TimeDelta::minutes(minutes) - TimeDelta::hours(3),
            };
            event.trail.push((before, Observation::Moved { from, to: span }));
        }
        _ => {}
    }
    event
}

impl World {
    /// Lives through all of it, turn by turn; `each` sees the world after every turn.
    fn lived(all: &[Drawn], mut each: impl FnMut(&mut World)) -> Self {
        let mut world = World::default();
        let mut coming: Vec<Event> = all.iter().enumerate().map(|(n, d)| event(n, *d)).collect();
        coming.sort_by_key(|event| event.span.start_instant(Tz::UTC));
        for turn in 0..15 {
            let now = *START + TimeDelta::days(4 * turn);
            let until = now + TimeDelta::days(4);
            let later = coming.partition_point(|e| e.span.start_instant(Tz::UTC) < until);
            let seen: Vec<Event> = coming.drain(..later).collect();
            world.turn(now, seen);
            each(&mut world);
        }
        world.turn(*START + TimeDelta::days(90), Vec::new());
        world
    }

    fn turn(&mut self, now: DateTime<Utc>, seen: Vec<Event>) {
        let before = self.types.clone();
        for event in seen {
            let id = event.id.clone();
            self.events.insert(id.clone(), event);
            self.file(&id);
        }
        let turned = replay::of_another_category(&before, &self.types);
        replay::rebuild(&mut self.types, &turned, &self.events, &self.journal, Tz::UTC);
        let moment = infer::Context { now, zone: Tz::UTC };
        let home = crate::event::Whereabouts::new(Tz::UTC, Vec::new());
        let outcomes = infer::settle(&mut self.events, &self.types, &moment, &home, &|_| true);
        learn::learn(&mut self.types, &outcomes);
        self.journal.note(&outcomes);
    }

    /// Classifies one event; what it was filed by.
    fn file(&mut self, id: &EventId) -> Option<By> {
        let event = self.events.get_mut(id).unwrap();
        let look = look(event).unwrap();
        let query = Query {
            title: &event.title,
            normalised: &title::normalise(&event.title),
            embedding: &look.embedding,
            weighed: None,
            company: None,
            series: event.recurring.then_some(&event.id.uid),
            context: look.context,
            guess: look.guess,
        };
        let verdict = classify(&self.types, &query, CALIBRATION);
        event.task_type =
            Some(assign(&mut self.types, &query, &verdict, &look.guess, &no_leaning).id);
        match verdict {
            Verdict::Known { by, .. } => Some(by),
            Verdict::New { .. } => None,
        }
    }

    pub(in crate::task) fn tiers(&mut self) -> Tiers<'_> {
        Tiers {
            types: &mut self.types,
            events: &mut self.events,
            journal: &self.journal,
            zone: Tz::UTC,
            look: &look,
        }
    }

    /// Everything learned once more.
    fn replayed(&self) -> Types {
        let mut types = self.types.clone();
        let all = types.by_id.keys().copied().collect();
        replay::rebuild(&mut types, &all, &self.events, &self.journal, Tz::UTC);
        types
    }

    fn events_of(&self, id: TypeId) -> BTreeSet<&EventId> {
        let own = self.events.values().filter(|event| event.task_type == Some(id));
        own.map(|event| &event.id).collect()
    }

    fn of(&self, title: usize) -> Option<TypeId> {
        self.types.by_title.get(&title::normalise(TITLES[title].0)).copied()
    }
}

fn part(titles: &[usize]) -> Part {
    let titles = titles.iter().map(|at| title::normalise(TITLES[*at].0)).collect();
    Part { titles, ..Part::default() }
}

fn learned(types: &Types, id: TypeId) -> Option<(Hours, f32, f32, [f32; 5])> {
    let kind = types.by_id.get(&id)?;
    let hours = kind.hours.clone();
    Some((hours, kind.cognitive_load, kind.recovery_hours, kind.depletion_curve))
}

/// Merged and split again, at once: nothing tells that it ever happened but the person's word.
#[track_caller]
fn check_there_and_back(world: &mut World, one: TypeId, other: TypeId) {
    let before = world.clone();
    world.tiers().unite(one, &BTreeSet::from([other])).unwrap();
    assert!(!world.types.by_id.contains_key(&other));
    assert_eq!(world.replayed(), world.types);
    let (back, _) = world.tiers().split(one, &part(&[2, 3]), Target::Own).unwrap();
    assert_eq!(back, other);
    assert_eq!(world.events, before.events);
    for id in [one, other] {
        assert_eq!(learned(&world.types, id), learned(&before.types, id));
        let (now, was) = (&world.types.by_id[&id], &before.types.by_id[&id]);
        assert_eq!((&now.name, now.events, now.category), (&was.name, was.events, was.category));
        assert_eq!(world.types.shapes[&id], before.types.shapes[&id]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn learning_turn_by_turn_is_replaying_it(all in drawn()) {
        let world = World::lived(&all, |world| assert_eq!(world.replayed(), world.types));
        prop_assert_eq!(world.replayed(), world.types.clone());
        let mut again = Types::default();
        let all = replay::outcomes(&world.events, &world.journal, Tz::UTC);
        learn::learn(&mut again, &all);
        prop_assert_eq!(again.energy, world.types.energy);
        prop_assert_eq!(again.decayed_on, world.types.decayed_on);
    }

    #[test]
    fn a_store_without_a_journal_keeps_what_it_learned(all in drawn()) {
        let mut world = World::lived(&all, |_| {});
        world.journal = Journal::default();
        let replayed = world.replayed();
        for (id, kind) in &world.types.by_id {
            let again = &replayed.by_id[id].hours;
            prop_assert_eq!(again.score, kind.hours.score);
            prop_assert_eq!(again.confidence, kind.hours.confidence);
        }
    }

    #[test]
    fn merging_and_splitting_again_loses_nothing(all in drawn(), turn in 0usize..15) {
        let apart = World::lived(&all, |_| {});
        let mut turns = 0;
        let mut united = None;
        let mut world = World::lived(&all, |world| {
            turns += 1;
            if let (true, Some(one), Some(other)) = (turns == turn, world.of(0), world.of(2)) {
                check_there_and_back(&mut world.clone(), one, other);
                world.tiers().unite(one, &BTreeSet::from([other])).unwrap();
                united = Some((one, other));
            }
            // Between two turns, and after each that follows.
            assert_eq!(world.replayed(), world.types);
        });
        let Some((one, other)) = united else { return Ok(()) };
        let (back, _) = world.tiers().split(one, &part(&[2, 3]), Target::Own).unwrap();
        prop_assert_eq!(back, other);
        // What came in between may have been filed otherwise, or judged otherwise beside events of
        // the united type; where not, all is as it had been.
        for id in [one, other] {
            let same_events = world.events_of(id) == apart.events_of(id);
            if same_events && world.journal == apart.journal {
                prop_assert_eq!(learned(&world.types, id), learned(&apart.types, id));
            }
        }
    }

    #[test]
    fn a_correction_survives_whatever_comes(all in drawn(), title in 0usize..8) {
        let mut world = World::lived(&all, |_| {});
        let lesson = Lesson {
            title: TITLES[title].0.to_owned(),
            look: look_at(TITLES[title].0, Context::default()),
            name: "Mine".to_owned(),
            category: Some(Category::Focused),
        };
        let made = world.tiers().teach(&[lesson]).unwrap().made;
        let mine = *made.first().unwrap();
        let holds = |world: &World| {
            let said = TITLES[title].0;
            world.events.values().all(|e| (e.title == said) == (e.task_type == Some(mine)))
        };
        prop_assert!(holds(&world));
        // Everything is sorted anew: nothing but the person's word is left of the types.
        let types = Types {
            corrections: world.types.corrections.clone(),
            next: world.types.next,
            ..Types::default()
        };
        world.types = types;
        let ids: Vec<EventId> = world.events.keys().cloned().collect();
        for id in &ids {
            world.file(id);
        }
        // What nobody has said anything of may be near to it.
        let said = |event: &&Event| event.title == TITLES[title].0;
        prop_assert!(world.events.values().filter(said).all(|e| e.task_type == Some(mine)));
        if let Some(kind) = world.types.by_id.get(&mine) {
            prop_assert_eq!((kind.name.as_str(), kind.category), ("Mine", Category::Focused));
        }
    }
}

#[test]
fn the_persons_word_comes_before_series_title_and_meaning() {
    let mut world = World::lived(&[(0, 1, 9, 0, 30), (1, 2, 9, 0, 30), (4, 3, 9, 0, 30)], |_| {});
    let (sync, design) = (world.of(0).unwrap(), world.of(4).unwrap());
    let weekly = |n: usize, title: usize| {
        let mut event = event(n, (title, 20, 9, 0, 30));
        event.recurring = true;
        event
    };
    let uid = weekly(50, 0).id.uid;
    world.types.by_series.insert(uid.clone(), design);
    let file = |world: &mut World, event: Event| {
        let id = event.id.clone();
        world.events.insert(id.clone(), event);
        let by = world.file(&id);
        (world.events[&id].task_type.unwrap(), by)
    };
    assert_eq!(file(&mut world, weekly(50, 0)), (design, Some(By::Series)));
    world.types.corrections.titles.insert("standup".to_owned(), sync);
    assert_eq!(file(&mut world, weekly(50, 0)), (sync, Some(By::Correction)));
    // Said of this one series: that is more.
    world.types.corrections.series.insert(uid, design);
    assert_eq!(file(&mut world, weekly(50, 0)), (design, Some(By::Correction)));
    // And the latest word takes it back.
    let look = look_at("Standup", Context::default());
    let lesson = Lesson { title: "Standup".into(), look, name: "Mine".into(), category: None };
    let made = world.tiers().teach(&[lesson]).unwrap().made;
    assert_eq!(file(&mut world, weekly(50, 0)), (*made.first().unwrap(), Some(By::Correction)));
}

#[test]
fn a_split_takes_what_it_is_told_and_no_more() {
    let days: Vec<Drawn> = (0..12).map(|n| (n % 2, n as i64, 9, 0, 30)).collect();
    let mut world = World::lived(&days, |_| {});
    let id = world.of(0).unwrap();
    assert_eq!(world.of(1), Some(id), "one kind of work, two wordings");
    assert_eq!(world.types.by_id[&id].name, "Standup");
    let nothing = world.tiers().split(id, &part(&[6]), Target::Own);
    assert_eq!(nothing.map(|_| ()), Err(Unfit::Nothing));
    let all = world.tiers().split(id, &part(&[0, 1]), Target::Own);
    assert_eq!(all.map(|_| ()), Err(Unfit::Everything));
    let (new, moved) = world.tiers().split(id, &part(&[0]), Target::Own).unwrap();
    assert_eq!(moved.events.len(), 6);
    let kind = |id: TypeId| &world.types.by_id[&id];
    assert_eq!((kind(id).name.as_str(), kind(id).events), ("Daily sync", 6));
    assert_eq!((kind(new).name.as_str(), kind(new).events), ("Standup", 6));
    assert!(world.types.corrections.are_apart(new, id));
    assert_eq!((world.of(0), world.of(1)), (Some(new), Some(id)));
}
