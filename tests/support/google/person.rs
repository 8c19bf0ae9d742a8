//! The person's other client: what they do to their calendars with their own hands.

use super::book::Fields;
use super::{Fake, PERSON, events, object, times};
use serde_json::{Value, json};

impl Fake {
    /// A further calendar, with this `accessRole`.
    pub fn add_calendar(&self, id: &str, summary: &str, role: &str) {
        self.book().add(id, summary, role);
    }

    /// From now on it is somebody else who signs in.
    pub fn change_person(&self, address: &str) {
        self.add_calendar(address, "Somebody", "owner");
        self.book().person = address.to_owned();
    }

    pub fn has_calendar(&self, id: &str) -> bool {
        self.book().find(id).is_ok()
    }

    /// The id of the calendar that is called so.
    pub fn called(&self, summary: &str) -> Option<String> {
        let book = self.book();
        let found = book.calendars.iter().find(|shelf| shelf.summary == summary)?;
        Some(found.id.clone())
    }

    /// Deletes a calendar and all that is in it.
    pub fn delete_calendar(&self, id: &str) {
        self.book().calendars.retain(|shelf| shelf.id != id);
    }

    /// Sets fields of a calendar's entry in the list.
    pub fn set_entry(&self, id: &str, fields: Value) {
        self.book().find(id).unwrap().entry.extend(object(&fields));
    }

    /// Sets the calendar's zone.
    pub fn set_zone(&self, id: &str, zone: &str) {
        self.book().find(id).unwrap().zone = zone.to_owned();
    }

    /// Answers come in pages of these sizes, in turn.
    pub fn set_pages(&self, sizes: &[usize]) {
        self.book().pages = sizes.to_vec();
    }

    /// Lists by UID leave out cancelled exceptions from now on.
    pub fn set_forgetful(&self) {
        self.book().forgetful = true;
    }

    /// All sync tokens given so far are no longer known.
    pub fn forget_tokens(&self, calendar: &str) {
        self.book().forget(calendar).unwrap();
    }

    /// Mails sent to guests.
    pub fn mails(&self) -> usize {
        self.book().mails
    }

    /// Saves an event under its id, whole.
    pub fn put(&self, calendar: &str, event: Value) {
        let id = event["id"].as_str().unwrap().to_owned();
        self.book().store(calendar, &id, object(&event)).unwrap();
    }

    /// A timed event of the person's own.
    pub fn put_timed(&self, calendar: &str, id: &str, summary: &str, start: &str, end: &str) {
        let (start, end) = (json!({"dateTime": start}), json!({"dateTime": end}));
        self.put(calendar, json!({"id": id, "summary": summary, "start": start, "end": end}));
    }

    /// Changes fields of an event; `null` clears.
    pub fn edit(&self, calendar: &str, id: &str, changes: Value) {
        let mut book = self.book();
        let mut fields = book.find(calendar).unwrap().events[id].fields.clone();
        fields.extend(object(&changes));
        book.store(calendar, id, fields).unwrap();
    }

    /// The event as it is shown; `None` when it is not there or deleted.
    pub fn get(&self, calendar: &str, id: &str) -> Option<Value> {
        let mut book = self.book();
        let shelf = book.find(calendar).unwrap();
        let stored = shelf.events.get(id).filter(|stored| !stored.is_cancelled())?;
        let mut event = shelf.shown(id, None);
        event["change"] = stored.change.into();
        Some(event)
    }

    /// Ids of all events that stand.
    pub fn ids(&self, calendar: &str) -> Vec<String> {
        let mut book = self.book();
        let events = &book.find(calendar).unwrap().events;
        events.iter().filter(|(_, s)| !s.is_cancelled()).map(|(id, _)| id.clone()).collect()
    }

    /// Deletes an event.
    pub fn delete(&self, calendar: &str, id: &str) {
        events::cancel(&mut self.book(), calendar, id).unwrap();
    }

    /// Makes an exception of one day of a series.
    pub fn except(&self, calendar: &str, master: &str, original: Value, changes: Value) -> String {
        let mut book = self.book();
        let shelf = book.find(calendar).unwrap();
        let id = times::instance_id(master, &original, &shelf.zone);
        let of = shelf.events.get(&id).or_else(|| shelf.events.get(master)).unwrap();
        let mut fields: Fields = of.fields.clone();
        fields.remove("recurrence");
        if !shelf.events.contains_key(&id) {
            fields.insert("start".to_owned(), original.clone());
            fields.insert("end".to_owned(), original.clone());
        }
        fields.insert("recurringEventId".to_owned(), master.into());
        fields.insert("originalStartTime".to_owned(), original);
        fields.extend(object(&changes));
        book.store(calendar, &id, fields).unwrap();
        id
    }

    /// Takes one day out of a series.
    pub fn cancel_day(&self, calendar: &str, master: &str, original: Value) {
        self.except(calendar, master, original, json!({"status": "cancelled"}));
    }

    /// Answers an invitation.
    pub fn respond(&self, calendar: &str, id: &str, answer: &str) {
        let mut event = self.get(calendar, id).unwrap();
        let guests = event["attendees"].as_array_mut().unwrap();
        let own = guests.iter_mut().find(|guest| guest["email"] == PERSON).unwrap();
        own["responseStatus"] = answer.into();
        self.edit(calendar, id, json!({"attendees": event["attendees"]}));
    }
}
