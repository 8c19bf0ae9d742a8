//! `chronotype plan --problem`: what it solves, and what it says when it can't.

use crate::support::binary::binary;
use std::path::{Path, PathBuf};
use std::process::Output;

fn plan(file: &Path) -> Output {
    binary().args(["plan", "--problem"]).arg(file).output()
}

fn bare() -> serde_json::Value {
    serde_json::json!({
        "id": "one", "grid": 15, "weeks": 1,
        "working": [[540, 720], null, null, null, null, null, null],
        "busy": [[540, 570]], "buffer": 15, "max_focus_minutes_per_day": 240,
        "requests": [{
            "id": "r0", "type": "writing", "category": "focused", "duration": 60, "count": 1,
            "weight": 2, "high_load": true, "recovery": 60, "max_per_day": 1,
            "earliest": 0, "deadline": 10080
        }],
        "score": { "writing": vec![vec![500; 24]; 7] }
    })
}

fn written(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("problem.json");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

#[test]
fn a_bare_instance_and_a_list_of_wrapped_ones_are_solved() {
    let wrapped = serde_json::json!([{ "instance": bare(), "optimum": 1000, "extra": {} }]);
    for text in [bare().to_string(), wrapped.to_string()] {
        let (_folder, file) = written(&text);
        let output = plan(&file);
        assert!(output.status.success(), "{output:?}");
        let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said, serde_json::json!({ "one": [["r0", 585]] }));
    }
}

#[test]
fn what_is_wrong_is_said_in_one_sentence() {
    let with = |change: fn(&mut serde_json::Value)| {
        let mut instance = bare();
        change(&mut instance);
        instance.to_string()
    };
    let cases = [
        ("{".to_owned(), "line 1"),
        ("[{}]".to_owned(), "instance"),
        ("[3]".to_owned(), "line 1"),
        (String::new(), "line 1"),
        (with(|i| i["weeks"] = 1_000_000_000.into()), "weeks"),
        (with(|i| i["weeks"] = (-1).into()), "weeks"),
        (with(|i| i["grid"] = 0.into()), "grid"),
        (with(|i| i["busy"] = serde_json::json!([[10, 5]])), "busy[0]"),
        (with(|i| i["working"] = serde_json::json!([[0, 1440]])), "line 1"),
        (with(|i| i["working"][0][1] = 99_999.into()), "working"),
        (with(|i| i["requests"][0]["duration"] = 0.into()), "request 'r0': duration"),
        (with(|i| i["requests"][0]["type"] = "other".into()), "'other'"),
        (with(|i| i["requests"][0]["count"] = (1_i64 << 60).into()), "count"),
        (with(|i| drop(i.as_object_mut().unwrap().remove("buffer"))), "buffer"),
        (with(|i| i["score"]["writing"][0][0] = i64::MAX.into()), "score"),
    ];
    for (text, named) in cases {
        let (_folder, file) = written(&text);
        let output = plan(&file);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}: {said}");
        assert!(output.stdout.is_empty());
        assert!(said.contains("problem.json") && said.contains(named), "{named}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{said}");
    }
}

#[test]
fn a_missing_file_is_a_failure() {
    let output = plan(Path::new("/nowhere/problem.json"));
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("/nowhere/problem.json"));
}
