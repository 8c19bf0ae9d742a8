//! What a quirky server stores: objects, their versions, and what became of them.

use super::profile::{ETags, Profile, Rewrites};
use std::collections::BTreeMap;

/// One calendar.
#[derive(Debug, Default)]
pub struct Shelf {
    /// What people call it.
    pub name: String,
    /// By decoded name.
    pub objects: BTreeMap<String, Object>,
    gone: BTreeMap<String, Gone>,
    changes: u64,
    /// Second of the last change; 0 = there was none.
    second: u64,
    /// Tokens below it are not known any more.
    floor: u64,
}

/// A stored object.
#[derive(Debug, Clone)]
pub struct Object {
    pub body: String,
    count: u64,
    created: u64,
    changed: u64,
    second: u64,
}

#[derive(Debug, Clone, Copy)]
struct Gone {
    created: u64,
    changed: u64,
    second: u64,
}

/// A row of a listing: a name, and whether it is there.
pub type Told = (String, bool);

impl Shelf {
    /// Called so.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Stores a text as it will be given out.
    pub fn put(&mut self, name: &str, body: &str, profile: &Profile, second: u64) {
        self.changes += 1;
        self.second = second;
        let before = self.objects.get(name);
        let object = Object {
            body: rewrite(body, profile.rewrites),
            count: before.map_or(0, |object| object.count + 1),
            created: before.map_or(self.changes, |object| object.created),
            changed: self.changes,
            second,
        };
        self.objects.insert(name.to_owned(), object);
        self.gone.remove(name);
    }

    /// Removes an object; whether there was one.
    pub fn remove(&mut self, name: &str, second: u64) -> bool {
        let Some(object) = self.objects.remove(name) else { return false };
        self.changes += 1;
        self.second = second;
        let gone = Gone { created: object.created, changed: self.changes, second };
        self.gone.insert(name.to_owned(), gone);
        true
    }

    /// No token given out so far is known any more.
    pub fn forget(&mut self) {
        self.changes += 1;
        self.floor = self.changes;
    }

    /// The token for now.
    pub fn token(&self, profile: &Profile) -> String {
        let number = match (profile.sync.repeats, self.second) {
            (true, 0) => "-1".to_owned(),
            (true, second) => second.to_string(),
            (false, _) => self.changes.to_string(),
        };
        format!("{}{number}", profile.sync.prefix)
    }

    /// What changed since a token, in order, with the token's number; `None` when it is unknown.
    pub fn since(&self, token: &str, profile: &Profile) -> Option<Vec<Told>> {
        let number: i64 = token.strip_prefix(profile.sync.prefix)?.parse().ok()?;
        let from = u64::try_from(number).unwrap_or(0);
        let last = if profile.sync.repeats { self.second } else { self.changes };
        if from > last || (!profile.sync.repeats && from < self.floor) {
            return None;
        }
        let is_new = |changed: u64, second: u64| match profile.sync.repeats {
            true => second >= from,
            false => changed > from,
        };
        let mut rows: Vec<(u64, Told)> = Vec::new();
        for (name, object) in &self.objects {
            if is_new(object.changed, object.second) {
                rows.push((object.changed, (name.clone(), true)));
            }
        }
        for (name, gone) in &self.gone {
            let flash = !profile.sync.repeats && gone.created > from;
            if is_new(gone.changed, gone.second) && (profile.sync.flashes || !flash) {
                rows.push((gone.changed, (name.clone(), false)));
            }
        }
        rows.sort();
        Some(rows.into_iter().map(|(_, told)| told).collect())
    }

    /// Everything, and for some what was deleted long ago.
    pub fn all(&self, profile: &Profile) -> Vec<Told> {
        let there = self.objects.keys().map(|name| (name.clone(), true));
        let gone = self.gone.keys().map(|name| (name.clone(), false));
        there.chain(gone.filter(|_| profile.sync.old_deletions)).collect()
    }

    /// Where another object with the UID of this text lies.
    pub fn holds_uid(&self, name: &str, body: &str) -> bool {
        let Some(uid) = body.lines().find(|line| line.starts_with("UID:")) else { return false };
        let mut others = self.objects.iter().filter(|(other, _)| *other != name);
        others.any(|(_, object)| object.body.lines().any(|line| line == uid))
    }
}

impl Object {
    /// Its version as the listing names it.
    pub fn etag(&self, etags: ETags) -> Option<String> {
        let hash = || blake3::hash(self.body.as_bytes()).to_hex()[..16].to_owned();
        match etags {
            ETags::Hash | ETags::WeakOnGet => Some(format!("\"{}\"", hash())),
            ETags::Counter => Some(format!("\"gcs{:08}\"", self.count)),
            ETags::Weak => Some(format!("W/\"{}\"", hash())),
            ETags::Absent => None,
        }
    }

    /// Its version as the answer to GET names it.
    pub fn etag_on_get(&self, etags: ETags) -> Option<String> {
        let weak = if etags == ETags::WeakOnGet { "W/" } else { "" };
        self.etag(etags).map(|etag| format!("{weak}{etag}"))
    }

    /// Strong comparison (RFC 9110 section 8.8.3.2).
    pub fn is_version(&self, condition: &str, etags: ETags) -> bool {
        condition == "*"
            || !condition.starts_with("W/") && self.etag(etags).is_some_and(|e| e == condition)
    }
}

fn rewrite(body: &str, how: Rewrites) -> String {
    let end = "END:VEVENT\r\n";
    match how {
        Rewrites::Never => body.to_owned(),
        Rewrites::LineOrder => {
            let Some(line) = body.lines().find(|line| line.starts_with("SUMMARY:")) else {
                return body.to_owned();
            };
            let line = format!("{line}\r\n");
            body.replacen(&line, "", 1).replacen(end, &format!("{line}{end}"), 1)
        }
        Rewrites::Adds if body.contains("CLASS:") => body.to_owned(),
        Rewrites::Adds => body.replace(end, &format!("CLASS:PUBLIC\r\n{end}")),
        Rewrites::DropsMarks => {
            let kept = body.lines().filter(|line| !line.starts_with("X-"));
            kept.map(|line| format!("{line}\r\n")).collect()
        }
    }
}
