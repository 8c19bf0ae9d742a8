//! Parts of the day: afternoons of demanding work, the hours after lunch, mornings against
//! evenings.

use super::candidate::{Candidate, Counts, confidence, fewer_successes, is_enough, latest, since};
use super::sample::{Observation, Sample};
use crate::memory::evidence::{Contrast, Row, contrast};
use crate::memory::graph::{Draft, Kind, Node};
use crate::task::learn::INITIAL_CONFIDENCE;
use crate::task::{Category, Energy};
use std::ops::Range;

/// Local hours.
const MORNING: Range<u8> = 6..12;
const AFTERNOON: Range<u8> = 13..18;
const AFTER_LUNCH: Range<u8> = 13..15;
const LATE: Range<u8> = 15..18;
const FORENOON: Range<u8> = 8..12;
const EVENING: Range<u8> = 18..23;
/// From this cognitive load on work is demanding.
pub const DEMANDING: f32 = 0.6;
/// The rest of an afternoon differs from the part that gave the pattern away by this much success.
const SHAPE: f64 = 0.1;
/// A morning or an evening person differs by this factor in energy (DESIGN section 6).
const TILT: f64 = 1.3;
/// What holds ends only under this factor.
const TILT_UNTIL: f64 = 1.15;
/// Only parts of the day that are this sure are compared (DESIGN section 6).
const SURE: f32 = 0.7;
/// Ratings of energy on either side from which they are compared themselves, in place of success.
const LEAST_RATED: usize = 10;

/// Demanding work fails in the afternoon: not only right after lunch.
pub(super) fn afternoon_failures(sample: &Sample<'_>) -> Vec<Candidate> {
    let demanding = |o: &&Observation<'_>| {
        o.kind.cognitive_load >= DEMANDING
            && (MORNING.contains(&o.hour) || AFTERNOON.contains(&o.hour))
    };
    let of: Vec<_> = sample.recent.iter().filter(demanding).collect();
    let Some((rows, found, inside)) = compare(&of, &AFTERNOON) else { return Vec::new() };
    let late = share(of.iter().filter(|o| LATE.contains(&o.hour)));
    let about = vec![part(&AFTERNOON), Node::Category(Category::Focused.word().to_owned())];
    let words = |c: &Counts| {
        format!(
            "Demanding work fails more often in the afternoon: {} of {} went as planned from 13 to \
             18 h, against {} of {} before noon.",
            c.good, c.all, c.others_good, c.others
        )
    };
    let mut one =
        fewer_successes(Kind::AfternoonFailures, about, 1.0, (&rows, &found), &inside, words);
    one.matters &= late.is_none_or(|late| late <= found.mean_outside() - SHAPE);
    vec![one]
}

/// The two hours after lunch go worse than the hours before *and* after them.
pub(super) fn after_lunch(sample: &Sample<'_>) -> Vec<Candidate> {
    let day = |o: &&Observation<'_>| FORENOON.contains(&o.hour) || AFTERNOON.contains(&o.hour);
    let of: Vec<_> = sample.recent.iter().filter(day).collect();
    let Some((rows, found, inside)) = compare(&of, &AFTER_LUNCH) else { return Vec::new() };
    let late = share(of.iter().filter(|o| LATE.contains(&o.hour)));
    let words = |c: &Counts| {
        format!(
            "There is a dip after lunch: {} of {} went as planned from 13 to 15 h, against {} of \
             {} before and after.",
            c.good, c.all, c.others_good, c.others
        )
    };
    let about = vec![part(&AFTER_LUNCH)];
    let mut one = fewer_successes(Kind::AfterLunch, about, 1.0, (&rows, &found), &inside, words);
    one.matters &= late.is_some_and(|late| late >= found.mean_inside() + SHAPE);
    vec![one]
}

/// More energy is left in the morning than in the evening, or the other way round: by a factor in
/// what was learned of the person's energy, and by a test on their own ratings of it. Without
/// ratings energy is an estimate that falls in the course of any day, so success is tested then.
pub(super) fn morning_or_evening(sample: &Sample<'_>) -> Vec<Candidate> {
    let energy = &sample.types.energy;
    let (Some(morning), Some(evening)) = (mean(energy, &MORNING), mean(energy, &EVENING)) else {
        return Vec::new();
    };
    let of: Vec<_> = sample
        .recent
        .iter()
        .filter(|o| MORNING.contains(&o.hour) || EVENING.contains(&o.hour))
        .collect();
    let early = tilt(&of, (morning, evening), Kind::MorningPerson);
    let late = tilt(&of, (evening, morning), Kind::EveningPerson);
    early.into_iter().chain(late).collect()
}

fn tilt(of: &[&Observation<'_>], energy: (f64, f64), kind: Kind) -> Option<Candidate> {
    let (high, low, word) = match kind {
        Kind::MorningPerson => (MORNING, EVENING, "mornings"),
        _ => (EVENING, MORNING, "evenings"),
    };
    let rated = |o: &&&Observation<'_>| o.event.energy_after.is_some();
    let many = |hours: &Range<u8>| {
        of.iter().filter(rated).filter(|o| hours.contains(&o.hour)).count() >= LEAST_RATED
    };
    let by_rating = many(&high) && many(&low);
    let rows: Vec<_> = of
        .iter()
        .filter(|o| !by_rating || o.event.energy_after.is_some())
        .map(|o| {
            let row = o.row(low.contains(&o.hour));
            let rating = o.event.energy_after.filter(|_| by_rating);
            Row { outcome: rating.map_or(row.outcome, f64::from), ..row }
        })
        .collect();
    let found = contrast(&rows).filter(is_enough)?;
    let inside: Vec<_> = of.iter().copied().filter(|o| high.contains(&o.hour)).collect();
    let ratio = energy.0 / energy.1.max(0.01);
    let estimated = if by_rating { "by your ratings" } else { "estimated" };
    Some(Candidate {
        draft: Draft {
            kind,
            about: vec![Node::Person, part(&high)],
            sentence: format!(
                "You have more energy left in the {word}: about {:.0} % at {} h and {:.0} % at {} \
                 h ({estimated}).",
                100.0 * energy.0,
                hours(&high),
                100.0 * energy.1,
                hours(&low)
            ),
            evidence: latest(inside.iter().filter(|o| o.good).map(|o| o.name()).collect()),
            counts: (inside.iter().filter(|o| o.good).count() as u32, inside.len() as u32),
            confidence: confidence(-found.effect, found.error),
            valid_from: since(&inside),
        },
        p: if by_rating { found.lower } else { found.fewer },
        weight: 1.0,
        matters: ratio > TILT,
        lasts: ratio > TILT_UNTIL,
    })
}

/// The hours within a part against the others, where there is enough of both.
fn compare<'a, 'b>(
    of: &[&'b Observation<'a>],
    part: &Range<u8>,
) -> Option<(Vec<Row>, Contrast, Vec<&'b Observation<'a>>)> {
    let rows: Vec<Row> = of.iter().map(|o| o.row(part.contains(&o.hour))).collect();
    let found = contrast(&rows).filter(is_enough)?;
    Some((rows, found, of.iter().copied().filter(|o| part.contains(&o.hour)).collect()))
}

fn share<'a, 'b: 'a>(of: impl Iterator<Item = &'a &'a Observation<'b>>) -> Option<f64> {
    let (n, good) = of.fold((0, 0), |(n, good), o| (n + 1, good + u32::from(o.good)));
    (n > 0).then(|| f64::from(good) / f64::from(n))
}

/// Mean energy of a part of the day by how much is known of each hour; `None` where all of it
/// together is not sure enough.
fn mean(energy: &Energy, part: &Range<u8>) -> Option<f64> {
    let hours = usize::from(part.start)..usize::from(part.end);
    let known = |h: usize| (energy.confidence[h] - INITIAL_CONFIDENCE).max(0.0);
    let all: f32 = hours.clone().map(known).sum();
    let sum: f32 = hours.map(|h| known(h) * energy.pattern[h]).sum();
    (INITIAL_CONFIDENCE + all > SURE).then(|| f64::from(sum / all))
}

fn part(hours: &Range<u8>) -> Node {
    Node::DayPart { from: hours.start, to: hours.end }
}

fn hours(part: &Range<u8>) -> String {
    format!("{}\u{2013}{}", part.start, part.end)
}
