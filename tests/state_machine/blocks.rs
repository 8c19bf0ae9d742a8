//! What the simulated person does to blocks of ours.

use super::person::Someone;
use super::words::{day_and_hour, field, stamp, with_fields};
use crate::support::fake_faults::Dice;
use crate::support::fake_server::{Hand, Server};
use chrono::TimeDelta;
use chronotype::event::Href;

impl Someone {
    /// One gesture on one block; an event of their own where there is none.
    pub fn handle_block(&mut self, server: &mut Server, dice: &mut Dice) {
        if dice.percent(8)
            && let Some((uid, (shelf, href, body))) = self.deleted_blocks.pop_first()
        {
            // We may have put it there anew meanwhile, at another time.
            if !server.find(&uid).is_empty() {
                self.truth(&uid).moved.push(server.now);
            }
            server.put(&shelf, &href, &body, Hand::Person);
            self.truth(&uid);
            return self.did(server, "restore block", &uid);
        }
        let blocks: Vec<_> = server
            .shelves
            .iter()
            .flat_map(|(id, s)| s.objects.iter().map(move |(h, o)| (id, h, o)))
            .filter(|(_, _, o)| field(&o.put, "UID").is_some_and(|u| u.starts_with("chronotype-")))
            .map(|(id, href, o)| (id.clone(), href.clone(), o.put.clone()))
            .collect();
        let Some((shelf, href, body)) = dice.pick(&blocks).cloned() else {
            return self.create(server, dice);
        };
        let Some(uid) = field(&body, "UID") else { return };
        let now = server.now;
        let start = day_and_hour(now, dice, 0, 10);
        let end = start + TimeDelta::minutes(60);
        let dragged = [("DTSTART", stamp(start)), ("DTEND", stamp(end))];
        let edit = |fields: &[(&str, String)]| with_fields(&body, fields);
        let mut truth = self.truth.get(&uid).cloned().unwrap_or_default();
        truth.touched = true;
        let (what, text) = match dice.below(20) {
            0..4 => {
                truth.moved.push(now);
                ("drag block", edit(&dragged))
            }
            4..6 => ("rename block", edit(&[("SUMMARY", "Mine now".into())])),
            6 => ("edit block", edit(&[("DESCRIPTION", "notes".into())])),
            7..9 => {
                let kept = [("STATUS", "CONFIRMED".to_owned()), ("TRANSP", "OPAQUE".to_owned())];
                ("accept block", edit(&kept))
            }
            9 => {
                let title = field(&body, "SUMMARY").unwrap_or_default();
                ("mark block done", edit(&[("SUMMARY", format!("✓ {title}"))]))
            }
            10 => {
                truth.moved.push(now);
                truth.deleted.push(now);
                ("make block recurring", edit(&[("RRULE", "FREQ=DAILY;COUNT=3".into())]))
            }
            11 => {
                let copy = self.name("copy");
                let text = edit(&[("UID", copy.clone())]);
                let place = server.place(&shelf, &copy);
                server.put(&shelf, &place, &text, Hand::Person);
                self.truth(&copy).moved.push(now);
                self.truth(&copy).deleted.push(now);
                return self.did(server, "duplicate block", &copy);
            }
            12 => {
                let to = "mine/mine/work/";
                if shelf == to {
                    return;
                }
                server.shelves.get_mut(&shelf).map(|s| s.remove(&href));
                let place = server.place(to, &uid);
                server.put(to, &place, &body, Hand::Person);
                self.truth.insert(uid.clone(), truth);
                return self.did(server, "carry block over", &uid);
            }
            13 => {
                truth.deleted.push(now);
                ("cancel block", edit(&[("STATUS", "CANCELLED".into())]))
            }
            _ => {
                truth.deleted.push(now);
                self.truth.insert(uid.clone(), truth);
                self.remove_block(server, &shelf, &href, &uid, &body);
                return self.did(server, "delete block", &uid);
            }
        };
        server.put(&shelf, &href, &text, Hand::Person);
        self.truth.insert(uid.clone(), truth);
        self.did(server, what, &uid);
    }

    /// Deletes it; what lies nowhere else is remembered.
    pub fn remove_block(
        &mut self,
        server: &mut Server,
        shelf: &str,
        href: &Href,
        uid: &str,
        body: &str,
    ) {
        server.shelves.get_mut(shelf).map(|s| s.remove(href));
        let text = body.to_owned();
        if server.find(uid).is_empty() {
            self.deleted_blocks.insert(uid.to_owned(), (shelf.to_owned(), href.clone(), text));
        }
    }

    /// Something of their own lies in the collection of our blocks.
    pub fn put_in_our_way(&mut self, server: &mut Server, dice: &mut Dice) {
        let id = "mine/mine/chronotype/";
        if !server.shelves.contains_key(id) {
            return;
        }
        let uid = self.name("guest");
        let start = day_and_hour(server.now, dice, 0, 5);
        let (from, to) = (stamp(start), stamp(start + TimeDelta::hours(1)));
        let body = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:Dinner\r\n\
             DTSTART:{from}\r\nDTEND:{to}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        let href = server.place(id, &uid);
        server.put(id, &href, &body, Hand::Person);
        self.truth(&uid);
        self.did(server, "guest in our collection", &uid);
    }
}
