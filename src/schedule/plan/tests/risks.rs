//! Deadlines at risk, and what is named to be dropped.

use super::super::risk::{Danger, Droppable};
use super::super::*;
use super::people::{World, utc};
use crate::event::{Role, Span};
use crate::schedule::suggestion::State;

#[track_caller]
fn only(world: &World) -> Risk {
    let mut plan = world.plan();
    assert_eq!(plan.risks.len(), 1, "{:?}", plan.risks);
    plan.risks.remove(0)
}

#[test]
fn a_calm_week_risks_nothing() {
    let mut world = World::new();
    world.todo("t", Some("03T17:00"));
    world.todo("u", None);
    assert_eq!(world.plan().risks, []);
}

#[test]
fn what_does_not_fit_names_what_could_be_dropped() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00")).minutes = Some(90);
    world.meeting("02T09:00", "02T11:00");
    world.meeting("02T11:00", "02T17:00");
    let risk = only(&world);
    assert_eq!((risk.danger, risk.minutes, risk.choices.len()), (Danger::NoRoom, 90, 2));
    assert_eq!(risk.choices[0].start, utc("02T09:00"));
    assert_eq!(
        risk.sentence(Tz::UTC),
        "t: 90 minutes don't fit before Mon 2 Mar 17:00. They fit only without secret title \
         (Mon 2 Mar 09:00) or secret title (Mon 2 Mar 11:00): drop one, or give it more time."
    );
}

#[test]
fn what_others_wait_for_is_never_named() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    world.meeting("02T09:00", "02T17:00");
    for (role, guests) in [(Role::Invited, 1), (Role::Own, 3)] {
        for event in world.events.values_mut() {
            (event.role, event.attendees) = (role, guests);
        }
        let risk = only(&world);
        assert_eq!((risk.danger, risk.choices.len()), (Danger::NoRoom, 0), "{role:?}");
        assert!(risk.sentence(Tz::UTC).contains("whatever single thing you drop"));
    }
}

#[test]
fn an_absence_is_no_choice() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    world.meeting("02T09:00", "02T17:00");
    let day = utc("02T00:00").date_naive();
    let mut away = world.events.values().next().unwrap().clone();
    away.id.uid = Uid::new("away");
    away.span = Span::AllDay { start: day, end: day.succ_opt().unwrap() };
    world.events.insert(away.id.clone(), away);
    assert_eq!(only(&world).choices, []);
}

#[test]
fn loose_blocks_are_named_before_events() {
    let mut world = World::new();
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-11:15"]).unwrap());
    world.todo("loose", None).task_type = Some(2);
    let block = world.turn("loose").unwrap();
    world.mark(&block, State::Accepted);
    let (from, to) = match block.start == utc("02T10:15") {
        true => ("02T09:00", "02T10:00"),
        false => ("02T10:15", "02T11:15"),
    };
    world.meeting(from, to);
    world.todo("t", Some("02T17:00"));
    let risk = only(&world);
    let named: Vec<_> = risk.choices.iter().map(|c| &c.what).collect();
    assert_eq!(named.len(), 2, "{risk:?}");
    assert_eq!(named[0], &Droppable::Block { uid: block.uid });
}

#[test]
fn the_last_place_before_a_deadline_is_said_before_it_is_gone() {
    let mut world = World::new();
    world.todo("t", Some("02T17:00"));
    world.meeting("02T09:00", "02T15:30");
    let risk = only(&world);
    assert_eq!((risk.danger, risk.stands), (Danger::LastPlace, Some(utc("02T16:00"))));
    assert_eq!(
        risk.sentence(Tz::UTC),
        "t, due Mon 2 Mar 17:00, fits only at Mon 2 Mar 16:00: keep that free, nothing else is."
    );
    world.turn("t").unwrap();
    assert_eq!(only(&world), risk, "it is said for as long as it holds");
}

#[test]
fn demanding_work_without_recovery_is_said() {
    let mut world = World::new();
    world.settings.buffer_minutes = 0;
    world.settings.working = Some(WorkingHours::parse(&["Mon 09:00-12:00"]).unwrap());
    for name in ["a", "b", "c"] {
        world.todo(name, Some("02T17:00"));
    }
    let plan = world.plan();
    assert!(plan.risks.iter().all(|r| r.danger == Danger::Crowded), "{:?}", plan.risks);
    assert_eq!(plan.risks.len(), 3);
}
