//! Everything kept of a person as JSON lines, and back into a store.
//!
//! A header says the format and whose it is; then follows one object a record, with its `kind`; the
//! last line counts the records, so that a file that was cut off is known as such (format 2; format
//! 1 had no such line). Invariant: an export is taken up as a whole or not at all.

use super::record::{self, Kind, Record};
use super::{Flush, ImportError, Person, Store, StoreError, changes, open, pending, place};
use crate::event::PrincipalId;
use serde_json::{Value, json};
use std::io::{BufRead, Write};

/// The format of an export, in its first line.
pub const EXPORT_FORMAT: u32 = 2;
/// Its first format with a last line that counts.
const COUNTED: u64 = 2;
/// Kind of the first line.
const HEADER: &str = "chronotype-export";
/// Kind of the last line.
const END: &str = "end";
/// Kind of a line in place of a record that could not be read.
const UNREADABLE: &str = "unreadable";
/// Bytes of an export that are read: everything of a lifetime is a few hundred megabytes.
const LARGEST: u64 = 1 << 30;

/// An export, read and found whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Backup {
    /// What was kept.
    pub person: Person,
    /// Records it holds.
    pub records: usize,
    /// Records that could not be read when it was written: they are lost.
    pub unreadable: usize,
    /// Its end says that it is whole; exports of the first releases don't say.
    pub is_counted: bool,
}

/// What an import may write over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing: the person must be new to the store.
    Nothing,
    /// All that is kept of the person, which goes.
    Everything,
}

impl Store {
    /// Writes all records of a person as JSON lines. A record that can't be read becomes an
    /// `unreadable` line and stops nothing: an export is the last resort.
    ///
    /// # Errors
    /// [`StoreError::Io`] when `out` or the disk refuses.
    pub fn export(&self, principal: &PrincipalId, out: &mut dyn Write) -> Result<(), StoreError> {
        let mut line = |value: &Value| {
            writeln!(out, "{value}")
                .map_err(|source| StoreError::Io { path: self.path.clone(), source })
        };
        let whose = principal.as_str();
        line(&json!({ "kind": HEADER, "format": EXPORT_FORMAT, "principal": whose }))?;
        let mut records = 0_usize;
        for item in self.records(principal)? {
            let read = match item {
                Ok((kind, _, value)) => Record::json(kind, &value).map(|f| with_kind(kind, f)),
                Err(error @ StoreError::Newer { .. }) => Err(error),
                // The disk or the log itself: reading on may never end.
                Err(error) => return Err(error),
            };
            let value = read
                .unwrap_or_else(|error| json!({ "kind": UNREADABLE, "why": error.to_string() }));
            line(&value)?;
            records += 1;
        }
        line(&json!({ "kind": END, "records": records }))
    }

    /// Takes up what a backup of this person holds, in one batch, on the disk when this returns.
    ///
    /// # Errors
    /// [`ImportError::Kept`] where something is kept of them that is not to be written over;
    /// [`ImportError::Store`]. Nothing is written then.
    pub fn restore(
        &self,
        principal: &PrincipalId,
        backup: &Backup,
        over: Over,
    ) -> Result<(), ImportError> {
        pending::finish(&self.path, &self.db, principal)?;
        let mut changes = changes::between(principal, &Person::default(), &backup.person);
        // By their keys: what can't be read any more goes, too.
        for item in self.db.scan_prefix(record::prefix(principal)) {
            let (key, _) = item.map_err(|e| open::typed(e, &self.path))?;
            if over == Over::Nothing {
                return Err(ImportError::Kept);
            }
            changes.entry(key.to_vec()).or_insert(None);
        }
        self.tell_lender(&changes)?;
        self.write(principal, changes, Flush::Now)?;
        Ok(())
    }
}

/// What is read so far.
struct Reading {
    backup: Backup,
    /// Its lines are counted at the end, and that line has been read.
    ended: Option<bool>,
}

impl Backup {
    /// Reads an export of this person.
    ///
    /// # Errors
    /// [`ImportError`]: it is of somebody else, of a later release, or not whole, or a line is off.
    pub fn read(principal: &PrincipalId, input: impl BufRead) -> Result<Backup, ImportError> {
        let backup =
            Backup { person: Person::default(), records: 0, unreadable: 0, is_counted: false };
        let mut reading = Reading { backup, ended: None };
        let (mut input, mut text, mut line) = (input.take(LARGEST), Vec::new(), 0);
        while input.read_until(b'\n', &mut text)? > 0 {
            line += 1;
            let off = |what: String| ImportError::Line { line, what };
            let read = serde_json::from_slice::<Value>(&text);
            match (line, read) {
                (1, read) => reading.header(principal, &read.unwrap_or_default())?,
                (_, _) if text.trim_ascii().is_empty() => {}
                (_, Err(_)) => {
                    return Err(off("it is no JSON, or only the beginning of it".into()));
                }
                (_, Ok(fields)) => reading.line(fields).map_err(off)?,
            }
            text.clear();
        }
        match reading.ended {
            _ if line == 0 => Err(ImportError::NotAnExport),
            Some(false) => Err(ImportError::CutOff),
            Some(true) | None => Ok(reading.backup),
        }
    }
}

impl Reading {
    fn header(&mut self, principal: &PrincipalId, fields: &Value) -> Result<(), ImportError> {
        let (Some(HEADER), Some(format)) = (fields["kind"].as_str(), fields["format"].as_u64())
        else {
            return Err(ImportError::NotAnExport);
        };
        if format > EXPORT_FORMAT.into() {
            return Err(ImportError::Newer(format));
        }
        let whose = fields["principal"].as_str().unwrap_or_default();
        if whose != principal.as_str() {
            return Err(ImportError::Foreign(whose.to_owned()));
        }
        self.backup.is_counted = format >= COUNTED;
        self.ended = self.backup.is_counted.then_some(false);
        Ok(())
    }

    /// One line below the header; what is off about it.
    fn line(&mut self, mut fields: Value) -> Result<(), String> {
        if self.ended == Some(true) {
            return Err("it stands behind the end of the export".to_owned());
        }
        let word = fields["kind"].as_str().unwrap_or_default().to_owned();
        match word.as_str() {
            "" => return Err("it does not say of what kind it is".to_owned()),
            END => return self.end(&fields),
            UNREADABLE => self.backup.unreadable += 1,
            word => {
                let unknown = || "a record of a kind that only a later release knows".to_owned();
                let kind = Kind::named(word).ok_or_else(unknown)?;
                without_kind(&mut fields);
                let record = Record::of_json(kind, fields).map_err(|error| error.to_string())?;
                place::place(&mut self.backup.person, record).map_err(|error| error.to_string())?;
            }
        }
        self.backup.records += 1;
        Ok(())
    }

    fn end(&mut self, fields: &Value) -> Result<(), String> {
        let counted = fields["records"].as_u64();
        if counted != u64::try_from(self.backup.records).ok() {
            return Err("it counts other records than there are: some are missing".to_owned());
        }
        self.ended = Some(true);
        Ok(())
    }
}

fn with_kind(kind: Kind, mut fields: Value) -> Value {
    if let Some(object) = fields.as_object_mut() {
        // An insight's own field of that name says which detector found it.
        if let Some(own) = object.remove("kind") {
            object.insert("detector".to_owned(), own);
        }
        object.insert("kind".to_owned(), kind.word().into());
    }
    fields
}

/// The fields as [`with_kind`] found them.
fn without_kind(fields: &mut Value) {
    if let Some(object) = fields.as_object_mut() {
        object.remove("kind");
        if let Some(own) = object.remove("detector") {
            object.insert("kind".to_owned(), own);
        }
    }
}
