//! Secrets from outside: where they come from, and that they are nowhere else.

mod everywhere;
mod files;
mod keyring;
mod process;
mod written;

use crate::support::person::Person;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::path::Path;

/// The password of alice; it holds what JSON, URLs and shells would spell otherwise.
const MARKED: &str = "canary-Pa55/w+rd=";

/// How it may be spelled.
fn spellings() -> Vec<String> {
    vec![
        MARKED.to_owned(),
        STANDARD.encode(format!("alice:{MARKED}")),
        STANDARD.encode(MARKED),
        MARKED.replace('/', "%2F").replace('+', "%2B").replace('=', "%3D"),
        MARKED.replace('/', "\\/"),
    ]
}

/// Times that ASCII occurs in what may be anything: what is no text between is passed over.
fn count(hay: &[u8], needle: &str) -> usize {
    String::from_utf8_lossy(hay).matches(needle).count()
}

/// Fails when it occurs, in any spelling.
#[track_caller]
fn is_free_of_it(what: &str, text: &[u8]) {
    for spelling in spellings() {
        assert_eq!(count(text, &spelling), 0, "{what}: {}", String::from_utf8_lossy(text));
    }
}

/// Looks at every file below, but those of these names.
fn files_are_free_of_it(folder: &Path, but: &[&str]) -> usize {
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() {
            seen += files_are_free_of_it(&path, but);
        } else if kind.is_file() && !but.iter().any(|name| entry.file_name() == **name) {
            is_free_of_it(&path.display().to_string(), &std::fs::read(&path).unwrap());
            seen += 1;
        }
    }
    seen
}

/// An account of alice's at this server; `source` says where the password is.
fn account(url: &str, keys: &str) -> Person {
    Person::with_account(&format!(
        "kind = \"caldav\"\nurl = \"{url}\"\nusername = \"alice\"\n{keys}"
    ))
}
