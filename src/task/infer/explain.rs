//! What an event taught and why, for people to read. Nothing is stored for it: reasons are worked
//! out anew from the trail and from what lies around.

use super::{
    Aftermath, Context, Evidence, Placement, Reason, Surroundings, followed, placements, reason_of,
};
use crate::event::{Event, EventId, Events, Settlement, Span};

/// One placement of an event, and what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Where it stood.
    pub span: Span,
    /// What it taught; `None` = it has not settled yet.
    pub settled: Option<Settlement>,
    /// The row that fired and the evidence behind its weight. Its [`Reason::signal`] is what was
    /// taught, but where later events changed the view: there the evidence is
    /// [`Evidence::KnownThen`], and `settled` alone has the weight.
    pub reason: Reason,
    /// What followed it that lowers the estimate of energy afterwards.
    pub followed: Vec<Aftermath>,
}

/// Explains the placements of an event in order; empty when there is no such event. An occurrence
/// that has not settled yet is explained as far as the person's own word goes.
pub fn explain(events: &Events, id: &EventId, context: &Context) -> Vec<Explanation> {
    let Some(event) = events.get(id) else { return Vec::new() };
    let around = Surroundings::new(events, context.zone);
    let all = placements(event);
    let first = all.first().map(|p| p.came.start_instant(context.zone));
    let explained = all.iter().enumerate().map(|(ordinal, placement)| {
        let settled = event.settled.get(ordinal).cloned();
        let anew = reason_of(event, placement, ordinal, first, &around);
        let reason = reason(event, placement, settled.as_ref(), anew);
        let last = placement.left.is_none();
        let followed = if last { followed(&reason, placement, &around) } else { Vec::new() };
        let span = settled.as_ref().map_or(placement.span, |s| s.span);
        Explanation { span, settled, reason, followed }
    });
    explained.collect()
}

fn reason(event: &Event, at: &Placement, settled: Option<&Settlement>, anew: Reason) -> Reason {
    match settled {
        Some(settled) if settled.signal == anew.signal() => anew,
        Some(settled) => Reason::of_settled(settled.signal),
        None if event.closed => anew,
        None if at.left.is_none() && anew.row.is_own_word() => anew,
        None => Reason::unknown(Evidence::Open),
    }
}
