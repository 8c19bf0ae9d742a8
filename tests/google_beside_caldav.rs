//! A Google account and a CalDAV account in one config, by the built binary: the busy times of both
//! count, blocks go into one alone, and when one fails the other goes on.

use crate::main_job::blocks;
use crate::stories::todo;
use crate::support::google::{Fault, PERSON};
use crate::support::google_person::{GooglePerson, WORK, march, mark, titled};
use crate::support::peers::Peer;
use crate::support::person::Gave;
use serde_json::{Value, json};

/// Which of the two takes the blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Into {
    CalDav,
    Google,
}

struct Both {
    peer: Peer,
    jane: GooglePerson,
    into: Into,
}

/// An event of the person's own, as their CalDAV client writes it.
fn meeting(uid: &str, from: &str, to: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//x//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTAMP:20260301T000000Z\r\nSUMMARY:{}\r\nDTSTART:{from}\r\nDTEND:{to}\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n",
        titled("Meeting")
    )
}

impl Both {
    /// A task of an hour due on Wednesday morning; Google's calendars and the CalDAV one together
    /// leave Tuesday from 10 to 12.
    async fn new(into: Into) -> Self {
        let peer = Peer::radicale().await;
        let task = todo("t1", "DTSTAMP:20260301T000000Z\nDUE:20260304T070000Z");
        peer.put(&peer.object("t1.ics"), &task.replace("Write report", &titled("Report"))).await;
        let early = meeting("early", "20260303T080000Z", "20260303T090000Z");
        peer.put(&peer.object("early.ics"), &early).await;
        let [caldav, google] = match into {
            Into::CalDav => ["suggest_into = \"chronotype\"", ""],
            Into::Google => ["", "suggest_into = \"chronotype\""],
        };
        let table = format!(
            "[[account]]\nname = \"home\"\nkind = \"caldav\"\nurl = \"{}\"\nusername = \"alice\"\n\
             password_file = \"{{home}}/password\"\n{caldav}\n",
            peer.base_url()
        );
        let jane = GooglePerson::beside(&table, google);
        for (calendar, id, from, to) in [
            (PERSON, "monday", march(2, 9), march(2, 18)),
            (WORK, "late0", march(3, 12), march(3, 18)),
        ] {
            let event = json!({"id": id, "summary": titled("Taken"), "start": from, "end": to});
            jane.api.put(calendar, event);
        }
        Self { peer, jane, into }
    }

    /// Blocks in either, by where they start: CalDAV's, Google's.
    async fn blocks(&self) -> [Vec<String>; 2] {
        let start = |body: &str| {
            let line = body.lines().find_map(|line| line.strip_prefix("DTSTART:"));
            line.unwrap().to_owned()
        };
        let mut caldav: Vec<String> =
            blocks(&self.peer).await.values().map(|f| start(&f.body)).collect();
        caldav.sort();
        [caldav, self.in_google()]
    }

    fn in_google(&self) -> Vec<String> {
        let ours = self.jane.api.called("chronotype");
        let blocks = self.jane.blocks(ours.as_deref());
        let start = |block: &Value| block["start"]["dateTime"].as_str().unwrap().to_owned();
        let mut starts: Vec<String> = blocks.values().map(start).collect();
        starts.sort();
        starts
    }

    /// Whether a block begins on Tuesday between 10 and 11.
    fn tuesday_from_ten(&self, blocks: &[Vec<String>; 2]) -> bool {
        let (own, hours) = match self.into {
            Into::CalDav => (&blocks[0], ["20260303T09", "20260303T10"]),
            Into::Google => (&blocks[1], ["2026-03-03T10", "2026-03-03T11:00"]),
        };
        own.iter().any(|at| hours.iter().any(|hour| at.starts_with(hour)))
    }

    /// One turn that goes on, whatever fails.
    #[track_caller]
    fn sync(&self, now: &str) -> Gave {
        self.jane.sync(now)
    }

    #[track_caller]
    fn ask(&self, now: &str, what: &str) {
        let ask = ["schedule", &titled(what), "--duration", "60m", "--by", "2026-03-06"];
        self.jane.ok(now, &ask);
    }

    #[track_caller]
    fn status(&self, now: &str) -> String {
        self.jane.ok(now, &["status"]).out
    }

    /// How many blocks the one that takes them holds; the other holds none.
    async fn count(&self) -> usize {
        let [caldav, google] = self.blocks().await;
        let (ours, other) = match self.into {
            Into::CalDav => (caldav, google),
            Into::Google => (google, caldav),
        };
        assert_eq!(other, [""; 0], "blocks go into one alone");
        ours.len()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_busy_times_of_both_count_and_one_takes_the_blocks() {
    for into in [Into::CalDav, Into::Google] {
        let both = Both::new(into).await;
        both.jane.sign_in();
        both.sync("02T05:00");
        let expected = both.blocks().await;
        assert_eq!(
            (both.count().await, both.tuesday_from_ten(&expected)),
            (1, true),
            "{expected:?}"
        );
        let asked = (both.jane.api.log().len(), both.peer.requests().len());
        both.sync("02T05:10");
        let google = both.jane.asked(asked.0);
        let caldav = both.peer.requests()[asked.1..].to_vec();
        let (more, less) = match into {
            Into::CalDav => (caldav.len(), google.len()),
            Into::Google => (google.len(), caldav.len()),
        };
        let calendars = match into {
            Into::CalDav => (2, 2),
            Into::Google => (3, 1),
        };
        assert_eq!((more, less), calendars, "one request a calendar: {google:#?} {caldav:#?}");

        // A meeting in one makes the block in the other go elsewhere.
        let (from, to) = ("20260303T090000Z", "20260303T110000Z");
        match into {
            Into::Google => {
                let path = both.peer.object("clash.ics");
                both.peer.put(&path, &meeting("clash", from, to)).await;
            }
            Into::CalDav => {
                let times = ["2026-03-03T10:00:00+01:00", "2026-03-03T12:00:00+01:00"];
                both.jane.api.put_timed(WORK, "clash", &titled("Clash"), times[0], times[1]);
            }
        }
        both.jane.api.edit(WORK, "late0", json!({"start": march(3, 15)}));
        let theirs = both.jane.theirs();
        both.sync("02T05:20");
        let moved = both.blocks().await;
        assert!(moved != expected && both.count().await == 1, "{into:?}: {moved:?}");

        let writes = |line: &&String| !line.starts_with("GET");
        let google = both.jane.api.log();
        let google: Vec<&String> = google.iter().filter(writes).collect();
        let caldav = both.peer.requests();
        let caldav = caldav.iter().filter(|l| l.starts_with("PUT") || l.starts_with("MK"));
        match into {
            Into::CalDav => assert_eq!(google, [""; 0]),
            Into::Google => assert_eq!(caldav.count(), 0),
        }
        assert_eq!(both.jane.theirs(), theirs);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn google_fails_and_caldav_goes_on() {
    let both = Both::new(Into::CalDav).await;
    // Nobody has signed in yet: what CalDAV alone knows is planned and written.
    let gave = both.sync("02T05:00");
    let cure = "run `chronotype auth google google`";
    let said = format!("account google: not signed in to Google: {cure}");
    assert!(gave.err.contains(&said), "{gave:?}");
    assert_eq!(both.count().await, 1);
    both.jane.sign_in();
    let gave = both.sync("02T05:10");
    assert!(gave.err.contains("warnings=0"), "{gave:?}");
    let there = both.blocks().await;
    assert!(both.tuesday_from_ten(&there), "Monday turned out to be taken: {there:?}");

    both.jane.auth.revoke();
    both.ask("02T05:20", "Board deck");
    let gave = both.sync("02T05:20");
    assert!(gave.err.contains("account google: signed out of Google since"), "{gave:?}");
    assert_eq!(both.count().await, 2, "the deck is placed");
    let status = both.status("02T05:20");
    assert!(status.contains("google: signed out of Google") && status.contains(cure), "{status}");
    assert!(!status.contains("home: "), "{status}");
    both.jane.sign_in();
    let gave = both.sync("02T05:30");
    assert!(gave.err.contains("warnings=0") && both.count().await == 2, "{gave:?}");

    // One of Google's calendars has trouble for longer than we are patient.
    [(); 5]
        .iter()
        .for_each(|()| both.jane.api.fail("GET work", Fault::Refuse(500, "backendError", "")));
    both.ask("02T05:40", "Budget");
    let gave = both.sync("02T05:40");
    assert!(gave.err.contains("calendar work: Google answered 500"), "{gave:?}");
    assert!(gave.out.contains("3 calendars read"), "{gave:?}");
    assert_eq!(both.count().await, 3);
    let status = both.status("02T05:40");
    assert!(status.contains("needs attention") && !status.contains("home: "), "{status}");
    // And all of Google wants to be left alone.
    both.jane.api.fail("GET", Fault::Refuse(503, "backendError", "600"));
    let gave = both.sync("02T05:50");
    assert!(gave.err.contains("Google asks to be left alone for 10 min"), "{gave:?}");
    assert!(gave.out.contains("2 calendars read"), "{gave:?}");
    let status = both.status("02T05:50");
    assert!(status.contains("it is not asked before Mon 2 Mar 07:00"), "{status}");
    let gave = both.sync("02T06:10");
    assert!(gave.err.contains("warnings=0") && both.count().await == 3, "{gave:?}");
    assert!(!both.status("02T06:10").contains("since"), "green again");
}

#[tokio::test(flavor = "multi_thread")]
async fn caldav_fails_and_google_goes_on() {
    let mut both = Both::new(Into::Google).await;
    both.jane.sign_in();
    both.sync("02T05:00");
    both.peer.kill();
    let ours = both.jane.api.called("chronotype").unwrap();
    let blocks = both.jane.blocks(Some(&ours));
    let (id, block) = blocks.first_key_value().unwrap();
    let wednesday = json!({"start": march(4, 7), "end": march(4, 8)});
    both.jane.api.edit(&ours, id, wednesday);
    both.ask("02T05:10", "Board deck");
    let gave = both.sync("02T05:10");
    assert!(gave.err.contains("127.0.0.1"), "who does not answer is named: {gave:?}");
    assert_eq!(both.in_google().len(), 2, "the deck is placed: {gave:?}");
    assert_eq!(both.jane.person.state("02T05:10", mark(block).unwrap()), "accepted");
    let status = both.status("02T05:10");
    assert!(status.contains("since Mon 2 Mar 06:10") && !status.contains("google: "), "{status}");
    // What is known of its calendar still counts as busy.
    let google = both.in_google();
    assert!(!google.iter().any(|at| at.starts_with("2026-03-03T09")), "{google:?}");

    // With both gone, the turn fails.
    both.jane.auth.revoke();
    let gave = both.jane.person.run("02T05:20", &["sync"]);
    assert_eq!(gave.code, Some(1), "{gave:?}");
    assert!(gave.err.contains("no account could be read"), "{gave:?}");
    both.jane.sign_in();
    both.sync("02T05:30");
    assert_eq!(both.in_google().len(), 2);
}
