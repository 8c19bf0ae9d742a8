//! TIER 1: what is on the calendar (RFC 5545).
//!
//! Text becomes components ([`ical`]), components become occurrences ([`recurrence`]), and
//! occurrences seen over time become [`Event`]s with the trail of what happened to them ([`fold`]).
//!
//! Invariant: pure. No clock, no file, no network; the person's zone, the window and `now` come in
//! as arguments. Nothing here knows of task types' arrays, suggestions, servers or the store.

pub mod id;
pub mod time;
pub mod zone;
pub mod rule;
pub mod ical;
mod base32hex;
mod clock;
pub mod recurrence;
pub mod mark;
pub mod harmless;
pub mod guest;
pub mod html;
pub mod trail;
pub mod whereabouts;
pub mod change;
mod absence;
mod sight;
mod series;
pub mod fold;

pub use base32hex::base32hex_name;
pub use guest::{Guest, Guests};
pub use id::{
    CollectionId, ETag, EventHash, EventId, Href, OUR_PREFIX, PrincipalId, SyncToken, Uid,
};
pub use time::{Span, Stamp, Window, Zone};
pub use trail::{Event, Events, Observation, Role, Seen, Settlement, Signal, Standing};
pub use whereabouts::{Stay, Whereabouts};
