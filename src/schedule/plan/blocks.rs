//! From places to suggestions with reasons.

use super::account::account;
use super::ground::Ground;
use super::place::{Attempt, Session};
use super::reasons::reasons;
use super::{Plan, Unplaced, Withdrawal};
use crate::event::harmless::plain;
use crate::schedule::slot::MOST_SCORE;
use crate::schedule::suggestion::{Intent, State, Suggestion};
use chrono::{DateTime, Utc};

/// What an attempt makes of everything.
pub(super) fn publish(attempt: Attempt<'_>) -> Plan {
    let Attempt { mut ground, review, placed, left } = attempt;
    let requests = ground.input.requests;
    let mut plan = Plan {
        suggestions: review.over,
        withdrawn: review.withdrawn,
        unplaced: review.unplaced,
        notes: review.notes,
        risks: Vec::new(),
    };
    plan.suggestions.extend(review.kept);
    for wanted in left {
        plan.unplaced.push((requests[wanted.request].key.clone(), Unplaced::NoRoom));
        if let Some(block) = wanted.block {
            plan.withdrawn.push((block.uid, Withdrawal::NoRoom));
        }
    }
    for session in placed {
        let wanted = &session.wanted;
        if let Some(block) = &wanted.block
            && wanted.stood_at(&ground, block, session.start)
        {
            plan.suggestions.push(block.clone());
        } else if let Some(extent) = ground.horizon.block(session.start, wanted.minutes) {
            let standing = session.standing(&ground);
            ground.lift(&standing);
            plan.suggestions.push(made(&ground, &session, extent));
            ground.stand(standing);
        }
    }
    plan
}

/// A block that is new or moves, with its reasons; everything else stands.
fn made(
    ground: &Ground<'_>,
    session: &Session,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) -> Suggestion {
    let wanted = &session.wanted;
    let before = wanted.block.as_ref().map(|b| b.start);
    let mut block = bare(ground, session, (start, end));
    if let Some(account) = account(ground, wanted, session.start) {
        block.score = (account.terms.total() / MOST_SCORE).clamp(0.0, 1.0) as f32;
        block.reasons = reasons(ground, session, &block, before, &account);
    }
    block
}

/// The same without its reasons.
pub(super) fn bare(
    ground: &Ground<'_>,
    session: &Session,
    (start, end): (DateTime<Utc>, DateTime<Utc>),
) -> Suggestion {
    let input = &ground.input;
    let wanted = &session.wanted;
    let request = &input.requests[wanted.request];
    let title = format!("{}{}", input.settings.wording.prefix, plain(&request.title));
    match wanted.block.clone() {
        Some(old) => {
            let intent = if old.published.is_some() { Intent::Update } else { Intent::Create };
            let sequence = old.sequence.saturating_add(1);
            Suggestion { start, end, title, sequence, intent: Some(intent), ..old }
        }
        None => Suggestion {
            uid: Suggestion::uid_for(input.principal, &request.key, wanted.session, wanted.attempt),
            request: request.key.clone(),
            door: request.door,
            session: wanted.session,
            attempt: wanted.attempt,
            title,
            task_type: request.task_type.unwrap_or_default(),
            start,
            end,
            reasons: Vec::new(),
            score: 0.0,
            related_to: request.related_to.clone(),
            state: State::Proposed,
            since: input.now,
            created_at: input.now,
            sequence: 0,
            intent: Some(Intent::Create),
            published: None,
        },
    }
}
