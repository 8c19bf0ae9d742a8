//! Writes of our blocks: conditional (RFC 9110 section 13) where the server honours conditions,
//! compared and read back where it does not.
//!
//! Invariant: nothing is written or deleted without a condition. On a server that ignores it,
//! what stands is read and compared first, and read again afterwards. Between the two lies a window
//! of one round trip in which another client's edit of *that block* would be lost; no request
//! closes it, and `doctor` says so ([`Weakness::sentence`]). No other object is ever in question.
//!
//! Which kind a server is, is found out with the first write to it. That one goes the longer way,
//! and when our block is confirmed to stand, the same bytes are put there under conditions that
//! must fail; for DELETE, the first one of a session is sent so, to what may go anyway. A server
//! that honours `If-Match` on what is there and creates what is missing all the same is found out
//! when it does: it says 201, and what it made is taken away again.

use super::fetch::get;
use super::href;
use super::learned::Learned;
use super::transport::{Answer, Line};
use super::version::{Version, is_made, made, strong, version};
use crate::calendar::{Error, Reading, Weakness, compare};
use crate::event::{ETag, Href};
use libdav::dav::{Delete, PutResource};
use reqwest::Url;

const TYPE: &str = "text/calendar; charset=utf-8";
/// A version that no object has.
const NO_VERSION: &str = "\"chronotype-no-such-version\"";
/// Whatever lies there, as long as something does.
const ANYTHING: &str = "*";

/// Writes to one account.
pub struct Writer<'a> {
    /// Its requests.
    pub line: Line<'a>,
    /// What is known of its server.
    pub learned: &'a Learned,
}

impl Writer<'_> {
    /// Creates an object unless something lies there.
    ///
    /// # Errors
    /// [`Error::Changed`] when something does.
    pub async fn create(&self, href: &Href, body: &str) -> Result<Option<ETag>, Error> {
        let url = self.line.locate(href)?;
        self.learned.recognise(&url);
        let trial = !self.learned.writes_tried();
        let careful = trial || self.learned.lacks(Weakness::NoGuardedCreate);
        if careful && get(&self.line, self.learned, href).await?.is_some() {
            return Err(Error::Changed);
        }
        let answer = self.put(&url, body, Condition::Nothing).await?;
        if answer.status == 204 && !careful {
            // Something was replaced: the condition was not honoured.
            self.learned.note(Weakness::NoGuardedCreate);
        }
        let etag = self.written(href, answer, body, careful, "creating a block").await?;
        self.tried_out(href, etag, body, trial).await
    }

    /// Replaces an object that still has this version.
    ///
    /// # Errors
    /// [`Error::Changed`] when it has not.
    pub async fn update(
        &self,
        href: &Href,
        etag: &ETag,
        body: &str,
    ) -> Result<Option<ETag>, Error> {
        let url = self.line.locate(href)?;
        self.learned.recognise(&url);
        let trial = !self.learned.writes_tried();
        if !trial && !self.compares_first(etag) {
            let answer = self.put(&url, body, Condition::Version(etag.as_str())).await?;
            match answer.status {
                404 | 410 => return Err(Error::Changed),
                412 if self.is_weak(&url, etag).await? => {}
                201 if self.made_anew(&url, &answer, body).await? => return Err(Error::Changed),
                _ => return self.written(href, answer, body, false, "changing a block").await,
            }
        }
        if self.standing(href, etag).await?.as_ref() != Some(etag) {
            return Err(Error::Changed);
        }
        let answer = self.put(&url, body, Condition::Version(self.best(etag))).await?;
        if matches!(answer.status, 404 | 410) {
            return Err(Error::Changed);
        }
        let etag = self.written(href, answer, body, true, "changing a block").await?;
        self.tried_out(href, etag, body, trial).await
    }

    /// Deletes an object that still has this version; gone already is success.
    ///
    /// # Errors
    /// [`Error::Changed`] when it has another version.
    pub async fn delete(&self, href: &Href, etag: &ETag) -> Result<(), Error> {
        let url = self.line.locate(href)?;
        self.learned.recognise(&url);
        let trial = !self.learned.deletes_tried();
        let mut compares = self.compares_first(etag);
        if compares || trial {
            match self.standing(href, etag).await? {
                None => return Ok(()),
                Some(now) if now != *etag => return Err(Error::Changed),
                Some(_) => {}
            }
        }
        if trial && !compares {
            // It may go: a server that deletes it under a condition that must fail does no harm,
            // and has shown that it ignores conditions.
            let answer = self.remove(&url, NO_VERSION).await?;
            if answer.is_success() {
                self.learned.note(Weakness::NoGuardedUpdate);
            }
            if answer.status < 500 {
                self.learned.note_deletes_tried();
            }
            if answer.is_success() || matches!(answer.status, 404 | 410) {
                return self.gone(&url).await;
            }
        }
        let mut answer = self.remove(&url, self.best(etag)).await?;
        if answer.status == 412 && !compares && self.is_weak(&url, etag).await? {
            compares = true;
            answer = self.remove(&url, ANYTHING).await?;
        }
        match answer.status {
            404 | 410 => Ok(()),
            // Most servers fail the condition before they notice that nothing is there.
            412 => self.gone(&url).await,
            _ if !answer.is_success() => Err(refusal(&answer, "deleting a block")),
            _ if compares => self.gone(&url).await,
            _ => Ok(()),
        }
    }

    /// Whether this version can't guard a write here.
    fn compares_first(&self, etag: &ETag) -> bool {
        is_made(etag)
            || self.learned.lacks(Weakness::WeakVersions)
            || self.learned.lacks(Weakness::NoGuardedUpdate)
    }

    /// The strongest condition this version allows.
    fn best<'e>(&self, etag: &'e ETag) -> &'e str {
        match is_made(etag) || self.learned.lacks(Weakness::WeakVersions) {
            true => ANYTHING,
            false => etag.as_str(),
        }
    }

    /// The version that stands, in the form of `seen`; `None` when nothing does.
    async fn standing(&self, href: &Href, seen: &ETag) -> Result<Option<ETag>, Error> {
        if is_made(seen) {
            let found = get(&self.line, self.learned, href).await?;
            return Ok(found.map(|found| made(&found.body)));
        }
        match version(&self.line, self.learned, &self.line.locate(href)?).await? {
            Version::Gone => Ok(None),
            Version::There(Some(etag)) => Ok(Some(etag)),
            Version::There(None) => Err(Error::Changed),
        }
    }

    /// A weak ETag never satisfies `If-Match` (RFC 9110 section 13.1.1): whether it was that, and
    /// not a change, that failed a condition.
    async fn is_weak(&self, url: &Url, etag: &ETag) -> Result<bool, Error> {
        let now = version(&self.line, self.learned, url).await?;
        let same = now == Version::There(Some(etag.clone()));
        Ok(same && self.learned.lacks(Weakness::WeakVersions))
    }

    /// Whether an update made an object that was gone: a server honours `If-Match` on what is there
    /// and creates what is missing all the same. Then it is taken away again. Some say 201 to every
    /// write: the same bytes once more, over what stands now, show which it is.
    async fn made_anew(&self, url: &Url, answer: &Answer, body: &str) -> Result<bool, Error> {
        if self.learned.with(|session| session.always_created) {
            return Ok(false);
        }
        let Some(etag) = strong(answer) else { return Ok(false) };
        let again = self.put(url, body, Condition::Version(etag.as_str())).await?;
        match again.status {
            200 | 204 => {
                self.learned.note(Weakness::NoGuardedUpdate);
                let etag = strong(&again).unwrap_or(etag);
                self.remove(url, etag.as_str()).await?;
                Ok(true)
            }
            201 => {
                self.learned.with(|session| session.always_created = true);
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    async fn gone(&self, url: &Url) -> Result<(), Error> {
        match version(&self.line, self.learned, url).await? {
            Version::Gone => Ok(()),
            Version::There(_) => Err(Error::Changed),
        }
    }

    async fn put(&self, url: &Url, body: &str, only: Condition<'_>) -> Result<Answer, Error> {
        let path = href::path(url);
        let request = PutResource::new(&path);
        match only {
            Condition::Nothing => self.line.ask(url, &request.create(body, TYPE)).await,
            Condition::Version(etag) => self.line.ask(url, &request.update(body, TYPE, etag)).await,
        }
    }

    async fn remove(&self, url: &Url, etag: &str) -> Result<Answer, Error> {
        self.line.ask(url, &Delete::new(&href::path(url)).with_etag(etag)).await
    }

    /// The version that a write left. `careful`: what stands is read, whatever the answer says.
    async fn written(
        &self,
        href: &Href,
        answer: Answer,
        body: &str,
        careful: bool,
        what: &str,
    ) -> Result<Option<ETag>, Error> {
        if !answer.is_success() {
            return Err(refusal(&answer, what));
        }
        match strong(&answer) {
            Some(etag) if !careful => Ok(Some(etag)),
            _ => self.stands(href, body).await,
        }
    }

    /// Reads back what was written. Written is written: when it can't be read now, or is gone
    /// again, the next listing tells.
    async fn stands(&self, href: &Href, body: &str) -> Result<Option<ETag>, Error> {
        let Ok(Some(found)) = get(&self.line, self.learned, href).await else { return Ok(None) };
        if made(&found.body) != made(body) {
            self.learned.note(Weakness::Rewrites);
        }
        match compare(&found.body, body) {
            Reading::Same => Ok(found.etag),
            // Somebody was quicker: it is theirs, and the next listing shows it.
            Reading::Other => Err(Error::Changed),
            Reading::Unmarked => self.take_back(href, found.etag).await,
        }
    }

    /// A block that lost its marks would not be known again, and made anew in every turn.
    async fn take_back(&self, href: &Href, etag: Option<ETag>) -> Result<Option<ETag>, Error> {
        if let Some(etag) = etag {
            let url = self.line.locate(href)?;
            self.remove(&url, self.best(&etag)).await?;
        }
        let host = self.line.base().host_str().unwrap_or_default();
        Err(Error::Refused(format!(
            "{host} drops the marks by which chronotype knows its blocks, so none were left there: \
             give another account the suggest_into"
        )))
    }

    /// The version after a trial, where there is one to be made and `etag` of what was written is
    /// confirmed.
    async fn tried_out(
        &self,
        href: &Href,
        etag: Option<ETag>,
        body: &str,
        trial: bool,
    ) -> Result<Option<ETag>, Error> {
        if trial && etag.is_some() && self.try_out(&self.line.locate(href)?, body).await {
            return self.stands(href, body).await;
        }
        Ok(etag)
    }

    /// Puts the same bytes on our own block under conditions that must fail. Returns whether one
    /// of them went through, so that the version has to be read again.
    async fn try_out(&self, url: &Url, body: &str) -> bool {
        let mut rewritten = false;
        let mut verdicts = 0;
        for (condition, weakness) in [
            (Condition::Nothing, Weakness::NoGuardedCreate),
            (Condition::Version(NO_VERSION), Weakness::NoGuardedUpdate),
        ] {
            let Ok(answer) = self.put(url, body, condition).await else { continue };
            if answer.is_success() {
                rewritten = true;
                self.learned.note(weakness);
            }
            verdicts += u32::from(answer.status < 500 && answer.status != 429);
        }
        if verdicts == 2 {
            self.learned.note_writes_tried();
        }
        rewritten
    }
}

/// What must be so for a PUT to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition<'a> {
    /// Nothing lies there (`If-None-Match: *`).
    Nothing,
    /// This version does (`If-Match`).
    Version(&'a str),
}

/// What a refused write means, and what to do about it (RFC 4791 section 5.3.2.1, RFC 4331).
fn refusal(answer: &Answer, what: &str) -> Error {
    let host = answer.url.host_str().unwrap_or_default();
    let status = answer.status;
    let said = |sentence: String| Error::Refused(sentence);
    if is_uid_conflict(answer) {
        return Error::Changed;
    }
    let invalid = ["valid-calendar-data", "valid-calendar-object-resource"];
    match status {
        _ if answer.names("max-resource-size") => {
            said(format!("{host} refuses {what}: it is larger than it takes ({status})"))
        }
        413 => said(format!("{host} refuses {what}: it is larger than it takes (413)")),
        507 => said(format!("{host} has no space left for {what} (507): make room there")),
        _ if answer.names("quota-not-exceeded") => {
            said(format!("{host} has no space left for {what} ({status}): make room there"))
        }
        _ if invalid.iter().any(|name| answer.names(name)) => {
            said(format!("{host} takes the block for invalid ({status} to {what})"))
        }
        403 | 405 => said(format!(
            "{host} does not allow {what} ({status}): ask for the right to write, or name another \
             calendar in suggest_into"
        )),
        409 => said(format!(
            "{host} refuses {what} (409): the calendar is gone, or the block lies in another one"
        )),
        423 => Error::Transient(format!("{host} has locked the calendar against {what} (423)")),
        _ => answer.refusal(what),
    }
}

/// The UID is taken: a block of ours lies under another href. Some say it in plain text.
fn is_uid_conflict(answer: &Answer) -> bool {
    let said = || String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains("uid");
    answer.names("no-uid-conflict") || (answer.status == 409 && said())
}
