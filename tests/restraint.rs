//! Twelve weeks with a person: one who refuses everything hears less and less until there is
//! silence, one who keeps everything has a steady rhythm within the caps, one on holiday is left
//! alone.
//!
//! Each day a turn in the morning, on a folder; what the person does on the day they write into
//! their calendar that evening, so that their habits go on whatever they make of the blocks.

use crate::stories::{calendar, edited};
use crate::support::person::files;
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
use chronotype::calendar::vdir::Vdir;
use chronotype::cycle::{Brain, Chores, Mode, Settings, Turn, turn};
use chronotype::event::{PrincipalId, Whereabouts};
use chronotype::schedule::plan::Planning;
use chronotype::schedule::request::Door;
use chronotype::store::{Person, Store};
use chronotype::sync::diff::Deletions;
use chronotype::sync::poll::{Client, Discovery};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::LazyLock;
use tempfile::TempDir;

static BRAIN: LazyLock<Brain> = LazyLock::new(|| Brain::local().unwrap());
/// Weeks of history, and weeks lived.
const WEEKS: (i64, i64) = (8, 12);

/// What they do each week on their own: title, days from Monday, hour, minutes.
const ROUTINE: [(&str, &[i64], u32, i64); 3] = [
    ("Write report", &[0, 1, 3], 9, 90),
    ("Expenses", &[4], 14, 45),
    ("Read papers", &[2, 3], 13, 60),
];

struct Weeks {
    folder: TempDir,
    store: Store,
    person: Person,
    clients: Vec<Client>,
    settings: Settings,
    principal: PrincipalId,
    /// Every block ever seen, by UID: the Monday of the week it stood in.
    seen: BTreeMap<String, NaiveDate>,
}

fn first() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 3, 2).unwrap()
}

fn stamp(day: NaiveDate, hour: u32, minutes: i64) -> String {
    let at = day.and_hms_opt(hour, 0, 0).unwrap() + TimeDelta::minutes(minutes);
    at.format("%Y%m%dT%H%M%SZ").to_string()
}

impl Weeks {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for calendar in ["work", "chronotype"] {
            std::fs::create_dir_all(folder.path().join("cal").join(calendar)).unwrap();
        }
        let clients = vec![Client {
            calendar: Box::new(Vdir::new("home", folder.path().join("cal"))),
            wanted: None,
            suggest_into: Some("chronotype".to_owned()),
            discovery: Discovery::EachTurn,
        }];
        let settings = Settings {
            zone: chrono_tz::UTC,
            whereabouts: Whereabouts::new(chrono_tz::UTC, Vec::new()),
            addresses: Vec::new(),
            history: TimeDelta::days(183),
            ahead: TimeDelta::days(28),
            mode: Mode::Suggest,
            doors: Door::ALL.to_vec(),
            planning: Planning::default(),
            suggest_into: Some(("home".to_owned(), "chronotype".to_owned())),
            deletions: Deletions::Guarded,
            chores: Chores::Now,
            assistant: None,
        };
        let store = Store::open(&folder.path().join("store")).unwrap();
        let principal = PrincipalId::new("jane").unwrap();
        let weeks = Self {
            folder,
            store,
            person: Person::default(),
            clients,
            settings,
            principal,
            seen: BTreeMap::new(),
        };
        for back in 1..=7 * WEEKS.0 {
            weeks.live(first() - TimeDelta::days(back));
        }
        weeks
    }

    fn file(&self, calendar: &str, name: &str) -> PathBuf {
        self.folder.path().join(format!("cal/{calendar}/{name}"))
    }

    fn put(&self, name: &str, lines: &str) {
        std::fs::write(self.file("work", &format!("{name}.ics")), calendar("VEVENT", lines))
            .unwrap();
    }

    /// They write down what they did on a day.
    fn live(&self, day: NaiveDate) {
        let weekday = i64::from(day.weekday().num_days_from_monday());
        for (title, days, hour, minutes) in ROUTINE {
            if days.contains(&weekday) {
                let name = format!("{}-{day}", title.replace(' ', ""));
                let (from, to) = (stamp(day, hour, 0), stamp(day, hour, minutes));
                let lines = format!("UID:{name}\nSUMMARY:{title}\nDTSTART:{from}\nDTEND:{to}");
                self.put(&name, &lines);
            }
        }
    }

    /// The turn of a morning; the blocks there are after it, by file name.
    fn morning(&mut self, day: NaiveDate) -> BTreeMap<String, String> {
        let now: DateTime<Utc> = day.and_hms_opt(6, 0, 0).unwrap().and_utc();
        let (settings, principal) = (&self.settings, &self.principal);
        let turned = Turn { principal, settings, now, at: &|_| {}, progress: &|_, _| {} };
        let before = std::mem::take(&mut self.person);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let done = turn(&self.store, before, &self.clients, &BRAIN, &turned);
        self.person = runtime.block_on(done).unwrap().1;
        let blocks = files(&self.folder.path().join("cal/chronotype"));
        for (name, text) in &blocks {
            let week =
                start(text) - TimeDelta::days(start(text).weekday().num_days_from_monday().into());
            self.seen.entry(name.clone()).or_insert(week);
        }
        blocks
    }

    /// Blocks that stood in each of the weeks lived.
    fn by_week(&self) -> Vec<usize> {
        let week = |n: i64| first() + TimeDelta::days(7 * n);
        (0..WEEKS.1).map(|n| self.seen.values().filter(|w| **w == week(n)).count()).collect()
    }
}

fn start(text: &str) -> NaiveDate {
    let line = text.lines().find_map(|l| l.strip_prefix("DTSTART:")).unwrap();
    NaiveDate::parse_from_str(&line[..8], "%Y%m%d").unwrap()
}

fn days() -> impl Iterator<Item = NaiveDate> {
    (0..7 * WEEKS.1).map(|n| first() + TimeDelta::days(n))
}

#[test]
fn who_refuses_everything_is_left_in_peace() {
    let mut weeks = Weeks::new();
    let mut last = None;
    let mut refused = 0;
    for day in days() {
        for name in weeks.morning(day).keys() {
            std::fs::remove_file(weeks.file("chronotype", name)).unwrap();
            (last, refused) = (Some(day), refused + 1);
        }
        weeks.live(day);
    }
    let silence = (first() + TimeDelta::days(7 * WEEKS.1) - last.unwrap()).num_days();
    assert!(silence >= 28, "silent for the last {silence} days; {:?}", weeks.by_week());
    assert!(refused <= 40, "{refused} blocks in twelve weeks: {:?}", weeks.by_week());
}

#[test]
fn who_keeps_everything_has_a_steady_rhythm_within_the_caps() {
    let mut weeks = Weeks::new();
    let settings = weeks.settings.planning.clone();
    for day in days() {
        let blocks = weeks.morning(day);
        let mut today: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        for text in blocks.values() {
            *today.entry(start(text)).or_default() += 1;
        }
        let most = today.values().max().copied().unwrap_or(0);
        assert!(most <= usize::from(settings.daily_cap), "{day}: {today:?}");
        // In place they say yes to what lies ahead today, and never write down work of their own.
        for (name, text) in blocks.iter().filter(|(_, text)| start(text) == day) {
            let kept = edited(text, &[("TRANSP", ":OPAQUE")]);
            std::fs::write(weeks.file("chronotype", name), kept).unwrap();
        }
    }
    let found = weeks.by_week();
    let usual: usize = ROUTINE.iter().map(|(_, days, ..)| days.len()).sum();
    assert!(found.iter().all(|n| *n <= usize::from(settings.weekly_cap)), "{found:?}");
    assert!(found.iter().all(|n| (usual - 1..=usual + 1).contains(n)), "steady: {found:?}");
}

#[test]
fn who_is_on_holiday_is_left_alone() {
    let mut weeks = Weeks::new();
    let (from, to) = (first() + TimeDelta::days(14), first() + TimeDelta::days(28));
    let mut away = BTreeSet::new();
    for day in days().take(7 * 6) {
        // They enter it a week ahead, as their calendar makes whole days: free.
        if day == from - TimeDelta::days(7) {
            weeks.put(
                "h",
                &format!(
                    "UID:h\nSUMMARY:Vacation in Rome\nDTSTART;VALUE=DATE:{}\nDTEND;VALUE=DATE:{}\n\
                 TRANSP:TRANSPARENT",
                    from.format("%Y%m%d"),
                    to.format("%Y%m%d")
                ),
            );
        }
        let blocks = weeks.morning(day);
        if day >= from - TimeDelta::days(7) {
            let within = blocks.values().map(|text| start(text)).filter(|d| *d >= from && *d < to);
            away.extend(within);
        }
        if day < from || day >= to {
            weeks.live(day);
        }
    }
    assert!(away.is_empty(), "{away:?}");
    let found = weeks.by_week();
    assert!(found[4] > 0, "and back at work it goes on: {found:?}");
}
