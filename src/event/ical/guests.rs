//! ATTENDEE and ORGANIZER to people (RFC 5545 section 3.8.4).

use super::bounds::{ADDRESS, MANY};
use super::properties::{Properties, param};
use super::{Attendee, PartStat};
use icalendar::parser::Property;

/// Everybody who is named, as far as a list is of people.
pub(super) fn attendees(properties: &Properties) -> Vec<Attendee> {
    let named = properties.all.iter().filter(|(_, name, _)| name == "ATTENDEE");
    named
        .take(MANY)
        .filter_map(|(_, _, p)| {
            let kind = param(p, "CUTYPE").unwrap_or_default().to_ascii_uppercase();
            Some(Attendee {
                address: address(p)?,
                partstat: part_stat(&param(p, "PARTSTAT").unwrap_or_default()),
                resource: kind == "ROOM" || kind == "RESOURCE",
            })
        })
        .collect()
}

/// Who invites.
pub(super) fn organizer(properties: &Properties) -> Option<String> {
    properties.first("ORGANIZER").and_then(|(_, _, p)| address(p))
}

fn part_stat(text: &str) -> PartStat {
    match text.trim().to_ascii_uppercase().as_str() {
        // A VTODO's guest also says how far they are (RFC 5545 section 3.2.12).
        "ACCEPTED" | "IN-PROCESS" | "COMPLETED" => PartStat::Accepted,
        "TENTATIVE" => PartStat::Tentative,
        "DECLINED" => PartStat::Declined,
        _ => PartStat::NeedsAction,
    }
}

/// A calendar address; where the value is none (iCloud's paths), the EMAIL parameter (RFC 7986).
fn address(property: &Property<'_>) -> Option<String> {
    let value = property.val.as_str().trim().trim_matches('"').to_lowercase();
    let value = value.strip_prefix("mailto:").unwrap_or(&value).trim().to_owned();
    let email = param(property, "EMAIL").map(|e| e.trim().to_lowercase());
    let found = if value.contains('@') { value } else { email.unwrap_or(value) };
    (!found.is_empty() && found.len() <= ADDRESS).then_some(found)
}
