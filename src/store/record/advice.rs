//! Mirrors of what the assistant was asked, and of what is counted of it.

use super::keep::mirror;
use crate::task::Category;
use crate::task::advice::{Advice, Answer, Ledger, Week};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

mirror!(AnswerRecord of Answer {
    name: String,
    category: Category,
    load: f32,
    recovery_hours: f32,
    minutes: f32,
    scores: [f32; 24],
});

mirror!(AdviceRecord of Advice {
    key: [u8; 16],
    asked_at: DateTime<Utc>,
    answer: Option<Answer>,
    applied: bool,
});

/// What was asked about one type.
#[derive(Debug)]
pub(in crate::store) struct AdviceEntry {
    pub(in crate::store) task_type: u32,
    pub(in crate::store) advice: Advice,
}

mirror!(AdviceEntryRecord of AdviceEntry { task_type: u32, advice: Advice });

mirror!(WeekRecord of Week {
    decisions: u64,
    calls: u32,
    failed: u32,
    tokens_in: u64,
    tokens_out: u64,
});

mirror!(LedgerRecord of Ledger {
    since: Option<DateTime<Utc>>,
    weeks: BTreeMap<u32, Week>,
    today: (i64, u32),
    month: (i64, u32),
    failures: u32,
    not_before: Option<DateTime<Utc>>,
    trouble: Option<String>,
});
