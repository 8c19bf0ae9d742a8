//! kill -9 at any moment: what is found again is the state after exactly one of the commits, and
//! none that was acknowledged is lost.

use super::{principal, year};
use chronotype::store::{Person, Store};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Set for the child: where its store lies.
const STORE: &str = "CHRONOTYPE_CRASH_STORE";
/// Set for the child: objects in each of its turns.
const OBJECTS: &str = "CHRONOTYPE_CRASH_OBJECTS";

/// A state in which every record differs from that of any other turn.
fn state(turns: u64, objects: usize) -> Person {
    let mut person = Person { turns, ..year::crowded(objects) };
    let all = person
        .status
        .collections
        .values_mut()
        .flat_map(|c| Arc::make_mut(&mut c.known).values_mut());
    all.for_each(|known| known.body.iter_mut().for_each(|body| body.push_str(&turns.to_string())));
    Arc::make_mut(&mut person.events).values_mut().for_each(|event| event.sequence = turns as u32);
    // Embeddings are rounded; states are compared exactly.
    person.types = Default::default();
    person
}

#[test]
#[ignore = "the child of the tests below"]
fn crash_child() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let objects = std::env::var(OBJECTS).unwrap().parse().unwrap();
    let store = Store::open(path.as_ref()).unwrap();
    let me = principal("me");
    let mut before = store.load(&me).unwrap();
    println!("turn {}", before.turns);
    loop {
        let after = state(before.turns + 1, objects);
        store.commit(&me, &before, &after).unwrap();
        println!("turn {}", after.turns);
        before = after;
    }
}

/// Kills the child again and again; every reopening finds one whole turn.
fn check(objects: usize, rounds: u64, pause: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut found = Person::default();
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::crash::crash_child", "--ignored", "--nocapture"])
            .env(STORE, &path)
            .env(OBJECTS, objects.to_string())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, said) = std::sync::mpsc::channel();
        let reader = std::thread::spawn(move || {
            let turns = lines.map_while(Result::ok);
            let numbers = turns.filter_map(|l| l.split_once("turn ")?.1.trim().parse().ok());
            for turn in numbers {
                let _: Result<(), _> = sender.send(turn);
            }
        });
        // As far as it got by itself, however slow the machine; then somewhere in a commit.
        let mut acknowledged = found.turns;
        for _ in 0..=round % 3 {
            acknowledged = said.recv().expect("it runs until it is killed");
        }
        std::thread::sleep(pause * u32::try_from(round).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        reader.join().unwrap();
        acknowledged = said.iter().last().unwrap_or(acknowledged);

        found = Store::open(&path).unwrap().load(&principal("me")).unwrap();
        assert!(found.turns >= acknowledged, "{} < {acknowledged}", found.turns);
        assert!(found.turns <= acknowledged + 1);
        let meant = if found.turns == 0 { Person::default() } else { state(found.turns, objects) };
        assert!(found == meant, "turn {} is not whole", found.turns);
    }
    let turns = Store::open(&path).unwrap().load(&principal("me")).unwrap().turns;
    assert!(turns >= rounds / 2, "the child never got far: {turns} turns");
}

#[test]
fn kill_nine_loses_no_turn() {
    check(20, 10, Duration::from_millis(7));
}

#[test]
fn kill_nine_in_a_large_turn_leaves_all_or_nothing_of_it() {
    check(1_200, 6, Duration::from_millis(37));
}
