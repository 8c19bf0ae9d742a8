//! `chronotype occurrences` as scripts call it.

use crate::support::binary::binary;

/// Runs the command; its exit code, stdout and stderr.
fn command(arguments: &[&str]) -> (i32, String, String) {
    let done = binary().args(arguments).output();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (done.status.code().unwrap(), text(done.stdout), text(done.stderr))
}

#[test]
fn the_command_prints_occurrences_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.ics");
    let text = "BEGIN:VEVENT\nUID:s\nSUMMARY:Review\nDTSTART:20260302T090000Z\nDURATION:PT1H\n\
        RRULE:FREQ=DAILY;COUNT=2\nEND:VEVENT\nBEGIN:VEVENT\nUID:b\nEND:VEVENT\n\
        BEGIN:VEVENT\nUID:d\nSUMMARY:Trip\nDTSTART:20260302\nDURATION:P2D\nEND:VEVENT\n";
    std::fs::write(&file, text).unwrap();
    let path = file.to_str().unwrap();
    let days = ["--from", "2026-03-01", "--to", "2026-04-01", "--tz"];
    let call =
        |file, rest: &[&str]| command(&[&["occurrences", file], days.as_slice(), rest].concat());
    let (code, out, err) = call(path, &["Europe/Berlin", "--json"]);
    let series = |day: u8| {
        format!(
            "{{\"uid\":\"s\",\"recurrence_id\":\"2026-03-0{day}T09:00:00Z\",\"summary\":\"Review\",\
             \"start\":\"2026-03-0{day}T09:00:00Z\",\"end\":\"2026-03-0{day}T10:00:00Z\",\
             \"all_day\":false}}\n"
        )
    };
    let trip = "{\"uid\":\"d\",\"recurrence_id\":null,\"summary\":\"Trip\",\
        \"start\":\"2026-03-02\",\"end\":\"2026-03-04\",\"all_day\":true}\n";
    assert_eq!((code, out), (0, format!("{trip}{}{}", series(2), series(3))));
    assert_eq!(
        err,
        format!("{path}: line 8: this VEVENT has no readable DTSTART and was skipped (DTSTART)\n")
    );
    let (code, out, _) = call(path, &["Europe/Berlin"]);
    let rows = "Mon 2026-03-02 - 2026-03-03              Trip\n\
        Mon 2026-03-02 10:00 - 11:00             Review\n\
        Tue 2026-03-03 10:00 - 11:00             Review\n";
    assert_eq!((code, out.as_str()), (0, rows));
    let (code, out, err) = call("/nowhere.ics", &["UTC"]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("error: can't read /nowhere.ics: "), "{err}");
    let (code, _, err) = call(path, &["Mars/Base"]);
    assert_eq!(code, 2);
    assert!(err.contains("no time zone of that name"), "{err}");
    let folder = folder.path().to_str().unwrap();
    assert!(call(folder, &["UTC"]).2.contains("is a folder, not an .ics file"));
    let (code, _, err) =
        command(&["occurrences", path, "--from", "soon", "--to", "2026-04-01", "--tz", "UTC"]);
    assert_eq!(code, 2);
    assert!(err.contains("not a day such as 2026-03-02"), "{err}");
    let backwards = ["--from", "2026-04-01", "--to", "2026-03-01", "--tz", "UTC"];
    let (code, _, err) = command(&[["occurrences", path].as_slice(), &backwards].concat());
    assert_eq!((code, err.as_str()), (2, "error: --to must lie after --from\n"));
}
