//! Which calendar is ours: one that this client has made, not one that bears its name.
//!
//! The person, another program, or a colleague who shares theirs may have a calendar of the same
//! name; the scope `calendar.app.created` reaches none of them. An id that our own insert returned
//! is remembered by the store. Of any other, Google is asked: with our scopes it describes
//! (`calendars.get`) the calendars that this client has made, and no other. An answer that says
//! neither settles nothing: nothing is made then.

use super::api::{Ask, Failed, Line};
use super::directory::Directory;
use super::scope::Writing;
use crate::calendar::{Collection, Error, read_only};
use crate::event::Href;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Told from ours by this behind its name.
const FOREIGN: &str = " (not made by chronotype)";

/// Where our blocks go.
#[derive(Debug)]
pub struct Own {
    name: String,
    writing: Writing,
    /// Calendars that this client has made.
    made: Mutex<BTreeSet<Href>>,
    /// Calendars that were taken for the one of our blocks.
    recalled: Mutex<BTreeSet<Href>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Own {
    /// Blocks go into the calendar of this name.
    pub fn new(name: &str, writing: Writing) -> Self {
        let (made, recalled) = (Mutex::default(), Mutex::default());
        Self { name: name.to_owned(), writing, made, recalled }
    }

    /// What earlier runs took for the calendar of our blocks.
    pub fn recall(&self, hrefs: &[Href]) {
        lock(&self.recalled).extend(hrefs.iter().cloned());
    }

    /// An insert of ours returned this.
    pub fn note(&self, made: &Collection) {
        lock(&self.made).insert(made.href.clone());
    }

    /// Sets apart what bears the name of ours and is not.
    ///
    /// # Errors
    /// As [`Line::ask`].
    pub async fn set_apart(
        &self,
        line: &Line<'_>,
        list: &Directory,
        all: &mut [Collection],
    ) -> Result<(), Error> {
        for one in all.iter_mut().filter(|one| one.name == self.name) {
            let owned = list.is_owned(&one.href);
            match self.writing {
                // Its events may be changed by nobody but its owner.
                Writing::ChosenCalendar => one.read_only |= !owned,
                Writing::OwnCalendar | Writing::Nothing => {
                    if !(owned && self.is_known_or_made(line, &one.href).await?) {
                        one.name.push_str(FOREIGN);
                    }
                }
            }
        }
        Ok(())
    }

    async fn is_known_or_made(&self, line: &Line<'_>, href: &Href) -> Result<bool, Error> {
        let known = lock(&self.recalled).contains(href) || lock(&self.made).contains(href);
        Ok(known || self.is_made(line, href).await?)
    }

    /// Asks Google.
    async fn is_made(&self, line: &Line<'_>, href: &Href) -> Result<bool, Error> {
        let url = line.url(&["calendars", href.as_str()], &[("fields", "id")]);
        match line.ask(&Ask::get(url)).await {
            Ok(_) => {
                lock(&self.made).insert(href.clone());
                Ok(true)
            }
            Err(Failed::Refused(refusal)) if matches!(refusal.status, 403 | 404 | 410) => Ok(false),
            Err(failed) => Err(line.error(failed, "look at a calendar")),
        }
    }

    /// The calendar for our blocks, where it is there.
    ///
    /// # Errors
    /// [`Error::Refused`] when it can't be used: a second one of the name would puzzle the person.
    pub async fn find(
        &self,
        line: &Line<'_>,
        list: &Directory,
        name: &str,
    ) -> Result<Option<Collection>, Error> {
        let mut all = list.collections(line.account());
        self.set_apart(line, list, &mut all).await?;
        let mut named: Vec<Collection> = all.into_iter().filter(|c| c.name == name).collect();
        named.sort_by_key(|one| one.read_only);
        if let Some(one) = named.into_iter().next() {
            return if one.read_only { Err(read_only(&one)) } else { Ok(Some(one)) };
        }
        let recalled = lock(&self.recalled).clone();
        for href in recalled.iter().filter(|href| !list.lists(href)) {
            if self.is_made(line, href).await? {
                return Err(Error::Refused(format!(
                    "the calendar '{name}' is there and hidden: show it again in the settings of \
                     Google Calendar, or delete it there to have a new one"
                )));
            }
        }
        Ok(None)
    }
}
