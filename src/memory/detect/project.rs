//! Projects: a word that titles of different kinds share. What takes longer than planned, and what
//! needs recovery.

use super::candidate::{Candidate, Counts, confidence, fewer_successes, is_enough, latest, since};
use super::sample::{Observation, Sample};
use crate::event::{Observation as Change, Span};
use crate::memory::evidence::{Row, contrast};
use crate::memory::graph::{Draft, Kind, Node};
use crate::task::title;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

/// A project has so many different titles ...
const LEAST_TITLES: usize = 3;
/// ... and so many events, ...
const LEAST_EVENTS: usize = 12;
/// ... and is no more than this share of all there is.
const MOST_SHARE: f64 = 0.75;
/// Letters of its word.
const LEAST_LETTERS: usize = 3;
/// Odds that such a word names a project, beside those of another: one that stays with one kind of
/// work names that, and an ordinary one names what is done.
const PLAIN: f64 = 0.2;
/// Words of everyday work that turn up in titles of any project.
const ORDINARY: &str = "\
    agenda and anruf besprechung brainstorm call catch chat check code daily deadline demo \
    design discuss discussion draft edit entwurf email feedback file finish fix follow for \
    interview kickoff meet meeting monthly notes plan planning planung prep prepare \
    presentation read report research retro review session slides standup status sync talk \
    team termin test the update weekly with work workshop write writing";
/// Projects looked at: those with most events.
const MOST_PROJECTS: usize = 8;
/// What starts so soon after an event follows it.
const SOON: TimeDelta = TimeDelta::hours(3);
/// Longer by less than this is no overrun: clients round.
const LONGER: i64 = 4;
/// Of a project that overruns at least this share does, ...
const OVERRUN: f64 = 0.3;
/// ... and so many times as many as otherwise.
const TIMES: f64 = 2.0;
/// An insight that holds ends only under this factor.
const TIMES_UNTIL: f64 = 1.4;

/// A word that may name a project.
struct Project {
    word: String,
    /// Which observations have it.
    places: BTreeSet<usize>,
    /// Its part of the chance to err.
    weight: f64,
}

/// The words that make projects of these observations, likeliest first.
fn projects(sample: &Sample<'_>) -> Vec<Project> {
    let mut words: BTreeMap<String, (BTreeSet<String>, BTreeSet<usize>)> = BTreeMap::new();
    for (at, one) in sample.recent.iter().enumerate() {
        let title = title::normalise(&one.event.title);
        for word in title.split(' ').filter(|w| w.chars().count() >= LEAST_LETTERS) {
            if word.chars().any(|c| c.is_ascii_digit()) {
                continue;
            }
            let (titles, places) = words.entry(word.to_owned()).or_default();
            titles.insert(title.clone());
            places.insert(at);
        }
    }
    let most = (MOST_SHARE * sample.recent.len() as f64) as usize;
    let mut found: Vec<Project> = words
        .into_iter()
        .filter(|(_, (titles, places))| {
            titles.len() >= LEAST_TITLES && (LEAST_EVENTS..=most).contains(&places.len())
        })
        .map(|(word, (_, places))| {
            let types: BTreeSet<_> = places.iter().map(|at| sample.recent[*at].kind.id).collect();
            let plain = types.len() < 2 || ORDINARY.split(' ').any(|own| own == word);
            let odds = if plain { PLAIN } else { 1.0 };
            let share = places.len() as f64 / sample.recent.len() as f64;
            Project { word, places, weight: odds * (share * (1.0 - share)).powi(2) }
        })
        .collect();
    found.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.word.cmp(&b.word)));
    found.truncate(MOST_PROJECTS);
    found
}

/// What follows work on a project within hours fails more often than what follows other work.
pub(super) fn recovery(sample: &Sample<'_>) -> Vec<Candidate> {
    let all = &sample.recent;
    // What each observation follows within hours, however that went.
    let before: Vec<Option<usize>> = (0..all.len())
        .map(|at| {
            let earlier = all[..at]
                .iter()
                .enumerate()
                .rev()
                .take_while(|(_, o)| all[at].start - o.start < SOON + TimeDelta::hours(12));
            earlier
                .filter(|(_, o)| o.end <= all[at].start && all[at].start - o.end <= SOON)
                .max_by_key(|(_, o)| o.end)
                .map(|(place, _)| place)
        })
        .collect();
    let mut found = Vec::new();
    for Project { word, places, weight } in projects(sample) {
        let follows = |at: usize| before[at].is_some_and(|b| places.contains(&b));
        let compared: Vec<usize> = (0..all.len()).filter(|at| before[*at].is_some()).collect();
        // Its own events often lie side by side, and may go worse whatever they follow.
        let rows: Vec<Row> = compared
            .iter()
            .map(|at| {
                let row = all[*at].row(follows(*at));
                Row { group: 2 * row.group + u64::from(places.contains(at)), ..row }
            })
            .collect();
        let Some(c) = contrast(&rows).filter(is_enough) else { continue };
        let inside: Vec<&Observation<'_>> =
            compared.iter().filter(|at| follows(**at)).map(|at| &all[*at]).collect();
        let words = |c: &Counts| {
            format!(
                "\u{201c}{word}\u{201d} needs recovery: of what came within three hours after it, \
                 {} of {} went as planned, against {} of {} after other work.",
                c.good, c.all, c.others_good, c.others
            )
        };
        let about = vec![Node::Project(word.clone())];
        found.push(fewer_successes(
            Kind::ProjectRecovery,
            about,
            weight,
            (&rows, &c),
            &inside,
            words,
        ));
    }
    found
}

/// Work on a project was made longer after it had been planned more often than other work.
pub(super) fn overrun(sample: &Sample<'_>) -> Vec<Candidate> {
    let all = &sample.recent;
    let mut found = Vec::new();
    for Project { word, places, weight } in projects(sample) {
        let rows: Vec<Row> = all
            .iter()
            .enumerate()
            .map(|(at, o)| Row {
                outcome: f64::from(u8::from(!is_longer(o))),
                ..o.row(places.contains(&at))
            })
            .collect();
        let Some(c) = contrast(&rows).filter(is_enough) else { continue };
        let inside: Vec<&Observation<'_>> = places.iter().map(|at| &all[*at]).collect();
        let (own, others) = (1.0 - c.mean_inside(), 1.0 - c.mean_outside());
        let longer: Vec<_> = inside.iter().filter(|o| is_longer(o)).collect();
        let ratio = own / others.max(0.01);
        found.push(Candidate {
            draft: Draft {
                kind: Kind::ProjectOverrun,
                about: vec![Node::Project(word.clone())],
                sentence: format!(
                    "\u{201c}{word}\u{201d} takes longer than planned: {} of {} were made longer, \
                     against {:.0} of {} otherwise.",
                    longer.len(),
                    inside.len(),
                    others * f64::from(c.outside.0),
                    c.outside.0
                ),
                evidence: latest(longer.iter().map(|o| o.name()).collect()),
                counts: (longer.len() as u32, inside.len() as u32),
                confidence: confidence(-c.effect, c.error),
                valid_from: since(&inside),
            },
            p: c.fewer,
            weight,
            matters: own >= OVERRUN && ratio >= TIMES,
            lasts: ratio >= TIMES_UNTIL,
        });
    }
    found
}

fn is_longer(observation: &Observation<'_>) -> bool {
    observation.event.trail.iter().any(|(_, change)| match change {
        Change::Resized { from: from @ Span::Timed { .. }, to: to @ Span::Timed { .. } } => {
            to.minutes() >= from.minutes() + LONGER
        }
        _ => false,
    })
}
