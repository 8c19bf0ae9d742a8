//! `forget-person`: nothing of them is left in any file, and nothing of others is touched.

use super::{Neighbours, until};
use chronotype::calendar::google::TokenFile;
use chronotype::event::PrincipalId;
use chronotype::store::Store;
use std::fs;
use std::path::{Path, PathBuf};

/// In her titles, in the name of her file, in her id.
const CANARY: &str = "quaggaokapi";

/// Every file below a folder.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(all_files(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

/// Files beside her calendars and configs that hold the canary or bear it.
fn holders(all: &Neighbours) -> Vec<PathBuf> {
    let foreign = [all.path("cal"), all.path("people"), all.path("config.toml")];
    let bears = |path: &PathBuf| {
        let named = path.display().to_string().contains(CANARY);
        let bytes = fs::read(path).unwrap_or_default();
        named || bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes())
    };
    let mut found = all_files(&all.path(""));
    found.retain(|path| {
        path.is_file() && !foreign.iter().any(|f| path.starts_with(f)) && bears(path)
    });
    found
}

/// The records went first once, or a crash came in between: what lies beside is found all the same.
#[test]
fn what_was_broken_off_is_gone_on_with() {
    let all = lived_in();
    let her = PrincipalId::new(CANARY).unwrap();
    // An account that no config names any more, and no turn has seen.
    let gone = TokenFile::beside(&all.path("store"), &her, "renamed since").path().to_owned();
    fs::write(gone, CANARY).unwrap();
    fs::write(all.path("store.sign-in/.tmpA1b2C3"), CANARY).unwrap();
    chronotype::store::remove_person(&all.path("store"), &her).unwrap();
    assert!(holders(&all).len() >= 3, "index and sign-ins are left");
    let said = all.ok(CANARY, &["forget-person", CANARY, "--json"]);
    assert!(said.contains("\"sign_ins_removed\":2"), "{said}");
    assert_eq!(holders(&all), Vec::<PathBuf>::new());
    let again = all.command(CANARY, &["forget-person", CANARY]).output();
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing is kept of"));
}

/// What the store holds, by person, every record decoded.
fn records(store: &Path, who: &str) -> usize {
    let mut out = Vec::new();
    let store = Store::open(store).unwrap();
    store.export(&PrincipalId::new(who).unwrap(), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(!text.contains("unreadable"), "{text}");
    // The first line says whose it is, the last one counts.
    text.lines().count() - 2
}

/// She and a neighbour, both learned from, both with a search index, a backup of the store and a
/// sign-in of hers beside it.
fn lived_in() -> Neighbours {
    let all = Neighbours::new(&[CANARY, "bob"]);
    for who in [CANARY, "bob"] {
        all.todo(who, &format!("Plan {who}"));
        all.ok(who, &["sync"]);
        all.ok(who, &["agenda", "--search", "plan"]);
        assert_eq!(all.blocks(who).len(), 1);
    }
    fs::create_dir(all.path("store.backup-1")).unwrap();
    for file in fs::read_dir(all.path("store")).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), all.path("store.backup-1").join(file.file_name())).unwrap();
        }
    }
    let her = PrincipalId::new(CANARY).unwrap();
    let sign_in = TokenFile::beside(&all.path("store"), &her, "home").path().to_owned();
    fs::create_dir_all(sign_in.parent().unwrap()).unwrap();
    fs::write(sign_in, CANARY).unwrap();
    assert!(holders(&all).len() >= 4, "there is nothing to forget");
    all
}

#[test]
fn nothing_is_left_of_somebody_who_is_forgotten() {
    let all = lived_in();
    let kept = records(&all.path("store"), "bob");
    let said = all.ok(CANARY, &["forget-person", CANARY]);
    assert!(said.contains("1 block taken back"), "{said}");
    assert_eq!(holders(&all), Vec::<PathBuf>::new());
    assert_eq!((all.blocks(CANARY).len(), all.blocks("bob").len()), (0, 1));
    assert!(all.path(&format!("cal/{CANARY}/work/Plan-{CANARY}.ics")).exists(), "hers stays");
    for store in ["store", "store.backup-1"] {
        assert_eq!(records(&all.path(store), CANARY), 0, "{store}");
        assert_eq!(records(&all.path(store), "bob"), kept, "{store}");
    }
    let again = all.command(CANARY, &["forget-person", CANARY]).output();
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("nothing is kept of"));
}

#[test]
fn an_insight_is_forgotten_for_good_while_many_are_served() {
    let all = Neighbours::new(&["ann", "bob"]);
    let service = all.serve();
    let told = |who: &str| all.ok(who, &["status"]).contains("last turn");
    until("a turn of each", || ["ann", "bob"].iter().all(|who| told(who)));
    for who in ["ann", "bob"] {
        all.ok(who, &["remember", &format!("No calls with {CANARY}{who} before ten")]);
    }
    let has = |who: &str| all.ok(who, &["insights"]).contains(CANARY);
    assert!(has("ann") && has("bob"));
    let id = all.ok("ann", &["insights", "--json"]);
    let id = serde_json::from_str::<serde_json::Value>(id.lines().next().unwrap()).unwrap();
    let id = id["id"].as_str().unwrap().to_owned();
    assert_eq!(all.ok("ann", &["forget", &id]), format!("Forgotten: {id}\n"));
    assert!(!has("ann") && has("bob"), "hers alone");
    let gone = format!("{CANARY}ann").into_bytes();
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(gone.len()).any(|w| w == gone);
    assert!(!all_files(&all.path("store")).iter().any(holds), "it is still in a file");
    all.todo("bob", "Budget plan");
    all.ok("bob", &["sync"]);
    assert_eq!(all.blocks("bob").len(), 1, "the service goes on");
    assert!(!service.end().contains("ERROR"));
}

#[test]
fn blocks_go_first_or_stay_by_the_persons_word() {
    let all = lived_in();
    let not_hers = all.command("bob", &["forget-person", CANARY]).output();
    assert_eq!(not_hers.status.code(), Some(2), "his config can't take her blocks back");
    // Her calendars can't be reached: nothing is forgotten.
    fs::rename(all.path("cal"), all.path("elsewhere")).unwrap();
    let refused = all.command(CANARY, &["forget-person", CANARY]).output();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("1 block could not be taken back"), "{said}");
    fs::rename(all.path("elsewhere"), all.path("cal")).unwrap();
    assert!(records(&all.path("store"), CANARY) > 0);
    all.ok("bob", &["forget-person", CANARY, "--keep-blocks"]);
    assert_eq!((records(&all.path("store"), CANARY), all.blocks(CANARY).len()), (0, 1));
}

#[test]
fn beside_a_service_it_waits_until_she_is_no_longer_served() {
    let all = lived_in();
    let service = all.serve();
    let refused = all.command(CANARY, &["forget-person", CANARY]).output();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("would begin anew"), "{said}");
    let config = all.path(&format!("people/{CANARY}.toml"));
    fs::rename(config, all.path("config.toml")).unwrap();
    service.says("STATUS=1 people served");
    let gone = all.command("../config", &["forget-person", CANARY]).output();
    assert!(gone.status.success(), "{}", String::from_utf8_lossy(&gone.stderr));
    // He goes on.
    all.ok("bob", &["schedule", "Call the bank", "--duration", "30m"]);
    all.ok("bob", &["sync"]);
    until("his second block", || all.blocks("bob").len() == 2);
    service.end();
    assert_eq!(holders(&all), Vec::<PathBuf>::new());
}
