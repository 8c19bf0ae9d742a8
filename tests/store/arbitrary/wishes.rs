//! Generators of what is wanted, and of what may not come true.

use super::{moment, text, uid};
use chronotype::event::EventId;
use chronotype::schedule::order::{Order, Orders};
use chronotype::schedule::plan::Risk;
use chronotype::schedule::plan::risk::{Choice, Danger, Droppable};
use chronotype::schedule::request::{Ask, Detail, RequestKey};
use chronotype::schedule::restraint::Pause;
use chronotype::schedule::written::{By, Place, Write, Written};
use chronotype::task::consolidate::Tidied;
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use std::collections::BTreeMap;

pub fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let one = (any::<u32>(), text(), option::of(any::<u32>()), moment(), moment());
    let make = |(number, title, minutes, deadline, asked_at)| Ask {
        number,
        title,
        minutes,
        deadline,
        asked_at,
    };
    vec(one.prop_map(make), 0..4)
}

pub fn pause() -> impl Strategy<Value = Option<Pause>> {
    option::of(moment().prop_map(|until| Pause { until }))
}

pub fn tidied() -> impl Strategy<Value = Option<Tidied>> {
    option::of(any::<i64>().prop_map(|faded| Tidied { faded }))
}

pub fn details() -> impl Strategy<Value = BTreeMap<u32, Detail>> {
    let one = (any::<u16>(), option::of(moment()));
    let make = |(sessions, earliest)| Detail { sessions, earliest };
    prop::collection::btree_map(any::<u32>(), one.prop_map(make), 0..3)
}

pub fn risks() -> impl Strategy<Value = Vec<Risk>> {
    let what = prop_oneof![
        uid().prop_map(|uid| Droppable::Block { uid }),
        (uid(), option::of(text())).prop_map(|(uid, recurrence_id)| Droppable::Event {
            id: EventId { uid, recurrence_id }
        }),
    ];
    let choice =
        (what, text(), moment()).prop_map(|(what, title, start)| Choice { what, title, start });
    let danger = prop::sample::select(vec![Danger::NoRoom, Danger::Crowded, Danger::LastPlace]);
    let one =
        (text(), text(), moment(), danger, any::<u32>(), option::of(moment()), vec(choice, 0..3));
    let make = |(key, title, deadline, danger, minutes, stands, choices)| Risk {
        request: RequestKey(key),
        title,
        deadline,
        danger,
        minutes,
        stands,
        choices,
    };
    vec(one.prop_map(make), 0..4)
}

pub fn orders() -> impl Strategy<Value = Orders> {
    let order = prop::sample::select(vec![Order::Withdraw, Order::Remove, Order::Keep]);
    btree_map(uid(), order, 0..3)
}

pub fn written() -> impl Strategy<Value = Written> {
    let place = (moment(), moment(), vec(text(), 0..2));
    let place = place.prop_map(|(start, end, reasons)| Place { start, end, reasons }).boxed();
    let by = prop::sample::select(vec![By::Plan, By::Withdraw, By::Undo]);
    let write = (uid(), by, option::of(place.clone()), option::of(place), any::<bool>());
    let write = write.prop_map(|(uid, by, from, to, undone)| Write { uid, by, from, to, undone });
    btree_map(moment(), vec(write, 0..3), 0..3)
}
