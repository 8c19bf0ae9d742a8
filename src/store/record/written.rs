//! Mirrors of the person's orders for single blocks, and of what turns wrote.

use super::keep::{mirror, mirror_words};
use crate::event::Uid;
use crate::schedule::order::Order;
use crate::schedule::written::{By, Place, Write};
use chrono::{DateTime, Utc};

mirror_words!(OrderRecord of Order { Withdraw, Remove, Keep });

/// An open order.
#[derive(Debug)]
pub(in crate::store) struct OrderEntry {
    pub(in crate::store) uid: Uid,
    pub(in crate::store) order: Order,
}

mirror!(OrderEntryRecord of OrderEntry { uid: Uid, order: Order });

mirror_words!(ByRecord of By { Plan, Withdraw, Undo });

mirror!(PlaceRecord of Place { start: DateTime<Utc>, end: DateTime<Utc>, reasons: Vec<String> });

mirror!(WriteRecord of Write {
    uid: Uid,
    by: By,
    from: Option<Place>,
    to: Option<Place>,
    undone: bool,
});

/// What one turn wrote.
#[derive(Debug)]
pub(in crate::store) struct WrittenEntry {
    pub(in crate::store) at: DateTime<Utc>,
    pub(in crate::store) writes: Vec<Write>,
}

mirror!(WrittenEntryRecord of WrittenEntry { at: DateTime<Utc>, writes: Vec<Write> });
