//! The soak: months of many people in minutes. The service runs as it is, on a fast wall clock
//! (`tests/support/fast_clock.c`), against a real Radicale behind bad weather; it is killed, gets
//! signals and new configs, and is asked by commands, while the people go on.
//!
//! The long one, of ninety days and ten of a new process, is run by hand; it takes twenty minutes:
//! `cargo build --release && CHRONOTYPE_BINARY=target/release/chronotype cargo test --test suite
//! soak::ninety -- --ignored --nocapture`.

mod figures;
mod person;
mod promises;
mod thousand;
mod witness;
mod world;

use crate::support::fake_faults::Dice;
use crate::support::fast_clock::FastClock;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use figures::{Sample, middle, sample};
use serde_json::Value;
use std::time::{Duration, Instant};
use world::World;

const SEED: u64 = 20_260_302;
/// The loop looks at the clock so often.
const LOOK: Duration = Duration::from_millis(20);
/// Who waits longer for a deed is told.
const SLOW: Duration = Duration::from_secs(5);
/// Between two samples.
const SAMPLE: TimeDelta = TimeDelta::hours(6);
/// No test waits longer for what must happen.
const PATIENCE: Duration = Duration::from_secs(180);

/// How much, and what happens.
struct Plan {
    people: usize,
    days: i64,
    /// Times as fast as the world.
    rate: i32,
    /// Days on which the service is killed.
    kills: &'static [i64],
    /// Early and late days of one process, and those of the one that follows it.
    compared: Option<[(i64, i64); 3]>,
}

/// Things that happen by themselves, each at its next moment.
struct Fate {
    dice: Dice,
    weather: DateTime<Utc>,
    fair: bool,
    config: DateTime<Utc>,
    kills: Vec<DateTime<Utc>>,
    start: Option<DateTime<Utc>>,
    sample: DateTime<Utc>,
    /// Whose config is to be put right again, and how it is.
    meddled: Option<usize>,
}

impl Fate {
    fn new(plan: &Plan, now: DateTime<Utc>) -> Self {
        let mut dice = Dice::new(SEED);
        let hour = |day: &i64| TimeDelta::minutes(day * 24 * 60 + dice.below(24 * 60) as i64);
        let mut kills: Vec<_> = plan.kills.iter().map(hour).map(|after| now + after).collect();
        kills.reverse();
        let soon = now + TimeDelta::hours(20);
        let fair = true;
        Self {
            dice,
            weather: soon,
            fair,
            config: soon,
            kills,
            start: None,
            sample: now,
            meddled: None,
        }
    }

    fn hours(&mut self, from: i64, to: i64) -> TimeDelta {
        let minutes = (to - from) * 60;
        TimeDelta::minutes(from * 60 + self.dice.below(minutes as usize) as i64)
    }

    fn goes_on(&mut self, world: &mut World, now: DateTime<Utc>) {
        if now >= self.weather {
            let lasts = if self.fair { self.hours(3, 10) } else { self.hours(8, 30) };
            let bad = if self.dice.percent(25) { 1 } else { 4 };
            world.witness.weather(if self.fair { bad } else { 0 });
            (self.fair, self.weather) = (!self.fair, now + lasts);
        }
        if self.kills.last().is_some_and(|at| now >= *at) {
            self.kills.pop();
            world.kill();
            self.start = Some(now + self.hours(0, 4));
        }
        if self.start.is_none_or(|at| now >= at) {
            self.start = None;
            world.start();
        }
        if now >= self.config {
            self.config = now + self.hours(4, 14);
            self.meddle(world);
        }
    }

    /// A change of a config, sound or not, or somebody who leaves; the next time it is put right.
    fn meddle(&mut self, world: &mut World) {
        if let Some(n) = self.meddled.take() {
            return world.config(n, "");
        }
        let n = self.dice.below(world.people.len());
        match self.dice.below(5) {
            0 => return world.signal("HUP"),
            1 => world.config(n, "[nonsense"),
            2 => world.config(n, "[suggestions]\ndaily_cap = 2"),
            3 => world.config(n, "[learning]\nhistory_days = 90"),
            _ => std::fs::remove_file(world.config_of(n)).unwrap(),
        }
        self.meddled = Some(n);
    }
}

/// Lives it through; what the system counted on the way.
async fn live(plan: &Plan) -> (World, Vec<Sample>) {
    let begin = Utc.with_ymd_and_hms(2026, 3, 2, 5, 0, 0).unwrap();
    let clock = FastClock::start(begin, plan.rate);
    let mut world = World::new(plan.people, SEED, clock, plan.compared.is_some()).await;
    let begin = world.clock.now();
    let (mut fate, mut samples) = (Fate::new(plan, begin), Vec::new());
    let end = begin + TimeDelta::days(plan.days);
    while world.clock.now() < end {
        let now = world.clock.now();
        fate.goes_on(&mut world, now);
        for n in 0..world.people.len() {
            if now < world.people[n].next {
                continue;
            }
            let blocks = world.blocks(n);
            for deed in world.people[n].act(now, &blocks) {
                let (began, what) = (Instant::now(), format!("{deed:?}"));
                world.perform(n, deed).await;
                if began.elapsed() > SLOW {
                    world.witness.say(&format!("{:?} for {what}", began.elapsed()));
                }
            }
        }
        if now >= fate.sample {
            fate.sample = now + SAMPLE;
            samples.extend(world.process().and_then(|process| sample(process, now)));
            look(&world, (now - begin).num_days(), samples.last()).await;
        }
        tokio::time::sleep(LOOK).await;
    }
    if let Some(n) = fate.meddled {
        world.config(n, "");
    }
    (world, samples)
}

/// Looks at everything, once a day of somebody's.
async fn look(world: &World, day: i64, sample: Option<&Sample>) {
    promises::untouched(world).await;
    world.witness.say(&format!("day {day}: {sample:?}"));
    let breaches = world.witness.breaches();
    assert!(breaches.is_empty(), "{breaches:#?}\n{}", world.log());
}

/// The weather is fair, nobody does anything: everybody has turns again, and nothing is left to do.
async fn calm(world: &mut World) {
    world.listen().await;
    world.witness.weather(0);
    let until = Instant::now() + PATIENCE;
    let turns = |world: &World, n| {
        let status: Value = serde_json::from_str(&world.ok(n, &["status", "--json"])).unwrap();
        let well = status["accounts_in_trouble"].as_array().unwrap().is_empty()
            && status["collections"].as_array().unwrap().iter().all(|c| c["trouble"].is_null());
        (status["turns"].as_u64().unwrap(), well, status)
    };
    for n in 0..world.people.len() {
        world.start();
        let before = turns(world, n).0;
        loop {
            let (now, well, status) = turns(world, n);
            if now > before + 1 && well && status["pending_writes"] == 0 {
                break;
            }
            let name = &world.people[n].name;
            assert!(Instant::now() < until, "{name}: {status:#}\n{}", world.log());
            tokio::time::sleep(LOOK).await;
        }
    }
}

async fn soak(plan: &Plan) {
    let (mut world, samples) = live(plan).await;
    calm(&mut world).await;
    (0..world.people.len()).for_each(|n| promises::kept_well(&world, n));
    world.end();
    promises::untouched(&world).await;
    promises::agreed(&world);
    promises::quiet_log(&world);
    world.witness.say(&format!("{:#?}", world.witness.counts()));
    if let Some(stretches) = plan.compared {
        promises::small(&world, plan.days);
        flat(&world, &samples, stretches);
    }
    let breaches = world.witness.breaches();
    assert!(breaches.is_empty(), "{breaches:#?}");
}

/// Nothing leaks: threads and file descriptors stay as many as they were early, and memory, which
/// follows what is kept, as large as that of a new process that knows as much.
fn flat(world: &World, samples: &[Sample], stretches: [(i64, i64); 3]) {
    let Some(first) = samples.first() else { return };
    let [early, old, new] = stretches.map(|(from, to)| {
        let within = |s: &&Sample| (from..to).contains(&(s.at - first.at).num_days());
        samples.iter().filter(within).copied().collect::<Vec<Sample>>()
    });
    let of = |name, of: fn(&Sample) -> u64, measure: &[Sample]| {
        let [early, old, new, most] = [&early, &old, &new, measure].map(|all| middle(all, of));
        world.witness.say(&format!("{name}: {early} early, {old} late, {new} of a new process"));
        if old * 10 > most * 11 {
            world.witness.breach(format!("{name} grew to {old}, where {most} will do"));
        }
    };
    of("memory, kB", |s| s.memory, &new);
    of("threads", |s| s.threads, &early);
    of("file descriptors", |s| s.files as u64, &early);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_days_of_four_people() {
    soak(&Plan { people: 4, days: 8, rate: 14_400, kills: &[2, 5], compared: None }).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "twenty minutes: see the head of this file"]
async fn ninety_days_of_twenty_people() {
    let kills = &[2, 3, 5, 7, 8, 10, 12, 13, 15, 17, 18, 19, 90];
    let compared = Some([(22, 32), (80, 90), (93, 100)]);
    soak(&Plan { people: 20, days: 100, rate: 8_640, kills, compared }).await;
}
