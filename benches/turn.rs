//! The budgets of one turn (DESIGN section 12), over ten thousand objects made up here: about
//! 1 KB each with its VTIMEZONE, 8 % whole days, 3 % series, over eight months.

#![expect(clippy::expect_used, reason = "what can't be set up can't be measured")]

use chrono::{DateTime, Duration, TimeDelta, TimeZone, Utc};

use chronotype::calendar::{Collection, Fetched, Listing};
use chronotype::cycle::{Brain, Chores, Decision, Mode, Settings, Turn, decide};
use chronotype::event::{
    CollectionId, ETag, EventId, Events, Href, PrincipalId, Span, SyncToken, Whereabouts,
};
use chronotype::memory;
use chronotype::schedule::plan::Planning;
use chronotype::schedule::request::{Ask, Door};
use chronotype::store::{Part, Person, Store};
use chronotype::sync::diff::Deletions;
use chronotype::sync::poll::Account;
use chronotype::task::{infer, learn};
use divan::Bencher;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

/// Objects of the first turn.
const OBJECTS: usize = 10_000;
/// Objects of a person-year: a busy one.
const YEAR: usize = 1_500;
/// Different titles among them.
const TITLES: usize = 1_500;

fn main() {
    divan::main();
}

/// Numbers that are the same in every run (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) as usize % most
    }
}

const WORDS: [&str; 48] = [
    "planning",
    "review",
    "sync",
    "customer",
    "roadmap",
    "invoice",
    "standup",
    "retro",
    "hiring",
    "lunch",
    "design",
    "budget",
    "release",
    "incident",
    "travel",
    "dentist",
    "school",
    "concert",
    "deadline",
    "offsite",
    "draft",
    "prepare",
    "call",
    "reading",
    "test",
    "deploy",
    "analysis",
    "report",
    "mail",
    "onboarding",
    "contract",
    "audit",
    "paper",
    "thesis",
    "garden",
    "tax",
    "board",
    "deck",
    "slides",
    "workshop",
    "training",
    "mentoring",
    "research",
    "data",
    "chart",
    "legal",
    "security",
    "podcast",
];

const ZONE: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\n\
    TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nDTSTART:19700329T020000\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\nBEGIN:STANDARD\r\n\
    TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";

const RULES: [&str; 4] =
    ["FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=DAILY;COUNT=10"];

fn title(number: usize) -> String {
    let mut dice = Dice(number as u64 + 7);
    (0..2 + number % 3).map(|_| WORDS[dice.below(WORDS.len())]).collect::<Vec<_>>().join(" ")
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 6, 0, 0).single().expect("a real moment")
}

fn object(dice: &mut Dice, number: usize, days: i64) -> String {
    let day = now() + Duration::days(dice.below(days as usize) as i64 - days * 7 / 8);
    let at = format!("{}T{:02}{}000", day.format("%Y%m%d"), 8 + dice.below(10), dice.below(2) * 3);
    let mut text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n{ZONE}BEGIN:VEVENT\r\n\
         UID:{number}-{:08x}@example.org\r\nDTSTAMP:20260101T000000Z\r\n\
         CREATED:20250101T000000Z\r\nSUMMARY:{}\r\n",
        dice.below(usize::MAX),
        title(dice.below(TITLES))
    );
    let kind = dice.below(100);
    let _ = match kind {
        0..8 => write!(text, "DTSTART;VALUE=DATE:{}\r\n", day.format("%Y%m%d")),
        _ => {
            let length = ["PT30M", "PT1H", "PT90M"][dice.below(3)];
            write!(text, "DTSTART;TZID=Europe/Berlin:{at}\r\nDURATION:{length}\r\n")
        }
    };
    if kind >= 97 {
        let _ = write!(text, "RRULE:{}\r\n", RULES[dice.below(RULES.len())]);
    }
    let guests = [0, 0, 1, 2, 4][dice.below(5)];
    if guests > 0 {
        text.push_str("ORGANIZER:mailto:mira@example.org\r\n");
    }
    for guest in 0..guests {
        let _ =
            write!(text, "ATTENDEE;CN=P{guest};PARTSTAT=ACCEPTED:mailto:p{guest}@example.org\r\n");
    }
    text.push_str("DESCRIPTION:");
    for _ in 0..5 + dice.below(30) {
        let _ = write!(text, "{}\r\n  ", WORDS[dice.below(WORDS.len())]);
    }
    text.push_str("\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
    text
}

fn collection() -> Collection {
    Collection {
        id: CollectionId::new("home/work"),
        href: Href::new("/dav/"),
        account: "home".into(),
        name: "work".into(),
        read_only: false,
    }
}

/// What a server answers: all objects, a delta with none, or a full listing with no news.
enum Answer {
    Objects { count: usize, days: i64 },
    NoChange,
    SameListing(Vec<Href>),
}

fn answers(answer: Answer) -> Vec<Account> {
    let token = Some(SyncToken::new("1"));
    let listing = match answer {
        Answer::NoChange => Listing { token, requests: 1, ..Listing::default() },
        Answer::SameListing(present) => {
            Listing { present: Some(present), requests: 1, ..Listing::default() }
        }
        Answer::Objects { count, days } => {
            let mut dice = Dice(1);
            let fetched = |n: usize| Fetched {
                href: Href::new(format!("/dav/{n}.ics")),
                etag: Some(ETag::new(format!("\"{n}\""))),
                body: object(&mut dice, n, days),
            };
            let changed: Vec<Fetched> = (0..count).map(fetched).collect();
            let present = Some(changed.iter().map(|f| f.href.clone()).collect());
            Listing { present, changed, token, requests: 1, ..Listing::default() }
        }
    };
    vec![Account {
        name: "home".into(),
        discovered: None,
        missing: None,
        weaknesses: BTreeSet::new(),
        listings: vec![(collection(), Ok(listing))],
    }]
}

struct World {
    principal: PrincipalId,
    settings: Settings,
    brain: Brain,
}

impl World {
    fn new() -> Self {
        let settings = Settings {
            zone: chrono_tz::Europe::Berlin,
            whereabouts: Whereabouts::new(chrono_tz::Europe::Berlin, Vec::new()),
            addresses: vec!["mira@example.org".into()],
            history: TimeDelta::days(183),
            ahead: TimeDelta::days(28),
            mode: Mode::Suggest,
            doors: vec![Door::Habit, Door::Todo, Door::Ask],
            planning: Planning::default(),
            suggest_into: Some(("home".into(), "chronotype".into())),
            deletions: Deletions::Guarded,
            chores: Chores::Now,
            assistant: None,
        };
        let principal = PrincipalId::new("mira").expect("a name");
        Self { principal, settings, brain: Brain::local().expect("artefacts") }
    }

    fn decide(&self, before: &Person, answers: &[Account], now: DateTime<Utc>) -> Decision {
        let turn = Turn {
            principal: &self.principal,
            settings: &self.settings,
            now,
            at: &|_| {},
            progress: &|_, _| {},
        };
        decide(before, answers, &self.brain, &turn)
    }

    /// A person after the first turn and a second one that settled nothing more.
    fn lived(&self, count: usize, days: i64) -> Person {
        let first = answers(Answer::Objects { count, days });
        let person = self.decide(&Person::default(), &first, now()).person;
        self.decide(&person, &answers(Answer::NoChange), later(1)).person
    }
}

fn later(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

static WORLD: LazyLock<World> = LazyLock::new(World::new);
static FULL: LazyLock<Person> = LazyLock::new(|| WORLD.lived(OBJECTS, 240));
static BUSY_YEAR: LazyLock<Person> = LazyLock::new(|| WORLD.lived(YEAR, 240));

fn stored(person: &Person) -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(&folder.path().join("store")).expect("a store");
    store.commit(&WORLD.principal, &Person::default(), person).expect("a commit");
    (folder, store)
}

/// Budget: 5 s.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn first_turn_decided(bencher: Bencher<'_, '_>) {
    let first = answers(Answer::Objects { count: OBJECTS, days: 240 });
    bencher.bench(|| WORLD.decide(&Person::default(), &first, now()));
}

/// Budget: 5 s.
#[divan::bench(sample_count = 5, sample_size = 1)]
fn first_turn_decided_and_committed(bencher: Bencher<'_, '_>) {
    let first = answers(Answer::Objects { count: OBJECTS, days: 240 });
    bencher.with_inputs(|| stored(&Person::default())).bench_values(|(folder, store)| {
        let before = Person::default();
        let decided = WORLD.decide(&before, &first, now()).person;
        store.commit(&WORLD.principal, &before, &decided).expect("a commit");
        (folder, store, decided)
    });
}

/// Budget: 10 ms of CPU, polling and loading aside.
#[divan::bench(sample_count = 50)]
fn quiet_turn_of_ten_thousand(bencher: Bencher<'_, '_>) {
    let nothing = answers(Answer::NoChange);
    bencher.bench(|| WORLD.decide(&FULL, &nothing, later(10)));
}

/// The same where a listing names every object again (a folder, or a server without tokens).
#[divan::bench(sample_count = 50)]
fn quiet_turn_with_a_full_listing(bencher: Bencher<'_, '_>) {
    let known = &FULL.status.collections[&collection().id].known;
    let same = answers(Answer::SameListing(known.keys().cloned().collect()));
    bencher.bench(|| WORLD.decide(&FULL, &same, later(10)));
}

/// The same with its commit: times alone are written.
#[divan::bench(sample_count = 50)]
fn quiet_turn_committed(bencher: Bencher<'_, '_>) {
    let nothing = answers(Answer::NoChange);
    let (_folder, store) = stored(&FULL);
    bencher.bench(|| {
        let decided = WORLD.decide(&FULL, &nothing, later(10)).person;
        store.commit(&WORLD.principal, &FULL, &decided).expect("a commit")
    });
}

/// A quiet turn of somebody with a year's calendar.
#[divan::bench(sample_count = 50)]
fn quiet_turn_of_a_person_year(bencher: Bencher<'_, '_>) {
    let nothing = answers(Answer::NoChange);
    bencher.bench(|| WORLD.decide(&BUSY_YEAR, &nothing, later(10)));
}

/// Budget: 1 ms. One placement is over: infer, learn and detect.
#[divan::bench(sample_count = 50)]
fn one_completion(bencher: Bencher<'_, '_>) {
    let moment = infer::Context { now: later(0), zone: WORLD.settings.zone };
    let home = &WORLD.settings.whereabouts;
    let is_timed = |span: &Span| matches!(span, Span::Timed { .. });
    let event = BUSY_YEAR.events.values().find(|e| e.closed && is_timed(&e.span)).expect("one");
    let id: EventId = event.id.clone();
    let fresh = || {
        let (mut events, types) = (Events::clone(&BUSY_YEAR.events), BUSY_YEAR.types.clone());
        let event = events.get_mut(&id).expect("it is there");
        event.closed = false;
        event.settled.clear();
        (events, types, BUSY_YEAR.memory.clone())
    };
    bencher.with_inputs(fresh).bench_values(|(mut events, mut types, mut graph)| {
        let outcomes = infer::settle(&mut events, &types, &moment, home, &|_| true);
        assert_eq!(outcomes.len(), 1);
        learn::learn(&mut types, &outcomes);
        memory::reflect(&mut graph, &events, &types, moment.now);
        (events, types, graph)
    });
}

/// Budget: 10 ms. From the ask to its block, committed and ready to be written back.
#[divan::bench(sample_count = 30, sample_size = 1)]
fn schedule_a_known_type(bencher: Bencher<'_, '_>) {
    let nothing = answers(Answer::NoChange);
    let ask = Ask {
        number: 0,
        title: BUSY_YEAR.types.by_id.values().next().expect("a type").name.clone(),
        minutes: Some(90),
        deadline: later(4 * 1440),
        asked_at: now(),
    };
    bencher.with_inputs(|| stored(&BUSY_YEAR)).bench_values(|(folder, store)| {
        let mut asked = BUSY_YEAR.clone();
        asked.asks.push(ask.clone());
        store.commit(&WORLD.principal, &BUSY_YEAR, &asked).expect("a commit");
        let Decision { person, operations, .. } = WORLD.decide(&asked, &nothing, later(10));
        assert!(!operations.is_empty());
        store.commit(&WORLD.principal, &asked, &person).expect("a commit");
        (folder, store)
    });
}

/// Far more is asked for than fits: room is made, long tasks are cut, deadlines at risk are named.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn an_overcommitted_turn(bencher: Bencher<'_, '_>) {
    let nothing = answers(Answer::NoChange);
    let ask = |number: u32| Ask {
        number,
        title: title(number as usize),
        minutes: Some(60 + 60 * (number % 4)),
        deadline: later(1440 * i64::from(1 + number % 5)),
        asked_at: now(),
    };
    let mut asked = BUSY_YEAR.clone();
    asked.asks.extend((0..30).map(ask));
    let risks = WORLD.decide(&asked, &nothing, later(10)).person.risks;
    assert!(!risks.is_empty());
    bencher.bench(|| WORLD.decide(&asked, &nothing, later(10)));
}

/// Budget: 5 ms. What `insights` does once the store is open.
#[divan::bench(sample_count = 30)]
fn insights_of_a_person_year(bencher: Bencher<'_, '_>) {
    let (_folder, store) = stored(&BUSY_YEAR);
    bencher.bench(|| {
        let person = store.glance(&WORLD.principal, Part::Memory).expect("a person");
        person.memory.active().map(|i| i.sentence.len()).sum::<usize>()
    });
}
