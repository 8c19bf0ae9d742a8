//! Another program works on the same files at the same time: its last word always stands.

use crate::calendar_contract::{Kept, changed, event};
use chronotype::calendar::vdir::Vdir;
use chronotype::calendar::{Calendar, Collection, Error};
use chronotype::event::{ETag, Href};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: u64 = 1_500;

/// In memory where there is such a place: more turns at the same door.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    match tempfile::tempdir_in(memory) {
        Ok(folder) => folder,
        Err(_) => tempfile::tempdir().unwrap(),
    }
}

/// The other program: writes a file beside and renames it, or deletes.
struct Other {
    file: PathBuf,
    beside: PathBuf,
    said: u64,
    random: u64,
}

impl Other {
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.random >> 33
    }

    /// Says the next word, after `last`; `None` = deleted. Who deletes what is not there (we may
    /// just have set it aside) is told so, and has said nothing.
    fn speak(&mut self, last: Option<u64>) -> Option<u64> {
        self.said += 1;
        if self.next().is_multiple_of(5) {
            return std::fs::remove_file(&self.file).map_or(last, |()| None);
        }
        std::fs::write(&self.beside, event("block", &format!("theirs {}", self.said))).unwrap();
        std::fs::rename(&self.beside, &self.file).unwrap();
        Some(self.said)
    }

    /// Speaks until told to stop; gives its last word.
    fn speak_until(&mut self, stop: &AtomicBool) -> Option<u64> {
        let there = std::fs::read_to_string(&self.file).ok();
        let mut last = there.as_deref().and_then(number);
        for spoken in 0_u64.. {
            if spoken > 0 && stop.load(Ordering::SeqCst) {
                break;
            }
            last = self.speak(last);
            let wait = Duration::from_micros(self.next() % 400);
            let begun = Instant::now();
            while begun.elapsed() < wait && !stop.load(Ordering::SeqCst) {
                std::hint::spin_loop();
            }
        }
        last
    }
}

/// The number in a text of theirs, or in one of ours that was made from it.
fn number(body: &str) -> Option<u64> {
    let summary = body.lines().find_map(|line| line.strip_prefix("SUMMARY:")).unwrap();
    summary.rsplit(' ').next().unwrap().parse().ok()
}

/// What we did in a round, on which word of theirs.
#[derive(Debug)]
enum Did {
    Updated,
    Deleted(Option<u64>),
    Created,
    Nothing,
}

async fn act(account: &Vdir, here: &Collection, href: &Href, round: u64) -> Did {
    let Some(found) = account.read(here, href).await.unwrap() else {
        let made = account.create(here, href, &event("block", "ours on none")).await;
        return if made.is_ok() { Did::Created } else { Did::Nothing };
    };
    let (seen, etag) = (number(&found.body), found.etag.unwrap());
    let refused = |error: Error| assert!(matches!(error, Error::Changed), "{error:?}");
    if round.is_multiple_of(3) {
        match account.delete(here, href, &etag).await {
            Ok(()) => return Did::Deleted(seen),
            Err(error) => refused(error),
        }
        return Did::Nothing;
    }
    let word = seen.map_or("none".to_owned(), |n| n.to_string());
    match account.update(here, href, &etag, &event("block", &format!("ours on {word}"))).await {
        Ok(_) => Did::Updated,
        Err(error) => {
            refused(error);
            Did::Nothing
        }
    }
}

#[test]
fn the_last_word_of_another_program_stands() {
    let folder = folder();
    let file = folder.path().join("block.ics");
    let (account, href) = (Vdir::new("home", folder.path()), Href::new("block.ics"));
    let beside = folder.path().join("other.tmp");
    let mut other = Other { file: file.clone(), beside, said: 0, random: 7 };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let here = runtime.block_on(account.collections()).unwrap().remove(0);
    let mut successes = 0;
    for round in 0..ROUNDS {
        let stop = AtomicBool::new(false);
        let (did, last) = std::thread::scope(|scope| {
            let theirs = scope.spawn(|| other.speak_until(&stop));
            let did = runtime.block_on(act(&account, &here, &href, round));
            stop.store(true, Ordering::SeqCst);
            (did, theirs.join().unwrap())
        });
        successes += usize::from(!matches!(did, Did::Nothing));
        let there = std::fs::read_to_string(&file).ok();
        let found = there.as_deref().map(|body| (number(body), body.contains("ours")));
        let said = other.said;
        match (last, found) {
            // What we made has no word of theirs in it: they had deleted, or we had.
            (Some(last), Some((Some(number), _))) => assert_eq!(number, last, "{round} {did:?}"),
            (Some(last), None) => {
                assert!(
                    matches!(did, Did::Deleted(Some(n)) if n == last),
                    "{round} {did:?} {last}"
                );
            }
            (None, None) => {}
            (None, Some((None, true))) => {}
            (last, found) => panic!("{round}: {did:?}, {last:?} of {said}, {found:?}"),
        }
    }
    assert!(successes > 20, "{successes} of our writes came through");
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap()).collect();
    assert!(left.iter().all(|e| e.file_name() == "block.ics"), "{left:?}");
}

/// Killed between setting aside and looking: the object is still there for us, and comes back.
#[tokio::test]
async fn a_deletion_that_was_broken_off_is_undone() {
    let folder = tempfile::tempdir().unwrap();
    let aside = folder.path().join(".chronotype-gone-block.ics");
    std::fs::write(&aside, event("block", "Mine now")).unwrap();
    std::fs::write(folder.path().join("a.ics"), event("a", "x")).unwrap();
    let (account, href) = (Vdir::new("home", folder.path()), Href::new("block.ics"));
    let here = account.collections().await.unwrap().remove(0);
    let listing = Kept::default().ask(&account, &here).await;
    assert_eq!(changed(&listing), ["a.ics", "block.ics"]);
    assert!(listing.changed[1].body.contains("Mine now"));
    let stale = account.delete(&here, &href, &ETag::new("\"old\"")).await;
    assert!(matches!(stale, Err(Error::Changed)), "{stale:?}");
    assert!(!aside.exists());
    let back = std::fs::read_to_string(folder.path().join("block.ics")).unwrap();
    assert!(back.contains("Mine now"));
    // Something newer lies there: that counts.
    std::fs::write(&aside, event("block", "Older")).unwrap();
    let listing = Kept::default().ask(&account, &here).await;
    assert!(listing.changed[1].body.contains("Mine now"));
    let etag = listing.changed[1].etag.clone().unwrap();
    account.delete(&here, &href, &etag).await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
