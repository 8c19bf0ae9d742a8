//! Looks for effects in what has settled. Silence unless there is an effect *and* a test that
//! survives many looks.

use super::evidence::fisher_more_failures;
use super::graph::{Kind, Node};
use crate::event::{EventId, Events};
use crate::task::{Category, Energy, Types};
use std::collections::BTreeMap;

/// Chance of a false finding that one run of the detectors may carry, over all its looks.
const ALPHA: f64 = 0.01;
/// Fewer observations on a weekday than this are an anecdote.
const LEAST_OBSERVATIONS: u32 = 6;
/// Weak: success under this share of the mean (DESIGN section 6).
const WEAK: f64 = 0.5;
/// An insight that holds is retired only above this share: no flapping at the edge.
const WEAK_UNTIL: f64 = 0.7;
/// A morning or an evening person differs by this factor (DESIGN section 6).
const TILT: f32 = 1.3;
/// An insight that holds is retired only under this factor.
const TILT_UNTIL: f32 = 1.15;
/// Only hours that are this sure are compared.
const SURE: f32 = 0.7;
/// Local hours of the morning and of the evening.
const MORNING: std::ops::Range<usize> = 6..12;
const EVENING: std::ops::Range<usize> = 18..23;
/// Evidence kept for one insight.
const MOST_EVIDENCE: usize = 50;

/// Whether a finding is enough for a new insight, or only keeps one that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// Effect and test: worth writing.
    Enough,
    /// The effect is fading but not gone.
    Fading,
}

/// What a detector found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which detector.
    pub kind: Kind,
    /// What it is about, most specific first.
    pub about: Vec<Node>,
    /// The sentence a person reads.
    pub sentence: String,
    /// Events it rests on.
    pub evidence: Vec<EventId>,
    /// Observations for it, and in all.
    pub counts: (u32, u32),
    /// 0..=1.
    pub confidence: f32,
    /// Enough for a new insight or not.
    pub strength: Strength,
}

/// One settled placement as the detectors see it.
struct Observation<'a> {
    event: &'a EventId,
    kind: u32,
    category: Category,
    weekday: u8,
    good: bool,
}

/// Runs all detectors.
pub fn detect(events: &Events, types: &Types) -> Vec<Finding> {
    let observations = observe(events, types);
    let mut findings = weak_weekdays(&observations, types);
    findings.extend(tilt(&types.energy));
    findings
}

fn observe<'a>(events: &'a Events, types: &Types) -> Vec<Observation<'a>> {
    let mut all = Vec::new();
    for event in events.values() {
        let Some(kind) = event.task_type.and_then(|id| types.by_id.get(&id)) else { continue };
        for settled in &event.settled {
            let Some(signal) = settled.signal else { continue };
            all.push(Observation {
                event: &event.id,
                kind: kind.id,
                category: kind.category,
                weekday: settled.weekday,
                good: signal.value >= 0.5,
            });
        }
    }
    all
}

#[derive(Default)]
struct Tally<'a> {
    good: u32,
    all: u32,
    events: Vec<&'a EventId>,
}

type Days<'a> = BTreeMap<u8, Tally<'a>>;

/// Counts by a group of the observations and by weekday, in one walk: there may be hundreds of
/// groups.
fn tally<'a, G: Ord>(
    observations: &[Observation<'a>],
    group: impl Fn(&Observation<'a>) -> G,
) -> BTreeMap<G, Days<'a>> {
    let mut groups: BTreeMap<G, Days<'a>> = BTreeMap::new();
    for one in observations {
        let day = groups.entry(group(one)).or_default().entry(one.weekday).or_default();
        day.all += 1;
        day.good += u32::from(one.good);
        if !one.good && day.events.len() < MOST_EVIDENCE {
            day.events.push(one.event);
        }
    }
    groups
}

fn weak_weekdays(observations: &[Observation<'_>], types: &Types) -> Vec<Finding> {
    let mut groups: Vec<(Vec<Node>, String, Days<'_>)> = Vec::new();
    let mut by_category = tally(observations, |o| o.category);
    for category in Category::ALL {
        let days = by_category.remove(&category).unwrap_or_default();
        let about = vec![Node::Category(category.word().to_owned())];
        groups.push((about, format!("{} work", capital(category.word())), days));
    }
    let mut by_kind = tally(observations, |o| o.kind);
    for kind in types.by_id.values() {
        let days = by_kind.remove(&kind.id).unwrap_or_default();
        let about = vec![Node::TaskType(kind.id), Node::Category(kind.category.word().to_owned())];
        groups.push((about, format!("\u{201c}{}\u{201d}", kind.name), days));
    }
    let looks: usize = groups.iter().map(|(_, _, d)| worth_a_look(d)).sum();
    let mut findings: Vec<Finding> = Vec::new();
    for (about, name, days) in groups {
        for (weekday, day) in &days {
            let Some(found) = weak_weekday(&about, &name, *weekday, day, &days, looks) else {
                continue;
            };
            let told = findings.iter().any(|f| {
                f.strength == Strength::Enough
                    && f.about.contains(&Node::Weekday(*weekday))
                    && about.iter().any(|n| f.about.contains(n))
            });
            if !told {
                findings.push(found);
            }
        }
    }
    findings
}

fn worth_a_look(days: &Days<'_>) -> usize {
    days.values().filter(|d| d.all >= LEAST_OBSERVATIONS).count()
}

fn weak_weekday(
    about: &[Node],
    name: &str,
    weekday: u8,
    day: &Tally<'_>,
    days: &Days<'_>,
    looks: usize,
) -> Option<Finding> {
    let all: u32 = days.values().map(|d| d.all).sum();
    let good: u32 = days.values().map(|d| d.good).sum();
    let (others, others_good) = (all - day.all, good - day.good);
    if day.all < LEAST_OBSERVATIONS || others < LEAST_OBSERVATIONS || good == 0 {
        return None;
    }
    let share = (f64::from(day.good) / f64::from(day.all)) / (f64::from(good) / f64::from(all));
    if share >= WEAK_UNTIL {
        return None;
    }
    let p = fisher_more_failures(day.all - day.good, day.all, others - others_good, others);
    let enough = share < WEAK && p * (looks.max(1) as f64) < ALPHA;
    let mut about = about.to_vec();
    about.push(Node::Weekday(weekday));
    Some(Finding {
        kind: Kind::WeakWeekday,
        about,
        sentence: format!(
            "{name} goes badly on {}s: {} of {} went well, against {} of {} on other days.",
            weekday_name(weekday),
            day.good,
            day.all,
            others_good,
            others
        ),
        evidence: day.events.iter().map(|id| (*id).clone()).collect(),
        counts: (day.all - day.good, day.all),
        confidence: (1.0 - p * looks.max(1) as f64).clamp(0.0, 0.99) as f32,
        strength: if enough { Strength::Enough } else { Strength::Fading },
    })
}

/// Morning or evening person: energy 6–12 h against 18–23 h.
fn tilt(energy: &Energy) -> Option<Finding> {
    let (morning, morning_sure) = mean_of_sure(energy, MORNING)?;
    let (evening, evening_sure) = mean_of_sure(energy, EVENING)?;
    let (kind, ratio, word, range) = if morning >= evening {
        (Kind::MorningPerson, morning / evening.max(0.01), "mornings", MORNING)
    } else {
        (Kind::EveningPerson, evening / morning.max(0.01), "evenings", EVENING)
    };
    if ratio < TILT_UNTIL {
        return None;
    }
    Some(Finding {
        kind,
        about: vec![Node::Person, Node::DayPart { from: range.start as u8, to: range.end as u8 }],
        sentence: format!(
            "You have more energy left in the {word}: about {:.0} % at 6\u{2013}12 h and {:.0} % \
             at 18\u{2013}23 h (estimated).",
            100.0 * morning,
            100.0 * evening
        ),
        evidence: Vec::new(),
        counts: (0, 0),
        confidence: morning_sure.min(evening_sure),
        strength: if ratio > TILT { Strength::Enough } else { Strength::Fading },
    })
}

/// Mean energy over the hours that are sure enough, and how sure the least of them is.
fn mean_of_sure(energy: &Energy, hours: std::ops::Range<usize>) -> Option<(f32, f32)> {
    let sure: Vec<usize> = hours.filter(|h| energy.confidence[*h] > SURE).collect();
    if sure.is_empty() {
        return None;
    }
    let mean = sure.iter().map(|h| energy.pattern[*h]).sum::<f32>() / sure.len() as f32;
    let least = sure.iter().map(|h| energy.confidence[*h]).fold(1.0, f32::min);
    Some((mean, least))
}

/// English name of an ISO weekday (1 = Monday).
pub fn weekday_name(weekday: u8) -> &'static str {
    const NAMES: [&str; 7] =
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    NAMES[usize::from(weekday.saturating_sub(1)) % 7]
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
