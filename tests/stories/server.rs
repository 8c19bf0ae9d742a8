//! Replies of a server that never arrive: the next turn repairs it, nothing is written twice.

use super::{edited, todo};
use crate::main_job::{blocks, person_of};
use crate::support::peers::Peer;
use crate::support::person::Person;
use crate::support::proxy::Fault;

/// States of all blocks that are remembered.
fn states(person: &Person, now: &str) -> Vec<String> {
    let all = person.list(now, &["export"]);
    let all = all.iter().filter(|r| r["kind"] == "suggestion");
    all.map(|r| r["state"].as_str().unwrap().to_owned()).collect()
}

async fn with_todo(peer: &Peer) -> Person {
    peer.put(&peer.object("t1.ics"), &todo("t1", "DUE:20260306T160000Z")).await;
    person_of(peer)
}

async fn lost_replies(peer: Peer) {
    let person = with_todo(&peer).await;
    // Whatever is lost on the way to the first block, three turns later there is one.
    for method in ["MKCALENDAR", "PUT", "PROPFIND", "REPORT"] {
        peer.proxy.fail(method, Fault::LoseAnswer);
    }
    for minute in ["00", "10", "20"] {
        person.run(&format!("02T05:{minute}"), &["sync"]);
    }
    person.ok("02T05:30", &["sync"]);
    let there = blocks(&peer).await;
    assert_eq!(there.len(), 1, "{there:?}");
    assert_eq!(states(&person, "02T05:30"), ["proposed"]);

    // The answer to a DELETE is lost: the block is gone and stays gone.
    peer.put(&peer.object("t1.ics"), &todo("t1", "STATUS:COMPLETED")).await;
    peer.proxy.fail("DELETE", Fault::LoseAnswer);
    for now in ["02T05:40", "02T05:50", "02T06:00"] {
        person.run(now, &["sync"]);
        assert!(blocks(&peer).await.is_empty(), "{now}");
    }
    assert_eq!(states(&person, "02T06:00"), ["withdrawn"]);
    let quiet = peer.requests().len();
    person.ok("02T06:10", &["sync"]);
    assert_eq!(peer.requests().len() - quiet, 2, "nothing is left to do");
}

/// The write is out, its answer is lost, the person drags the block, and our collection can't be
/// listed for a turn.
async fn dragged_meanwhile(peer: Peer) {
    let person = with_todo(&peer).await;
    peer.proxy.fail("PUT", Fault::LoseAnswer);
    person.run("02T05:00", &["sync"]);
    let there = blocks(&peer).await;
    let (href, block) = there.iter().next().expect("it was written");
    let dragged =
        edited(&block.body, &[("DTSTART", ":20260305T140000Z"), ("DTEND", ":20260305T150000Z")]);
    peer.put(href, &dragged).await;
    for _ in 0..4 {
        peer.proxy.fail("REPORT", Fault::Answer(503, String::new()));
    }
    for now in ["02T05:10", "02T05:20", "02T05:30", "02T05:40", "03T05:00"] {
        person.run(now, &["sync"]);
        let body = peer.get(href).await.expect("it stays");
        assert!(body.contains("DTSTART:20260305T140000Z"), "{now}");
    }
    assert_eq!(blocks(&peer).await.len(), 1);
    assert_eq!(states(&person, "03T05:00"), ["accepted"]);
}

/// The answers to what she ordered are lost: it is done once, and stays done.
async fn orders(peer: Peer) {
    let person = with_todo(&peer).await;
    person.ok("02T05:00", &["sync"]);
    assert_eq!(blocks(&peer).await.len(), 1);
    peer.proxy.fail("DELETE", Fault::LoseAnswer);
    person.run("02T05:10", &["withdraw", "--all"]);
    for now in ["02T05:20", "02T05:30"] {
        person.ok(now, &["sync"]);
        assert!(blocks(&peer).await.is_empty(), "{now}");
    }
    let open = person.records("02T05:30", "order");
    assert!(open.is_empty(), "{open:?}");
    assert_eq!(states(&person, "02T05:30"), ["refused"]);

    peer.proxy.fail("PUT", Fault::LoseAnswer);
    person.run("02T05:40", &["undo"]);
    for now in ["02T05:50", "02T06:00"] {
        person.ok(now, &["sync"]);
        assert_eq!(blocks(&peer).await.len(), 1, "{now}");
    }
    let mut all = states(&person, "02T06:00");
    all.sort();
    // Her no was taken back with it.
    assert_eq!(all, ["proposed", "withdrawn"]);
    let foreign = peer.get(&peer.object("t1.ics")).await;
    assert!(foreign.is_some_and(|body| body.contains("UID:t1")), "her own stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_whose_replies_radicale_loses() {
    orders(Peer::radicale().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_whose_replies_xandikos_loses() {
    orders(Peer::xandikos().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_lost_by_radicale() {
    lost_replies(Peer::radicale().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_lost_by_xandikos() {
    lost_replies(Peer::xandikos().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_dragged_while_its_write_is_in_doubt() {
    dragged_meanwhile(Peer::xandikos().await).await;
}
