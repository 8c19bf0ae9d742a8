//! Whom the person meets and in which calendar, as evidence for what belongs to a task type.
//!
//! As the clues of [`super::shape`], each says how much likelier it is under the type than among
//! all of the person's events, as a bounded log ratio; what is missing says nothing, and a calendar
//! that holds everything says nothing of any type. Nothing is stored for it: tier 1 tells.

use super::kind::TypeId;
use crate::event::Guest;
use std::collections::BTreeMap;

/// What one event shows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// The calendar it lies in; `None` where that is not known.
    pub calendar: Option<&'a str>,
    /// Who else takes part; empty without a guest list.
    pub guests: &'a [Guest],
}

/// Events that a type's share starts from.
const PRIOR: f32 = 2.0;
/// The same for all of the person's events.
const PRIOR_OF_ALL: f32 = 2.0;
/// How much a clue counts: clues hang together, and their ratios are guesses.
const WEIGHT: f32 = 0.7;
/// No clue says more than this for or against.
const MOST: f32 = 1.5;

/// What the events of each type have shown, and all of them together.
#[derive(Debug, Clone, Default)]
pub struct Company {
    all: Circle,
    by_type: BTreeMap<TypeId, Circle>,
}

/// What the events of one type have shown.
#[derive(Debug, Clone, Default)]
struct Circle {
    /// Events of a known calendar.
    placed: f32,
    calendars: BTreeMap<String, f32>,
    /// Events with a guest list.
    met: f32,
    guests: BTreeMap<Guest, f32>,
}

impl Circle {
    fn observe(&mut self, signs: &Signs) {
        if let Some(calendar) = signs.calendar {
            self.placed += 1.0;
            match self.calendars.get_mut(calendar) {
                Some(count) => *count += 1.0,
                None => _ = self.calendars.insert(calendar.to_owned(), 1.0),
            }
        }
        if !signs.guests.is_empty() {
            self.met += 1.0;
            for guest in signs.guests {
                *self.guests.entry(*guest).or_default() += 1.0;
            }
        }
    }
}

impl Company {
    /// Takes an event of a type into account.
    pub fn observe(&mut self, kind: TypeId, signs: &Signs) {
        self.all.observe(signs);
        self.by_type.entry(kind).or_default().observe(signs);
    }

    /// How much the signs of an event speak for a type, as a log ratio.
    pub fn evidence(&self, kind: TypeId, signs: &Signs) -> f32 {
        let Some(own) = self.by_type.get(&kind) else { return 0.0 };
        let ratios = [self.calendar_ratio(own, signs), self.guest_ratio(own, signs)];
        ratios.into_iter().flatten().map(|ratio| WEIGHT * ratio.clamp(-MOST, MOST)).sum()
    }

    fn calendar_ratio(&self, own: &Circle, signs: &Signs) -> Option<f32> {
        let calendar = signs.calendar?;
        let count = |circle: &Circle| circle.calendars.get(calendar).copied().unwrap_or(0.0);
        let kinds = self.all.calendars.len().max(1) as f32;
        let among_all =
            (count(&self.all) + PRIOR_OF_ALL / kinds) / (self.all.placed + PRIOR_OF_ALL);
        let share = (count(own) + PRIOR * among_all) / (own.placed + PRIOR);
        (own.placed > 0.0).then(|| (share / among_all).ln())
    }

    /// The mean over those the person has met before.
    fn guest_ratio(&self, own: &Circle, signs: &Signs) -> Option<f32> {
        if own.met <= 0.0 {
            return None;
        }
        let (mut sum, mut known) = (0.0, 0.0);
        for guest in signs.guests {
            let Some(met) = self.all.guests.get(guest) else { continue };
            // Until the contrary is seen somebody is everywhere.
            let among_all = (met + PRIOR_OF_ALL) / (self.all.met + PRIOR_OF_ALL);
            let with = own.guests.get(guest).copied().unwrap_or(0.0);
            let share = (with + PRIOR * among_all) / (own.met + PRIOR);
            sum += (share / among_all).ln();
            known += 1.0;
        }
        (known > 0.0).then(|| sum / known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INES: Guest = Guest(1);
    const JO: Guest = Guest(2);

    fn signs<'a>(calendar: &'a str, guests: &'a [Guest]) -> Signs<'a> {
        Signs { calendar: Some(calendar), guests }
    }

    /// Type 0 is with Ines at work, type 1 with Jo in private, as often.
    fn company() -> Company {
        let mut company = Company::default();
        for _ in 0..6 {
            company.observe(0, &signs("work", &[INES]));
            company.observe(1, &signs("private", &[JO]));
        }
        company
    }

    #[test]
    fn whom_they_meet_and_where_speaks_for_the_type() {
        let company = company();
        let (with_ines, with_jo) = (signs("work", &[INES]), signs("private", &[JO]));
        assert!(company.evidence(0, &with_ines) > 0.4);
        assert!(company.evidence(1, &with_ines) < -0.8);
        assert!(company.evidence(0, &with_jo) < -0.8);
        let place = signs("work", &[]);
        let place = company.evidence(0, &place);
        assert!(place > 0.0 && place < company.evidence(0, &with_ines));
    }

    #[test]
    fn what_is_always_so_or_not_known_says_nothing() {
        let mut company = company();
        assert_eq!(company.evidence(0, &Signs::default()), 0.0);
        assert_eq!(company.evidence(7, &signs("work", &[INES])), 0.0);
        assert_eq!(company.evidence(0, &Signs { calendar: None, guests: &[Guest(9)] }), 0.0);
        company = Company::default();
        for kind in [0, 1, 0, 1] {
            company.observe(kind, &signs("work", &[INES]));
        }
        assert_eq!(company.evidence(0, &signs("work", &[INES])), 0.0);
    }

    #[test]
    fn it_is_bounded() {
        let mut company = company();
        for n in 0..1_000 {
            company.observe(0, &signs("work", &[INES]));
            company.observe(2, &signs(&n.to_string(), &[Guest(n)]));
        }
        for kind in 0..3 {
            let evidence = company.evidence(kind, &signs("work", &[JO, INES]));
            assert!(evidence.abs() <= 2.0 * WEIGHT * MOST, "{evidence}");
        }
    }
}
