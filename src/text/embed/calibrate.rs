//! How another embedder's cosines read on the common scale, where .8 is the reuse threshold.
//!
//! Method: quantiles on a fixed list. All pairs of [`TITLES`] are compared by the embedder inside
//! the program, whose scale was chosen on labelled titles, and by the other one. The cosine that as
//! many pairs reach there as reach the reuse threshold here is the other's threshold; the slope is
//! the one at which as many pairs read as one half and more. So an embedder all of whose cosines
//! lie between .7 and 1 is read as well as one that uses the whole range, and the same one always
//! reads the same, whatever the person's titles are.

use super::{Embedder, StaticEmbedder};
use crate::task::classify::Calibration;
use crate::task::{Embedding, title};

/// Titles of work, some of them nearly the same, in a few languages. Not the person's.
const TITLES: [&str; 60] = [
    "Daily stand-up",
    "Standup",
    "Team daily",
    "Morning stand-up meeting",
    "Sprint planning",
    "Plan the sprint",
    "Sprint planning meeting",
    "Retrospective",
    "Team retro",
    "1:1 with manager",
    "One on one",
    "1-1 catch up",
    "Weekly sync",
    "Team weekly",
    "Write report",
    "Report writing",
    "Write quarterly report",
    "Draft the proposal",
    "Write project proposal",
    "Code review",
    "Review pull requests",
    "Review code",
    "Fix bugs",
    "Bug fixing",
    "Deep work",
    "Focus time",
    "Focus block",
    "Write design doc",
    "Design document",
    "Prepare presentation",
    "Presentation prep",
    "Slides for the board",
    "Client call",
    "Call with client",
    "Sales call",
    "Interview candidate",
    "Job interview",
    "Hiring interview",
    "Lunch with Anna",
    "Team lunch",
    "Gym",
    "Workout",
    "Yoga class",
    "Dentist",
    "Zahnarzt",
    "Doctor appointment",
    "Arzttermin",
    "Expense report",
    "File expenses",
    "Reisekosten abrechnen",
    "Email",
    "Answer emails",
    "Inbox zero",
    "Invoices",
    "Pay invoices",
    "Rechnungen schreiben",
    "Taxes",
    "Steuererklärung",
    "Grocery shopping",
    "Pick up kids",
];
/// ln(.8 / .2): from one half to the reuse threshold on the scale.
const HALF_TO_REUSE: f32 = 1.386_294_4;
/// Slopes that make sense: the steepest is that of cosines within a hundredth.
const SLOPES: std::ops::RangeInclusive<f32> = 1.0..=500.0;

/// The titles, as embedders are given them.
pub fn titles() -> Vec<String> {
    TITLES.iter().map(|text| title::normalise(text)).collect()
}

/// How the cosines of these vectors read, one a title.
pub fn calibrate(local: &StaticEmbedder, titles: &[String], vectors: &[&Embedding]) -> Calibration {
    let own: Vec<Embedding> = titles.iter().map(|title| local.embed_one(title)).collect();
    let known = local.calibration();
    let own = cosines(&own.iter().collect::<Vec<_>>());
    let theirs = cosines(vectors);
    let half_at = known.reuse_at - HALF_TO_REUSE / known.slope;
    let reuse_at = matching(&own, &theirs, known.reuse_at);
    let half_at = matching(&own, &theirs, half_at);
    let slope = HALF_TO_REUSE / (reuse_at - half_at).max(f32::EPSILON);
    Calibration { reuse_at, slope: slope.clamp(*SLOPES.start(), *SLOPES.end()) }
}

/// Of all pairs, the highest first.
fn cosines(vectors: &[&Embedding]) -> Vec<f32> {
    let pairs = vectors
        .iter()
        .enumerate()
        .flat_map(|(n, one)| vectors.iter().skip(n + 1).map(move |other| one.cosine(other)));
    let mut all: Vec<f32> = pairs.collect();
    all.sort_by(|a, b| b.total_cmp(a));
    all
}

/// The cosine that as many of `theirs` reach as of `own` reach `at`: half way to the next one.
fn matching(own: &[f32], theirs: &[f32], at: f32) -> f32 {
    let reach = own.iter().take_while(|cosine| **cosine >= at).count().max(1);
    let last = theirs.get(reach - 1).copied().unwrap_or(at);
    let next = theirs.get(reach).copied().unwrap_or(last);
    (last + next) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The local vectors, all of them pushed into one corner of a wider space: their cosines lie
    /// between `least` and 1.
    fn squeezed(of: &Embedding, least: f32) -> Embedding {
        let (own, shared) = ((1.0 - least).sqrt(), least.sqrt());
        let mut wide: Vec<f32> = of.0.iter().map(|x| own * x).collect();
        wide.resize(1_536, 0.0);
        wide[1_535] = shared;
        Embedding(wide)
    }

    #[test]
    fn a_squeezed_embedder_reads_as_the_one_it_was_made_of() {
        let local = StaticEmbedder::new().unwrap();
        let titles = titles();
        let own: Vec<Embedding> = titles.iter().map(|t| local.embed_one(t)).collect();
        for least in [0.0, 0.4, 0.8] {
            let wide: Vec<Embedding> = own.iter().map(|v| squeezed(v, least)).collect();
            let found = calibrate(&local, &titles, &wide.iter().collect::<Vec<_>>());
            let known = local.calibration();
            let mut checked = 0;
            for n in 0..titles.len() {
                for m in 0..n {
                    let expected = known.similarity(own[n].cosine(&own[m]));
                    let read = found.similarity(wide[n].cosine(&wide[m]));
                    assert!((expected - read).abs() < 0.03, "{least}: {expected} reads {read}");
                    checked += usize::from(expected >= 0.8);
                }
            }
            assert!(checked >= 20, "the list holds {checked} pairs that are the same work");
        }
    }

    #[test]
    fn an_embedder_to_which_all_is_one_still_gives_numbers() {
        let local = StaticEmbedder::new().unwrap();
        let titles = titles();
        let flat = Embedding(vec![1.0, 0.0]);
        let found = calibrate(&local, &titles, &vec![&flat; titles.len()]);
        assert!(found.reuse_at.is_finite() && SLOPES.contains(&found.slope), "{found:?}");
    }
}
