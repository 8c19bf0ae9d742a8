//! Colours of blocks, for those who want them.

use super::turns::{OURS, Story, states};
use super::{Tokens, account_with, pace};
use crate::support::google::TOKEN;
use chronotype::schedule::suggestion::State;
use serde_json::json;

/// A story in which blocks are painted, or not.
fn paint(story: &mut Story, wanted: bool) {
    let google = account_with(&story.fake, Tokens::of(&[TOKEN]), pace());
    story.clients[0].calendar = Box::new(google.with_colours(wanted));
}

#[test]
fn a_colour_of_ours_is_no_gesture_and_one_of_theirs_is() {
    let mut story = Story::new();
    paint(&mut story, true);
    story.ok("02T05:00");
    let block = story.blocks().remove(0);
    let (id, private) = (block["id"].as_str().unwrap(), &block["extendedProperties"]["private"]);
    let expected = match private["chronotypeCategory"].as_str().unwrap() {
        "focused" => "9",
        "collaborative" => "6",
        "administrative" => "8",
        other => panic!("{other}"),
    };
    assert_eq!(block["colorId"], expected);
    // Also when colours are no longer wanted, and when they are again; each time it is read anew.
    for (wanted, now) in [(true, "02T05:10"), (false, "02T05:20"), (true, "02T05:30")] {
        paint(&mut story, wanted);
        story.fake.edit(OURS, id, json!({"sequence": now.len()}));
        let (_, person) = story.ok(now);
        assert_eq!(states(&person), [State::Proposed], "{now}");
        assert_eq!(story.blocks()[0]["colorId"], expected);
    }
    story.fake.edit(OURS, id, json!({"colorId": "11"}));
    let theirs = story.blocks();
    let (_, person) = story.ok("02T05:40");
    assert_eq!((states(&person), story.blocks()), (vec![State::Taken], theirs));
}

#[test]
fn nobody_gets_a_colour_unasked() {
    let story = Story::new();
    story.ok("02T05:00");
    let block = story.blocks().remove(0);
    assert!(block.get("colorId").is_none(), "{block}");
    // The colour that would be ours, had it been asked for.
    story.fake.edit(OURS, block["id"].as_str().unwrap(), json!({"colorId": "9"}));
    let (_, person) = story.ok("02T05:10");
    assert_eq!(states(&person), [State::Taken]);
}
