//! `[daemon]`.

use super::{check, read};
use chronotype::config::Config;

#[test]
fn the_log_has_levels_and_forms() {
    let config = read("[daemon]\nlog = \"debug\"\nlog_format = \"json\"\n");
    assert_eq!((config.daemon.log.word(), config.daemon.log_format.word()), ("debug", "json"));
    assert!(config.to_toml().contains("log_format = \"json\""));
    let expected = "line 2: daemon.log_format: 'jsno' is not known (did you mean \"json\"?)";
    check("[daemon]\nlog_format = \"jsno\"\n", &[expected]);
}

#[test]
fn times_of_day_are_read_and_shown_and_others_are_told() {
    let config = read("[daemon]\nmorning = \"05:45\"\nnight = \"23:30\"\n");
    let time = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
    assert_eq!(
        (time(config.daemon.morning), time(config.daemon.night)),
        ("05:45".into(), "23:30".into())
    );
    let shown = config.to_toml();
    assert_eq!(Config { notes: config.notes.clone(), ..read(&shown) }, config, "{shown}");
    for wrong in ["6", "24:00", "6 am", "06:00:00"] {
        let expected = format!(
            "line 2: daemon.morning: '{wrong}' is no time of day (write for example \"06:00\")"
        );
        check(&format!("[daemon]\nmorning = \"{wrong}\"\n"), &[&expected]);
    }
}
