//! `[daemon]`.

use super::{check, origin, read};
use chronotype::config::Config;

#[test]
fn numbers_are_shown_to_this_computer_alone() {
    assert_eq!(read("").daemon.metrics, None);
    for address in ["127.0.0.1:9469", "[::1]:9469", "127.3.2.1:80"] {
        let config = read(&format!("[daemon]\nmetrics = \"{address}\"\n"));
        assert_eq!(config.daemon.metrics.map(|at| at.to_string()).as_deref(), Some(address));
        assert!(config.to_toml().contains(&format!("metrics = \"{address}\"")));
    }
    for (wrong, what) in [
        ("0.0.0.0:9469", "'0.0.0.0:9469' can be reached from outside"),
        ("[::]:9469", "'[::]:9469' can be reached from outside"),
        ("192.168.1.2:9469", "'192.168.1.2:9469' can be reached from outside"),
        ("127.0.0.1:0", "nobody would know which port 0 becomes"),
        ("127.0.0.1", "'127.0.0.1' is no address with a port"),
        ("localhost:9469", "'localhost:9469' is no address with a port"),
        ("on", "'on' is no address with a port"),
    ] {
        let hint = "(write for example \"127.0.0.1:9469\", or \"off\")";
        let expected = format!("line 2: daemon.metrics: {what} {hint}");
        check(&format!("[daemon]\nmetrics = \"{wrong}\"\n"), &[&expected]);
    }
}

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

#[test]
fn services_of_other_stores_do_not_meet_at_one_socket() {
    let place = |text: &str| Config::parse(text, &origin()).unwrap().daemon.socket;
    let socket = |store: &str| place(&format!("[store]\npath = \"{store}\"\n"));
    let [one, other] = ["/a/store", "/b/store"].map(socket);
    let name = one.file_name().unwrap().to_str().unwrap();
    assert!(one.starts_with("/run/user/7") && name.starts_with("chronotype-"), "{one:?}");
    assert!(one != other && one == socket("/a/store"), "{one:?} {other:?}");
    assert_eq!(socket("~/.local/share/chronotype/store"), place(""));
}
