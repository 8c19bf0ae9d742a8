//! What one component says of its event: whose it is, whether it stands, whether it blocks time.

use super::absence::is_absence;
use super::change::Origin;
use super::ical::{EventComponent, PartStat, Status, Transparency};
use super::mark::asked_for;
use super::time::{Span, Stamp, Zone};
use super::trail::{Observation, Role, Standing};

/// The person's own line among the attendees.
pub(super) fn own_answer(component: &EventComponent, addresses: &[String]) -> Option<PartStat> {
    let mine = component.attendees.iter().find(|a| addresses.contains(&a.address));
    let only = || match component.attendees.as_slice() {
        [one] if addresses.is_empty() => Some(one),
        _ => None,
    };
    mine.or_else(only).map(|a| a.partstat)
}

pub(super) fn is_foreign_organizer(component: &EventComponent, addresses: &[String]) -> bool {
    component.organizer.as_ref().is_some_and(|o| !addresses.contains(o))
}

pub(super) fn standing_of(component: &EventComponent, addresses: &[String]) -> Standing {
    if component.status == Status::Cancelled {
        return match is_foreign_organizer(component, addresses) {
            true => Standing::CancelledByOrganizer,
            false => Standing::Withdrawn,
        };
    }
    match own_answer(component, addresses) {
        Some(PartStat::Declined) => Standing::Declined,
        _ => Standing::Scheduled,
    }
}

/// Whole days are context, not busy, unless they mean absence (DESIGN section 8). What asks for a
/// block takes no time itself.
pub(super) fn is_busy(component: &EventComponent, span: &Span, role: Role) -> bool {
    match span {
        Span::Timed { .. } => {
            let asks = role == Role::Own && asked_for(&component.summary).is_some();
            component.transparency == Transparency::Opaque
                && !(asks && component.attendees.is_empty())
        }
        Span::AllDay { .. } => {
            let own = role == Role::Own && asked_for(&component.summary).is_none();
            let says_so = || is_absence(&component.summary);
            component.out_of_office
                || (own && (component.transparency == Transparency::Opaque || says_so()))
        }
    }
}

pub(super) fn role_of(component: &EventComponent, origin: Origin, addresses: &[String]) -> Role {
    match origin {
        Origin::Proposal => Role::Suggested,
        Origin::Foreign | Origin::Subscribed if is_foreign_organizer(component, addresses) => {
            Role::Invited
        }
        Origin::Foreign | Origin::Touched => Role::Own,
        Origin::Subscribed => Role::Invited,
    }
}

pub(super) fn other_attendees(component: &EventComponent, addresses: &[String]) -> u16 {
    let others = component
        .attendees
        .iter()
        .filter(|a| !a.resource && !addresses.contains(&a.address))
        .count();
    let alone = addresses.is_empty() && component.attendees.len() == 1;
    if alone { 0 } else { u16::try_from(others).unwrap_or(u16::MAX) }
}

pub(super) fn zone_name(component: &EventComponent) -> Option<String> {
    match &component.start {
        Stamp::Zoned(_, Zone::Iana(tz)) => Some(tz.name().to_owned()),
        Stamp::Zoned(_, Zone::Custom(zone)) => Some(zone.id.clone()),
        Stamp::Date(_) | Stamp::Floating(_) | Stamp::Utc(_) => None,
    }
}

pub(super) fn has_answered(component: &EventComponent, addresses: &[String]) -> bool {
    matches!(own_answer(component, addresses), Some(PartStat::Accepted | PartStat::Tentative))
}

pub(super) fn standing_observation(standing: Standing) -> Option<Observation> {
    match standing {
        Standing::Scheduled => None,
        Standing::Withdrawn => Some(Observation::Deleted),
        Standing::CancelledByOrganizer => Some(Observation::CancelledByOrganizer),
        Standing::Declined => Some(Observation::Declined),
    }
}
