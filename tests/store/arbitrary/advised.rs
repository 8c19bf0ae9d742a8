//! Generators of what the assistant was asked, and of what is counted of it.

use super::{embedding, hours24, moment, text};
use chronotype::memory::mirror::{Mirror, Sent, Server};
use chronotype::task::Category;
use chronotype::task::advice::{Advice, Answer, Ledger, Week};
use chronotype::task::classify::Calibration;
use chronotype::task::vectors::{Source, Vectors};
use proptest::option;
use proptest::prelude::*;
use std::sync::Arc;

pub fn advice() -> impl Strategy<Value = Advice> {
    let answer = (text(), hours24(), any::<[u8; 3]>()).prop_map(|(name, scores, numbers)| {
        let [load, recovery_hours, minutes] = numbers.map(f32::from);
        let category = Category::ALL[numbers[0] as usize % 3];
        Answer { name, category, load, recovery_hours, minutes, scores }
    });
    (any::<[u8; 16]>(), moment(), option::of(answer), option::of(0f32..1.0))
        .prop_map(|(key, asked_at, answer, trusted)| Advice { key, asked_at, answer, trusted })
}

pub fn vectors() -> impl Strategy<Value = Vectors> {
    let calibration = option::of((0f32..1.0, 1f32..9.0));
    let state = any::<(Option<[u8; 16]>, bool, u64, u32)>();
    let by_title = prop::collection::btree_map(text(), embedding(), 0..3);
    (by_title, calibration, state, option::of(moment()), option::of(text())).prop_map(
        |(by_title, calibration, (id, in_use, sent, failures), not_before, trouble)| {
            let calibration = calibration.map(|(reuse_at, slope)| Calibration { reuse_at, slope });
            let source = Source { id, calibration, in_use, sent, failures, not_before, trouble };
            Vectors { by_title: Arc::new(by_title), source }
        },
    )
}

pub fn mirror() -> impl Strategy<Value = Mirror> {
    let names = prop::collection::vec(text(), 0..3);
    let sent = (any::<u32>(), names).prop_map(|(version, names)| Sent { version, names });
    let sent = prop::collection::btree_map(any::<u32>(), sent, 0..3);
    let state = any::<(Option<[u8; 16]>, u32, u32)>();
    (sent, state, option::of(moment()), option::of(text())).prop_map(
        |(sent, (id, stuck, failures), not_before, trouble)| {
            let server = Server { id, stuck, failures, not_before, trouble };
            Mirror { sent, server }
        },
    )
}

pub fn ledger() -> impl Strategy<Value = Ledger> {
    let week = any::<(u64, u32, u32, u64, u64)>().prop_map(
        |(decisions, calls, failed, tokens_in, tokens_out)| Week {
            decisions,
            calls,
            failed,
            tokens_in,
            tokens_out,
        },
    );
    let weeks = prop::collection::btree_map(any::<u32>(), week, 0..3);
    let spent = any::<((i64, u32), (i64, u32), u32)>();
    (option::of(moment()), weeks, spent, option::of(moment()), option::of(text())).prop_map(
        |(since, weeks, (today, month, failures), not_before, trouble)| Ledger {
            since,
            weeks,
            today,
            month,
            failures,
            not_before,
            trouble,
        },
    )
}
