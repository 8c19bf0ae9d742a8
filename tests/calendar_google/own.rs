//! Which calendar is ours: the one that this program made, not one that bears its name.

use super::turns::{OURS, Story, states};
use super::{Tokens, account_with, pace};
use crate::support::google::{Fake, Fault, TOKEN};
use chronotype::calendar::google::{Access, Google, Writing};
use chronotype::calendar::{Calendar, Error, Http};
use chronotype::event::Href;
use chronotype::schedule::suggestion::State;
use serde_json::json;

const THEIRS: &str = "theirs@group.calendar.google.com";
const NAME: &str = "chronotype";

/// Calendars of the name, as the list shows them.
async fn named(fake: &Fake) -> Vec<(String, String)> {
    let google = account_with(fake, Tokens::of(&[TOKEN]), pace());
    let all = google.collections().await.unwrap().into_iter();
    let all = all.filter(|c| c.name.starts_with(NAME));
    all.map(|c| (c.href.as_str().to_owned(), c.name)).collect()
}

#[test]
fn a_calendar_of_the_same_name_is_not_ours() {
    for role in ["owner", "writer", "reader"] {
        let story = Story::new();
        // The calendar of ours comes behind.
        story.fake.add_calendar(THEIRS, NAME, role);
        story.fake.put_timed(THEIRS, "their1", "X", "2026-04-02T09:00:00Z", "2026-04-02T10:00:00Z");
        let ours = OURS.replace("c2", "c3");
        for now in ["02T05:00", "02T05:10", "03T12:00"] {
            let (_, person) = story.ok(now);
            assert_eq!(states(&person).len(), 1, "{role}");
            let is_ours = |id: &str| {
                let all = &person.status.collections;
                all.values().find(|c| c.href == Some(Href::new(id))).map(|c| c.ours)
            };
            assert_eq!(is_ours(THEIRS), Some(false), "{role} {now}");
            assert_eq!((is_ours(&ours), story.fake.ids(&ours).len()), (Some(true), 1), "{role}");
        }
        assert_eq!(story.fake.ids(THEIRS), ["their1"]);
        // Nothing is remembered: Google still knows who made which, and none is made anew.
        std::fs::remove_dir_all(story.folder.path().join("store")).unwrap();
        story.ok("03T12:10");
        assert!(!story.fake.has_calendar(&OURS.replace("c2", "c4")), "{role}");
        assert_eq!(story.fake.ids(THEIRS), ["their1"]);
    }
}

#[tokio::test]
async fn they_are_told_apart_by_who_made_them() {
    let fake = Fake::start();
    fake.add_calendar(THEIRS, NAME, "owner");
    let google = account_with(&fake, Tokens::of(&[TOKEN]), pace());
    let made = google.make_collection(NAME).await.unwrap();
    assert_ne!(made.href.as_str(), THEIRS);
    assert_eq!(google.make_collection(NAME).await.unwrap().href, made.href, "one is enough");
    let foreign = "chronotype (not made by chronotype)";
    let expected = [(THEIRS, foreign), (made.href.as_str(), NAME)];
    assert_eq!(named(&fake).await, expected.map(|(id, name)| (id.to_owned(), name.to_owned())));

    // What the store remembers is not asked for again.
    let google = account_with(&fake, Tokens::of(&[TOKEN]), pace());
    google.recall_own(std::slice::from_ref(&made.href));
    fake.delete_calendar(THEIRS);
    let before = fake.log().len();
    google.collections().await.unwrap();
    assert_eq!(fake.log().len() - before, 1);
}

#[tokio::test]
async fn no_answer_makes_no_calendar() {
    let fake = Fake::start();
    let google = account_with(&fake, Tokens::of(&[TOKEN]), pace());
    let made = google.make_collection(NAME).await.unwrap();
    let fresh = || account_with(&fake, Tokens::of(&[TOKEN]), pace());
    let question = format!("GET calendars/{}?", made.href.as_str());
    for _ in 0..2 {
        (0..4).for_each(|_| fake.fail(&question, Fault::Refuse(500, "backendError", "")));
        let found = fresh().make_collection(NAME).await;
        assert!(matches!(found, Err(Error::Transient(_))), "{found:?}");
        (0..4).for_each(|_| fake.fail(&question, Fault::Drop));
        assert!(matches!(fresh().collections().await, Err(Error::Transient(_))));
    }
    assert_eq!(fake.faults_left(), 0);
    assert_eq!(fresh().make_collection(NAME).await.unwrap().href, made.href);
}

#[tokio::test]
async fn one_that_is_hidden_is_not_made_again() {
    let fake = Fake::start();
    let google = account_with(&fake, Tokens::of(&[TOKEN]), pace());
    let made = google.make_collection(NAME).await.unwrap();
    fake.set_entry(made.href.as_str(), json!({"hidden": true}));
    let google = account_with(&fake, Tokens::of(&[TOKEN]), pace());
    google.recall_own(std::slice::from_ref(&made.href));
    let found = google.make_collection(NAME).await.unwrap_err().to_string();
    assert!(found.starts_with("the calendar 'chronotype' is there and hidden"), "{found}");
    fake.delete_calendar(made.href.as_str());
    assert!(google.make_collection(NAME).await.is_ok(), "a new one");
}

#[tokio::test]
async fn a_chosen_calendar_has_to_be_the_persons_own() {
    let fake = Fake::start();
    fake.add_calendar("team@group.calendar.google.com", "Team", "writer");
    let chosen = |name| {
        let (account, api_root) = ("home".to_owned(), Some(fake.root()));
        let access = Access { account, api_root, pace: pace() };
        let google = Google::new(Http::new().unwrap(), Tokens::of(&[TOKEN]), access).unwrap();
        google.with_blocks(name, Writing::ChosenCalendar)
    };
    let team = chosen("Team").collections().await.unwrap();
    assert!(team.iter().find(|c| c.name == "Team").unwrap().read_only);
    let refused = chosen("Team").make_collection("Team").await.unwrap_err().to_string();
    assert!(refused.starts_with("the calendar 'Team' can only be read"), "{refused}");
    let work = chosen("work").make_collection("work").await.unwrap();
    assert_eq!(work.href.as_str(), super::WORK, "the one that the person has named");
    assert_eq!(fake.log().iter().filter(|line| line.starts_with("POST")).count(), 0);
}

#[test]
fn a_lost_answer_to_the_making_of_a_calendar_makes_no_second() {
    let story = Story::new();
    story.fake.add_calendar(THEIRS, NAME, "owner");
    story.fake.fail("POST /calendar/v3/calendars?", Fault::LoseAnswer);
    for now in ["02T05:00", "02T05:10", "02T05:20"] {
        story.ok(now);
    }
    let (_, person) = story.ok("02T05:30");
    assert_eq!((states(&person), story.fake.faults_left()), (vec![State::Proposed], 0));
    assert!(!story.fake.has_calendar(&OURS.replace("c2", "c4")));
    assert_eq!(story.fake.ids(&OURS.replace("c2", "c3")).len(), 1);
}
