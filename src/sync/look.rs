//! What a listing says is looked at once more where it hurts when it is told wrongly, and where it
//! keeps silent.
//!
//! Invariant: what can be read is there, whatever the listing says.

use super::status::CollectionStatus;
use crate::calendar::{Calendar, Collection, Error, Fetched, Listing, Room};
use crate::event::{Href, OUR_PREFIX, Uid};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// Objects of a collection that failed before and are asked for again in one turn.
const AGAIN: usize = 20;
/// Objects looked at once more when a listing leaves them out or tells them as removed: an answer
/// for each is awaited, and what vanishes in such numbers is judged by the guard.
const SECOND_LOOKS: usize = 32;

/// At one collection.
pub(super) struct Look<'a> {
    pub(super) calendar: &'a dyn Calendar,
    pub(super) collection: &'a Collection,
    pub(super) known: &'a CollectionStatus,
    /// Beside the listing. What finds none counts as not to be read.
    pub(super) room: Room,
}

/// What reading some objects came to.
#[derive(Default)]
struct Found {
    there: Vec<Fetched>,
    /// They may not be read, and so they are not known to be gone.
    hidden: Vec<Href>,
}

impl Look<'_> {
    /// Looks at what a listing tells as removed, at what it may have passed over, at blocks of ours
    /// that it shows changed (a listing may be older than our last write), and at what it leaves
    /// out (pages are lost without a word).
    ///
    /// # Errors
    /// As requests fail.
    pub(super) async fn again(
        &self,
        listing: &mut Listing,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        if listing.present.is_none() {
            self.at_removed(listing).await?;
            self.at_missed(listing, now).await?;
        }
        self.at_our_blocks(listing).await?;
        self.at_absent(listing).await
    }

    /// A list of changes that lies about some is believed about those alone that were found gone,
    /// and the next one begins anew.
    async fn at_removed(&self, listing: &mut Listing) -> Result<(), Error> {
        let removed = std::mem::take(&mut listing.removed);
        let is_known = |href: &&Href| self.known.known.contains_key(*href);
        let told: Vec<&Href> = self.ours_first(removed.iter().filter(is_known)).collect();
        let looked: BTreeSet<&Href> = told.iter().take(SECOND_LOOKS).copied().collect();
        let found = self.read(looked.iter().copied(), listing).await?;
        let lied = !found.there.is_empty();
        if lied || !found.hidden.is_empty() {
            listing.token = None;
        }
        let here = |href: &Href| {
            found.there.iter().any(|one| one.href == *href)
                || found.hidden.contains(href)
                || lied && is_known(&href) && !looked.contains(href)
        };
        listing.removed = removed.iter().filter(|href| !here(href)).cloned().collect();
        listing.changed.extend(found.there);
        Ok(())
    }

    /// A list of changes does not repeat an object that could not be fetched: it is asked for by
    /// itself until it comes or goes. Of many, other ones each time.
    async fn at_missed(&self, listing: &mut Listing, now: DateTime<Utc>) -> Result<(), Error> {
        let unread = |href: &&Href| self.known.known.get(*href).is_none_or(|k| k.etag.is_none());
        let missed: Vec<&Href> = self.known.broken.keys().filter(unread).collect();
        let first = usize::try_from(now.timestamp() / 60).unwrap_or_default();
        let turn = (0..missed.len().min(AGAIN)).map(|i| (first + i) % missed.len());
        for href in turn.filter_map(|i| missed.get(i).copied()) {
            let told = listing.changed.iter().any(|one| one.href == *href)
                || listing.removed.contains(href)
                || listing.problems.iter().any(|(one, _)| one == href);
            if told {
                continue;
            }
            match self.one(href).await {
                Ok(Some(found)) => listing.changed.push(found),
                Ok(None) => listing.removed.push(href.clone()),
                Err(error) if error.is_final() => return Err(error),
                // Still not to be had: what is known of it stands.
                Err(_) => {}
            }
            listing.requests += 1;
        }
        Ok(())
    }

    async fn at_our_blocks(&self, listing: &mut Listing) -> Result<(), Error> {
        let mut changed = Vec::new();
        for told in std::mem::take(&mut listing.changed) {
            let before = self.known.known.get(&told.href);
            if !is_block(&told.body) || before.is_some_and(|k| k.is_text(&told.body)) {
                changed.push(told);
                continue;
            }
            listing.requests += 1;
            match self.one(&told.href).await {
                Ok(Some(found)) => changed.push(found),
                Ok(None) => {
                    let all = listing.present.iter_mut();
                    all.for_each(|all| all.retain(|href| *href != told.href));
                    listing.removed.push(told.href);
                }
                // This object's trouble, not the collection's: what was told stands.
                Err(Error::Refused(_)) => changed.push(told),
                Err(error) => return Err(error),
            }
        }
        listing.changed = changed;
        Ok(())
    }

    /// A full listing that lies about some is believed about none.
    async fn at_absent(&self, listing: &mut Listing) -> Result<(), Error> {
        let Some(mut present) = listing.present.take() else { return Ok(()) };
        let here: BTreeSet<&Href> = present.iter().collect();
        let missing = self.known.known.keys().filter(|href| !here.contains(href));
        let mut missing: Vec<&Href> = self.ours_first(missing).collect();
        let rest = missing.split_off(missing.len().min(SECOND_LOOKS));
        let found = self.read(missing.into_iter(), listing).await?;
        if !found.there.is_empty() {
            present.extend(rest.into_iter().cloned());
        }
        present.extend(found.hidden);
        present.extend(found.there.iter().map(|one| one.href.clone()));
        listing.changed.extend(found.there);
        listing.present = Some(present);
        Ok(())
    }

    fn ours_first<'h>(
        &self,
        all: impl Iterator<Item = &'h Href>,
    ) -> impl Iterator<Item = &'h Href> {
        let known = &self.known.known;
        let is_ours =
            |href: &&Href| known.get(*href).is_some_and(|k| k.uids.iter().any(Uid::is_ours));
        let (ours, others): (Vec<&Href>, Vec<&Href>) = all.partition(is_ours);
        ours.into_iter().chain(others)
    }

    async fn read(
        &self,
        hrefs: impl Iterator<Item = &Href>,
        listing: &mut Listing,
    ) -> Result<Found, Error> {
        let mut found = Found::default();
        for href in hrefs {
            listing.requests += 1;
            match self.one(href).await {
                Ok(object) => found.there.extend(object),
                Err(Error::Refused(_)) => found.hidden.push(href.clone()),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// One object.
    async fn one(&self, href: &Href) -> Result<Option<Fetched>, Error> {
        let found = self.calendar.read(self.collection, href).await?;
        self.room.take(found.as_ref().map_or(0, |one| one.body.len()))?;
        Ok(found)
    }
}

fn is_block(body: &str) -> bool {
    body.contains(&format!("UID:{OUR_PREFIX}"))
}
