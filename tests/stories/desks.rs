//! The person's other client on each kind of calendar, as raw edits: a folder, Radicale, Xandikos,
//! and Google through its own API.

use crate::main_job::{blocks, person_of};
use crate::support::google::{PERSON, passage};
use crate::support::google_person::GooglePerson;
use crate::support::peers::Peer;
use crate::support::person::{Person, files};
use chronotype::event::Stamp;
use chronotype::event::ical::{self, Transparency};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where something lies, as the backend names it.
pub type Place = String;

/// A person with tasks, a calendar of their own, and the one our blocks go to.
pub trait Desk {
    fn person(&self) -> &Person;
    /// Saves a VTODO.
    fn task(&self, name: &str, text: &str);
    /// Saves an event of their own.
    fn own(&self, name: &str, text: &str);
    /// What lies where our blocks go.
    fn blocks(&self) -> BTreeMap<Place, String>;
    /// The same of their own calendar.
    fn theirs(&self) -> BTreeMap<Place, String>;
    /// Saves over what lies there.
    fn put(&self, place: &Place, text: &str);
    fn remove(&self, place: &Place);
    /// Takes it out of our calendar and into theirs.
    fn carry(&self, place: &Place, text: &str);
    /// Duplicates it within our calendar, as apps do: under a UID of its own.
    fn copy(&self, name: &str, text: &str);
}

pub struct Folder(Person);

impl Folder {
    pub fn new() -> Self {
        let person = Person::with_folder();
        std::fs::create_dir_all(person.path("cal/tasks")).unwrap();
        Self(person)
    }

    fn write(&self, collection: &str, name: &str, text: &str) {
        std::fs::write(self.0.path(&format!("cal/{collection}/{name}")), text).unwrap();
    }
}

impl Desk for Folder {
    fn person(&self) -> &Person {
        &self.0
    }

    fn task(&self, name: &str, text: &str) {
        self.write("tasks", &format!("{name}.ics"), text);
    }

    fn own(&self, name: &str, text: &str) {
        self.write("work", &format!("{name}.ics"), text);
    }

    fn blocks(&self) -> BTreeMap<Place, String> {
        files(&self.0.path("cal/chronotype"))
    }

    fn theirs(&self) -> BTreeMap<Place, String> {
        files(&self.0.path("cal/work"))
    }

    fn put(&self, place: &Place, text: &str) {
        self.write("chronotype", place, text);
    }

    fn remove(&self, place: &Place) {
        std::fs::remove_file(self.0.path(&format!("cal/chronotype/{place}"))).unwrap();
    }

    fn carry(&self, place: &Place, text: &str) {
        self.remove(place);
        self.write("work", place, text);
    }

    fn copy(&self, name: &str, text: &str) {
        self.write("chronotype", &format!("{name}.ics"), text);
    }
}

/// A CalDAV server.
pub struct Server {
    peer: Peer,
    person: Person,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    pub fn new<F: Future<Output = Peer>>(start: F) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let peer = runtime.block_on(start);
        let person = person_of(&peer);
        Self { peer, person, runtime }
    }

    fn save(&self, path: &str, text: &str) {
        self.runtime.block_on(self.peer.put(path, text));
    }
}

impl Desk for Server {
    fn person(&self) -> &Person {
        &self.person
    }

    fn task(&self, name: &str, text: &str) {
        self.own(name, text);
    }

    fn own(&self, name: &str, text: &str) {
        self.save(&self.peer.object(&format!("{name}.ics")), text);
    }

    fn blocks(&self) -> BTreeMap<Place, String> {
        let all = self.runtime.block_on(blocks(&self.peer));
        all.into_iter().map(|(href, found)| (href, found.body)).collect()
    }

    fn theirs(&self) -> BTreeMap<Place, String> {
        let all = self.runtime.block_on(crate::main_job::foreign(&self.peer));
        all.into_iter().map(|(href, found)| (href, found.body)).collect()
    }

    fn put(&self, place: &Place, text: &str) {
        self.save(place, text);
    }

    fn remove(&self, place: &Place) {
        self.runtime.block_on(self.peer.delete(place));
    }

    fn carry(&self, place: &Place, text: &str) {
        self.remove(place);
        let name = place.rsplit('/').next().unwrap();
        self.save(&self.peer.object(name), text);
    }

    fn copy(&self, name: &str, text: &str) {
        let there = self.blocks();
        let (folder, _) = there.keys().next().unwrap().rsplit_once('/').unwrap();
        self.save(&format!("{folder}/{name}.ics"), text);
    }
}

/// Google; tasks lie in a folder beside it.
pub struct AtGoogle(GooglePerson);

impl AtGoogle {
    pub fn new() -> Self {
        let tasks = "[[account]]\nname = \"tasks\"\nkind = \"vdir\"\npath = \"{home}/cal\"\n";
        let jane = GooglePerson::beside(tasks, "suggest_into = \"chronotype\"");
        std::fs::create_dir_all(jane.person.path("cal/tasks")).unwrap();
        jane.sign_in();
        Self(jane)
    }

    fn ours(&self) -> Option<String> {
        self.0.api.called("chronotype")
    }

    fn all(&self, calendar: &str) -> BTreeMap<Place, String> {
        let ids = self.0.api.ids(calendar).into_iter();
        let text = |id: String| {
            let event = self.0.api.get(calendar, &id)?;
            Some((id, format!("{}{}", passage::text(&event), more(&event))))
        };
        ids.filter_map(text).collect()
    }
}

/// What iCalendar text of an event at Google leaves out, to be compared.
fn more(event: &Value) -> String {
    let shown = ["attendees", "recurrence", "colorId", "reminders", "location"];
    shown.map(|name| format!("{name}={}\n", event[name])).concat()
}

/// What a client changes at Google where it would write this text elsewhere.
fn fields(text: &str) -> Value {
    let object = ical::parse(text).objects.into_iter().next().unwrap();
    let event = &object.events[0];
    let at = |stamp: &Stamp| json!({"dateTime": stamp.instant(chrono_tz::UTC).to_rfc3339()});
    let mut fields = json!({
        "summary": event.summary,
        "description": event.description,
        "start": at(&event.start),
        "end": at(event.end.as_ref().unwrap()),
        "transparency": match event.transparency {
            Transparency::Opaque => "opaque",
            Transparency::Transparent => "transparent",
        },
    });
    let guests: Vec<Value> = event.attendees.iter().map(|a| json!({"email": a.address})).collect();
    if !guests.is_empty() {
        fields["attendees"] = guests.into();
    }
    if !event.rules.is_empty() {
        let rules: Vec<String> = event.rules.iter().map(|rule| format!("RRULE:{rule}")).collect();
        fields["recurrence"] = rules.into();
    }
    if text.contains("CATEGORIES:") || text.contains("COLOR:") {
        fields["colorId"] = "7".into();
    }
    if text.contains("VALARM") {
        fields["reminders"] = json!({"useDefault": true});
    }
    fields
}

impl Desk for AtGoogle {
    fn person(&self) -> &Person {
        &self.0.person
    }

    fn task(&self, name: &str, text: &str) {
        std::fs::write(self.0.person.path(&format!("cal/tasks/{name}.ics")), text).unwrap();
    }

    fn own(&self, name: &str, text: &str) {
        let mut event = fields(text);
        event["id"] = name.into();
        self.0.api.put(PERSON, event);
    }

    fn blocks(&self) -> BTreeMap<Place, String> {
        self.ours().map(|ours| self.all(&ours)).unwrap_or_default()
    }

    fn theirs(&self) -> BTreeMap<Place, String> {
        self.all(PERSON)
    }

    fn put(&self, place: &Place, text: &str) {
        let ours = self.ours().unwrap();
        let there = self.0.api.get(&ours, place);
        match there.is_some_and(|event| event["status"] != "cancelled") {
            true => self.0.api.edit(&ours, place, fields(text)),
            false => self.restore(&ours, place),
        }
    }

    fn remove(&self, place: &Place) {
        self.0.api.delete(&self.ours().unwrap(), place);
    }

    fn carry(&self, place: &Place, _: &str) {
        let ours = self.ours().unwrap();
        let event = self.0.api.get(&ours, place).unwrap();
        self.remove(place);
        self.0.api.put(PERSON, event);
    }

    fn copy(&self, name: &str, text: &str) {
        let ours = self.ours().unwrap();
        let (place, _) = self.all(&ours).into_iter().find(|(_, t)| original(t, text)).unwrap();
        let mut event = self.0.api.get(&ours, &place).unwrap();
        event["id"] = name.into();
        for (field, value) in fields(text).as_object().unwrap() {
            event[field] = value.clone();
        }
        self.0.api.put(&ours, event);
    }
}

impl AtGoogle {
    /// Out of the bin.
    fn restore(&self, calendar: &str, id: &str) {
        self.0.api.edit(calendar, id, json!({"status": "confirmed"}));
    }
}

/// The block that a copy was made of bears the same mark.
fn original(one: &str, copy: &str) -> bool {
    let mark = |text: &str| {
        let text = text.replace("\r\n ", "");
        text.lines().find_map(|l| l.strip_prefix("X-CHRONOTYPE-BLOCK:").map(str::to_owned))
    };
    mark(one) == mark(copy)
}
