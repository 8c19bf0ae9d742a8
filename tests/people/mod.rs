//! `run --users`: many people in one process, each apart from all others.

mod isolation;
mod removal;

use crate::support::neighbours::{Neighbours, until};
use rustix::process::Signal;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

/// A config that reads an account of its own.
fn status(all: &Neighbours, file: &str) -> serde_json::Value {
    serde_json::from_str(&all.ok(file, &["status", "--json"])).unwrap()
}

fn turns(all: &Neighbours, file: &str) -> u64 {
    status(all, file)["turns"].as_u64().unwrap()
}

#[test]
fn each_has_their_own_turns_blocks_and_commands() {
    let all = Neighbours::new(&["ann", "bob"]);
    all.todo("ann", "Annual report");
    let service = all.serve();
    until("a block of hers", || all.blocks("ann").len() == 1);
    assert_eq!(all.blocks("bob").len(), 0);
    until("a turn of his", || turns(&all, "bob") > 0);
    assert!(all.ok("ann", &["suggestions"]).contains("Annual report"));
    assert!(!all.ok("bob", &["suggestions"]).contains("Annual report"));

    // What a command keeps is kept by the service.
    all.ok("bob", &["schedule", "Call the bank", "--duration", "30m"]);
    assert_eq!(status(&all, "bob")["asks"], 1);
    all.ok("bob", &["sync"]);
    assert_eq!(all.blocks("bob").len(), 1);
    assert!(all.ok("bob", &["agenda", "--search", "bank"]).contains("Call the bank"));
    let mut log = service.end();
    log.make_ascii_lowercase();
    assert!(!log.contains("error") && !log.contains("report") && !log.contains("bank"), "{log}");
    // And without the service, by the same words.
    assert!(all.ok("bob", &["suggestions"]).contains("Call the bank"));
    assert!(!all.ok("ann", &["export"]).contains("bank"));
}

/// Commands that hold on to something, and commands that wait for it and go.
#[test]
fn who_waits_for_the_store_and_goes_stops_nobody() {
    use std::io::Write;
    let all = Neighbours::new(&["ann"]);
    let service = all.serve();
    until("a turn of hers", || turns(&all, "ann") > 0);
    let ask = |words: &str| {
        let mut stream = UnixStream::connect(all.path("store.socket")).unwrap();
        stream.write_all(words.as_bytes()).unwrap();
        stream
    };
    let mut held = ask("records, please: ann\n");
    // It has them when the first of their bytes are here.
    std::io::Read::read_exact(&mut held, &mut [0; 8]).unwrap();
    let waits = ask("store, please\n");
    service.signal(Signal::HUP);
    drop(waits);
    std::fs::create_dir_all(all.path("cal/bob/work")).unwrap();
    all.todo("bob", "Budget plan");
    all.moves_in("bob", "bob");
    until("a turn of his", || all.blocks("bob").len() == 1);
    drop(held);
    service.end();
}

#[test]
fn they_come_change_and_go_while_it_runs() {
    let all = Neighbours::new(&["ann"]);
    let service = all.serve();
    service.says("STATUS=1 people served, 0 in trouble");
    std::fs::create_dir_all(all.path("cal/bob/work")).unwrap();
    all.todo("bob", "Budget plan");
    all.moves_in("bob", "bob");
    until("a block of his", || all.blocks("bob").len() == 1);

    // A change that is off changes nothing, a sound one does at once.
    let sound = std::fs::read_to_string(all.path("people/ann.toml")).unwrap();
    all.config("ann", &format!("{sound}\nnonsense = 1\n"));
    service.says("STATUS=2 people served, 0 in trouble, files refused: 1");
    let second = all.path("cal/second").display().to_string();
    std::fs::create_dir_all(all.path("cal/second/own")).unwrap();
    let table = format!("[[account]]\nname = \"two\"\nkind = \"vdir\"\npath = \"{second}\"\n");
    all.config("ann", &sound.replace("[planning]", &format!("{table}[planning]")));
    until("her second account is read", || {
        let collections = status(&all, "ann")["collections"].as_array().unwrap().len();
        collections == 2
    });
    all.leaves("bob");
    service.says("STATUS=1 people served, 0 in trouble");
    all.moves_in("bob", "bob");
    assert!(all.ok("bob", &["suggestions"]).contains("Budget plan"), "what was kept stays");
    let log = service.end();
    assert!(log.contains("nonsense") && log.contains("stays in force"), "{log}");
}

/// Whoever can put files into the folder decides which programs are run.
#[test]
fn a_folder_that_others_can_change_serves_nobody_new() {
    let all = Neighbours::new(&["ann"]);
    let service = all.serve();
    service.says("STATUS=1 people served");
    let open = |mode| {
        let folder = all.path("people");
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(0o777);
    all.moves_in("bob", "bob");
    service.signal(Signal::HUP);
    until("a turn of hers", || turns(&all, "ann") > 0);
    open(0o755);
    service.says("STATUS=2 people served");
    let log = service.end();
    assert!(log.contains("others can change it"), "{log}");
}

#[test]
fn what_is_off_with_one_is_no_trouble_of_another() {
    let all = Neighbours::new(&["ann", "bob", "cat", "dan"]);
    all.config("broken", "[person\n");
    all.config("nobody", "[[account]]\nname = \"a\"\nkind = \"vdir\"\npath = \"x\"\n");
    all.moves_in("second", "ann");
    all.moves_in("open", "open");
    let open = all.path("people/open.toml");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o666)).unwrap();
    // A folder that is not there, and a calendar full of nonsense.
    std::fs::remove_dir_all(all.path("cal/bob")).unwrap();
    std::fs::write(all.path("cal/cat/work/x.ics"), vec![0xff; 100_000]).unwrap();
    let deep = "BEGIN:VEVENT\r\n".repeat(20_000);
    std::fs::write(all.path("cal/cat/work/y.ics"), format!("BEGIN:VCALENDAR\r\n{deep}")).unwrap();
    all.todo("dan", "Dance class");
    let service = all.serve();
    until("a block of his", || all.blocks("dan").len() == 1);
    until("a turn of all", || ["ann", "cat"].iter().all(|who| turns(&all, who) > 0));
    let his = status(&all, "bob");
    assert!(!his["accounts_in_trouble"].as_array().unwrap().is_empty());
    assert_eq!(his["staleness"]["causes"][0], his["accounts_in_trouble"][0]["cause"]);
    assert!(his["doing"]["next_turn"].is_string(), "{his}");
    service.signal(Signal::HUP);
    service.says("STATUS=4 people served, 1 in trouble, files refused: 4");
    let log = service.end();
    for words in [
        "ann.toml and ",
        "second.toml both say that they are ann",
        "broken.toml",
        "everybody needs an id",
        "others can change it",
    ] {
        assert!(log.contains(words), "{words}: {log}");
    }
}
