//! A clock that was ahead and was set right: what was noted meanwhile lies in the future, and every
//! turn would wait for it. Moments in the future become now; what was settled or learned stays.

use super::TurnError;
use crate::event::PrincipalId;
use crate::store::{Person, Store};
use chrono::{DateTime, Datelike, TimeDelta, Utc};

/// Nobody leaves a server alone for longer (it may ask for a day at most).
const LONGEST_REST: TimeDelta = TimeDelta::hours(25);

/// Puts a person's last turn, where it lies in the future of the real clock, into the present, in
/// the store, too; the person as they stand then, and when the clock said that turn was. Not for
/// replays (`--now`): for them time can't go back.
///
/// # Errors
/// When the store fails.
pub fn set_clock_right(
    store: &Store,
    principal: &PrincipalId,
    before: Person,
    now: DateTime<Utc>,
) -> Result<(Person, Option<DateTime<Utc>>), TurnError> {
    let Some(ahead) = before.last_turn.filter(|last| *last > now) else {
        return Ok((before, None));
    };
    let person = in_the_present(&before, now);
    store.commit(principal, &before, &person)?;
    Ok((person, Some(ahead)))
}

fn in_the_present(before: &Person, now: DateTime<Utc>) -> Person {
    let mut person = before.clone();
    let present = |moment: &mut DateTime<Utc>| *moment = (*moment).min(now);
    person.last_turn.iter_mut().for_each(present);
    let status = &mut person.status;
    for account in status.accounts.values_mut() {
        account.discovered_at.iter_mut().for_each(present);
        account.trouble.iter_mut().for_each(|(_, since)| present(since));
    }
    for collection in status.collections.values_mut() {
        collection.listed_at.iter_mut().for_each(present);
        collection.trouble.iter_mut().for_each(|(_, since)| present(since));
        if let Some(held) = &mut collection.held {
            present(&mut held.since);
            held.after.iter_mut().for_each(present);
        }
    }
    for lessons in status.lessons.values_mut() {
        lessons.not_before = lessons.not_before.filter(|until| *until <= now + LONGEST_REST);
    }
    status.tried.values_mut().for_each(present);
    let today = i64::from(now.date_naive().num_days_from_ce());
    person.types.decayed_on = person.types.decayed_on.map(|on| on.min(today));
    let asked = &mut [
        &mut person.assistant.not_before,
        &mut person.vectors.source.not_before,
        &mut person.mirror.server.not_before,
    ];
    for rest in asked {
        **rest = rest.filter(|until| *until <= now + LONGEST_REST);
    }
    person.suggestions.values_mut().for_each(|block| present(&mut block.since));
    // What was left of a pause then is left of it now.
    if let (Some(pause), Some(ahead)) = (&mut person.pause, before.last_turn)
        && pause.until > ahead
    {
        pause.until = now + (pause.until - ahead);
    }
    let looks = &mut person.memory.looks;
    looks.run_at.iter_mut().chain(&mut looks.spent_at).for_each(present);
    if let Some(after) = now.checked_add_signed(TimeDelta::nanoseconds(1)) {
        for (_, writes) in person.written.split_off(&after) {
            person.written.entry(now).or_default().extend(writes);
        }
    }
    person
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CollectionId;
    use crate::schedule::restraint::Pause;
    use crate::sync::status::{AccountStatus, CollectionStatus, Lessons};

    #[test]
    fn what_lies_in_the_future_is_now_and_the_store_knows_it() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let ahead = now + TimeDelta::days(400);
        let mut person = Person { last_turn: Some(ahead), turns: 3, ..Person::default() };
        let account = AccountStatus {
            discovered_at: Some(ahead),
            trouble: Some(("signed out".to_owned(), ahead)),
            ..AccountStatus::default()
        };
        let account = [("a".to_owned(), account)];
        person.status.accounts.extend(account);
        let listed = |at| CollectionStatus { listed_at: Some(at), ..CollectionStatus::default() };
        let past = now - TimeDelta::days(1);
        let both =
            [(CollectionId::new("a/1"), listed(ahead)), (CollectionId::new("a/2"), listed(past))];
        person.status.collections.extend(both);
        let lessons = Lessons { not_before: Some(ahead), ..Lessons::default() };
        person.status.lessons.insert("a".to_owned(), lessons);
        person.vectors.source.not_before = Some(ahead);
        person.memory.looks.run_at = Some(ahead);
        person.pause = Some(Pause { until: ahead + TimeDelta::days(2) });
        for at in [past, ahead - TimeDelta::days(1), ahead] {
            person.written.insert(at, Vec::new());
        }
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("s")).unwrap();
        let me = PrincipalId::new("me").unwrap();
        store.commit(&me, &Person::default(), &person).unwrap();

        let (right, was) = set_clock_right(&store, &me, person, now).unwrap();
        assert_eq!((was, right.last_turn, right.turns), (Some(ahead), Some(now), 3));
        let status = &right.status;
        assert_eq!(status.accounts["a"].discovered_at, Some(now));
        assert_eq!(status.accounts["a"].trouble.as_ref().unwrap().1, now);
        let listed: Vec<_> = status.collections.values().map(|c| c.listed_at).collect();
        assert_eq!(listed, [Some(now), Some(past)]);
        assert_eq!(status.lessons["a"].not_before, None);
        assert_eq!(right.vectors.source.not_before, None);
        assert_eq!(right.memory.looks.run_at, Some(now));
        assert_eq!(right.pause.unwrap().until, now + TimeDelta::days(2));
        assert_eq!(right.written.keys().collect::<Vec<_>>(), [&past, &now]);
        assert_eq!(store.load(&me).unwrap(), right);
        let again = set_clock_right(&store, &me, right.clone(), now).unwrap();
        assert_eq!(again, (right, None));
    }
}
