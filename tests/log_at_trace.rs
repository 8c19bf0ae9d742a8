//! No log of any level holds a token, secret, title or guest. Every start of the binary is traced
//! and every line looked at, here as in all other tests; this shows that the trace is one.

use crate::support::google_person::busy_morning;
use crate::support::trace::{leak, secret};
use std::path::Path;

#[test]
fn everything_is_traced_and_holds_no_secret() {
    let jane = busy_morning();
    let (output, trace) = jane.person.command("02T05:20", &["-vv", "sync"]).traced();
    assert!(output.status.success(), "{output:?}");
    // Ours, what speaks through `tracing`, and what speaks through `log`.
    for word in ["chronotype::cli::turn", "hyper_util::client", "log.target"] {
        let level = |line: &str| line.contains(" TRACE ") || line.contains(" DEBUG ");
        let told = trace.lines().filter(|line| line.contains(word) && level(line)).count();
        assert!(told > 0, "{word}: {}", trace.chars().take(2_000).collect::<String>());
    }
}

#[test]
fn what_may_not_be_told_is_found() {
    secret("eyJhbGciOiJSUzI1NiJ9.e30");
    for line in [
        "TRACE chronotype: event title=Write report",
        "TRACE hyper: authorization: Basic YWxpY2U6c2VjcmV0",
        "TRACE x: {\"authorization\": \"Bearer abcdefgh.ijk\"}",
        "DEBUG x: 1//CANARY-refresh-1",
        "DEBUG x: assertion=eyJhbGciOiJSUzI1NiJ9.e30&grant",
    ] {
        assert!(leak(line).is_some(), "{line}");
    }
    for line in ["WARN x: Basic authentication failed", "DEBUG x: sign_in=Bearer", "TRACE: 1 event"]
    {
        assert_eq!(leak(line), None, "{line}");
    }
}

/// Nobody starts the binary unwatched.
#[test]
fn there_is_one_place_that_starts_it() {
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")];
    let mut places = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                if text.contains(concat!("CARGO_BIN", "_EXE_"))
                    || text.contains(concat!("binary::", "PATH"))
                {
                    places.push(path.file_name().unwrap().to_str().unwrap().to_owned());
                }
            }
        }
    }
    places.sort();
    assert_eq!(places, ["binary.rs", "read_only_folder.rs"]);
}
