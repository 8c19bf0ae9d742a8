//! How much of what a server or a folder tells is held in memory at once.
//!
//! Invariant: whatever it tells, no more than this is held of one look at a calendar; it ends with
//! a sentence before, and what was known of the calendar stands.

use super::{Error, Listing};
use std::sync::atomic::{AtomicUsize, Ordering};

/// What an object takes beside its text and names: its place in lists and maps.
pub const PLACE: usize = 512;
/// Largest object kept, in bytes: the largest that any of five measured servers takes.
pub const OBJECT: usize = 25 * 1024 * 1024;

/// Says that an object is larger than [`OBJECT`].
pub fn too_large() -> String {
    format!("larger than {} MiB", OBJECT / (1024 * 1024))
}

/// Room that is left.
#[derive(Debug)]
pub struct Room(AtomicUsize);

impl Default for Room {
    fn default() -> Self {
        Self::of(Self::LOOK)
    }
}

impl Room {
    /// For one look, in bytes: 100,000 objects of 2 KB, of which few calendars have a tenth.
    pub const LOOK: usize = 256 * 1024 * 1024;

    /// For so many bytes.
    pub fn of(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// Whether so much would find room.
    pub fn is_for(&self, bytes: usize) -> bool {
        bytes <= self.0.load(Ordering::Relaxed)
    }

    /// Takes so much of it. Where that finds no room nothing does from then on: the look is over.
    ///
    /// # Errors
    /// [`Error::Refused`].
    pub fn take(&self, bytes: usize) -> Result<(), Error> {
        let left = |left: usize| Some(left.saturating_sub(bytes));
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
        if before.is_ok_and(|before| bytes <= before) { Ok(()) } else { Err(full()) }
    }

    /// Whether there is any left.
    ///
    /// # Errors
    /// [`Error::Refused`] when there is none.
    pub fn check(&self) -> Result<(), Error> {
        if self.is_for(1) { Ok(()) } else { Err(full()) }
    }
}

fn full() -> Error {
    Error::Refused(format!(
        "it holds more than chronotype reads at once ({} MiB): move old events to another \
         calendar, or name in `calendars` those to be read",
        Room::LOOK / (1024 * 1024)
    ))
}

impl Listing {
    /// Bytes it takes, about.
    pub fn weight(&self) -> usize {
        let changed = self.changed.iter().map(|one| one.href.as_str().len() + one.body.len());
        let problems = self.problems.iter().map(|(href, why)| href.as_str().len() + why.len());
        let hrefs = self.present.iter().flatten().chain(&self.removed).map(|h| h.as_str().len());
        changed.chain(problems).chain(hrefs).map(|bytes| bytes + PLACE).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_found_no_room_ends_the_look() {
        let room = Room::of(10);
        assert!(room.is_for(10) && !room.is_for(11));
        assert!(room.take(8).is_ok() && room.check().is_ok());
        assert!(matches!(room.take(3), Err(Error::Refused(said)) if said.contains("256 MiB")));
        assert!(room.take(1).is_err() && room.check().is_err());
    }
}
