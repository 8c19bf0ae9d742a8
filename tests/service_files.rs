//! `service install`, `uninstall`, `show`, and the unit files as systemd itself reads them.

use crate::support::binary::{PATH, binary};
use crate::support::person::Person;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Exposure that a system unit may have, by `systemd-analyze security`.
const EXPOSED: f64 = 2.0;

fn text(output: &Output) -> String {
    let Output { stdout, stderr, .. } = output;
    format!("{}{}", String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr))
}

/// Commands of a supervisor that write down how they were called; `works` = they succeed.
fn supervisor(person: &Person, works: bool) -> PathBuf {
    let folder = person.path("supervisor");
    fs::create_dir_all(&folder).unwrap();
    let (log, end) =
        (person.path("calls"), if works { "exit 0" } else { "echo no bus >&2; exit 1" });
    for name in ["systemctl", "launchctl"] {
        let script = format!("#!/bin/sh\necho {name} \"$@\" >> '{}'\n{end}\n", log.display());
        let file = folder.join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn calls(person: &Person) -> Vec<String> {
    let text = fs::read_to_string(person.path("calls")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn service(person: &Person, works: bool, args: &[&str]) -> Output {
    let path = format!("{}:/usr/bin:/bin", supervisor(person, works).display());
    let binary = binary().home(&person.path("")).env("PATH", path);
    binary.arg("--config").arg(person.path("config.toml")).arg("service").args(args).output()
}

fn unit_of(person: &Person) -> PathBuf {
    person.path(".config/systemd/user/chronotype.service")
}

#[test]
fn it_is_written_started_shown_and_removed() {
    let person = Person::with_folder();
    let before = text(&service(&person, true, &["show"]));
    assert!(before.contains("Not installed") && before.contains("WantedBy=default.target"));
    let dry = service(&person, true, &["install", "--dry-run"]);
    let said = text(&dry);
    assert!(said.contains("would run: systemctl --user enable chronotype.service"), "{said}");
    assert!(!unit_of(&person).exists());
    assert!(
        calls(&person).iter().all(|call| call.contains("is-active")),
        "a dry run starts nothing"
    );

    let installed = service(&person, true, &["install"]);
    assert!(installed.status.success(), "{}", text(&installed));
    assert!(text(&installed).contains("and started"), "{}", text(&installed));
    let unit = fs::read_to_string(unit_of(&person)).unwrap();
    let config = person.path("config.toml").display().to_string();
    assert!(unit.contains(&format!("ExecStart={PATH} --config {config} run")), "{unit}");
    let verbs: Vec<String> = calls(&person).split_off(1);
    let expected = ["daemon-reload", "enable chronotype.service", "restart chronotype.service"];
    assert_eq!(verbs, expected.map(|verb| format!("systemctl --user {verb}")));
    let shown = service(&person, true, &["show", "--json"]);
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!((&shown["installed"], &shown["current"]), (&true.into(), &true.into()));

    let removed = service(&person, true, &["uninstall"]);
    assert!(text(&removed).contains("Config and store stay"), "{}", text(&removed));
    assert!(!unit_of(&person).exists());
    assert!(
        calls(&person).contains(&"systemctl --user disable --now chronotype.service".to_owned())
    );
    assert!(text(&service(&person, true, &["uninstall"])).contains("Not installed"));
}

#[test]
fn without_a_supervisor_it_says_what_is_left_to_do() {
    let person = Person::with_folder();
    let gave = service(&person, false, &["install"]);
    assert!(gave.status.success(), "{}", text(&gave));
    let said = text(&gave);
    assert!(said.contains("not started: `systemctl --user daemon-reload`: no bus"), "{said}");
    assert!(said.contains("Next: `systemctl --user daemon-reload && systemctl --user enable"));
    assert!(unit_of(&person).exists());
}

#[test]
fn what_others_wrote_is_left_alone_and_a_broken_config_is_not_started() {
    let person = Person::with_folder();
    fs::create_dir_all(unit_of(&person).parent().unwrap()).unwrap();
    fs::write(unit_of(&person), "[Service]\nExecStart=/opt/mine\n").unwrap();
    for args in [&["install"][..], &["uninstall"]] {
        let gave = service(&person, true, args);
        assert_eq!(gave.status.code(), Some(1), "{}", text(&gave));
        assert!(text(&gave).contains("is not of ours"), "{}", text(&gave));
    }
    assert!(fs::read_to_string(unit_of(&person)).unwrap().contains("/opt/mine"));
    // Nor what speaks of ours somewhere, can't be read as text, or leads elsewhere.
    let speaks = "[Service]\n# instead of `chronotype service install`\nExecStart=/opt/mine\n";
    for foreign in [speaks.as_bytes(), b"# caf\xe9\n[Service]\nExecStart=/opt/mine\n"] {
        fs::write(unit_of(&person), foreign).unwrap();
        for args in [&["install"][..], &["uninstall"]] {
            assert_eq!(service(&person, true, args).status.code(), Some(1));
        }
        assert_eq!(fs::read(unit_of(&person)).unwrap(), foreign);
    }
    fs::remove_file(unit_of(&person)).unwrap();
    std::os::unix::fs::symlink("/dev/null", unit_of(&person)).unwrap();
    assert_eq!(service(&person, true, &["install"]).status.code(), Some(1));
    assert!(unit_of(&person).is_symlink(), "masked by the person");
    fs::remove_file(unit_of(&person)).unwrap();
    fs::write(person.path("config.toml"), "nonsense = 1\n").unwrap();
    assert_eq!(service(&person, true, &["install"]).status.code(), Some(78));
    assert!(!unit_of(&person).exists());
}

/// For images and packages: files below a folder, no supervisor told.
#[test]
fn a_root_takes_the_files_of_servers() {
    let person = Person::with_folder();
    let root = person.path("image").display().to_string();
    for (which, file) in [
        (&["--person", "jane"][..], "chronotype@.service"),
        (&["--users"], "chronotype-users.service"),
    ] {
        let gave = service(&person, true, &[&["install", "--root", &root], which].concat());
        assert!(gave.status.success(), "{}", text(&gave));
        assert!(Path::new(&root).join("etc/systemd/system").join(file).is_file());
    }
    assert_eq!(calls(&person), Vec::<String>::new());
    let bad = service(&person, true, &["install", "--person", "../x"]);
    assert_eq!(bad.status.code(), Some(2));
}

/// One file serves all instances.
#[test]
fn the_file_of_many_stays_while_one_of_them_needs_it() {
    let person = Person::with_folder();
    let root = person.path("image").display().to_string();
    let installed = |name: &str| {
        let gave = service(&person, true, &["install", "--root", &root, "--person", name]);
        assert!(gave.status.success(), "{}", text(&gave));
    };
    let removed = |name: &str| {
        text(&service(&person, true, &["uninstall", "--root", &root, "--person", name]))
    };
    ["ann", "bob"].into_iter().for_each(installed);
    let system = Path::new(&root).join("etc/systemd/system");
    let (file, wants) =
        (system.join("chronotype@.service"), system.join("multi-user.target.wants"));
    fs::create_dir(&wants).unwrap();
    for name in ["ann", "bob"] {
        let link = wants.join(format!("chronotype@{name}.service"));
        std::os::unix::fs::symlink("../chronotype@.service", link).unwrap();
    }
    let said = removed("bob");
    assert!(said.contains("stays: chronotype@ann.service needs it"), "{said}");
    assert!(file.is_file());
    fs::remove_file(wants.join("chronotype@ann.service")).unwrap();
    assert!(removed("bob").contains("Removed"));
    assert!(!file.exists());
}

#[test]
fn the_folder_of_secrets_is_roots_alone() {
    let person = Person::with_folder();
    let root = person.path("image").display().to_string();
    let secrets = Path::new(&root).join("etc/chronotype/users.secrets");
    for _ in ["made", "closed"] {
        let gave = service(&person, true, &["install", "--root", &root, "--users"]);
        assert!(text(&gave).contains("users.secrets"), "{}", text(&gave));
        assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o700);
        fs::set_permissions(&secrets, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let unit = Path::new(&root).join("etc/systemd/system/chronotype-users.service");
    let unit = fs::read_to_string(unit).unwrap();
    // systemd would make it open to all.
    let made = unit.lines().find(|line| line.starts_with("ConfigurationDirectory=")).unwrap();
    assert!(!made.contains("secrets"), "{made}");
}

/// `systemd-analyze`, which `tests/run` brings.
fn analyze(args: &[&str], folder: &Path) -> Output {
    Command::new("systemd-analyze")
        .args(args)
        .env("XDG_RUNTIME_DIR", folder)
        .current_dir(folder)
        .output()
        .expect("systemd-analyze is there: tests/run installs systemd")
}

#[test]
fn systemd_reads_them_and_finds_little_exposed() {
    let person = Person::with_folder();
    let folder = person.path("units");
    let root = folder.display().to_string();
    for which in [&["--person", "jane"][..], &["--users"], &[]] {
        service(&person, true, &[&["install", "--root", &root], which].concat());
    }
    let system = folder.join("etc/systemd/system");
    let one = system.join("chronotype@.service");
    fs::copy(&one, system.join("chronotype@jane.service")).unwrap();
    let home = person.path("").display().to_string();
    let user = folder.join(home.trim_matches('/')).join(".config/systemd/user");
    for (mode, folder, unit) in [
        ("--system", &system, "./chronotype@jane.service"),
        ("--system", &system, "./chronotype-users.service"),
        ("--user", &user, "./chronotype.service"),
    ] {
        let gave = analyze(&["verify", mode, unit], folder);
        assert!(gave.status.success() && text(&gave).is_empty(), "{unit}: {}", text(&gave));
    }
    for unit in ["./chronotype@.service", "./chronotype-users.service"] {
        let gave = text(&analyze(&["security", "--offline=true", unit], &system));
        let level =
            gave.split("exposure level for").nth(1).and_then(|rest| rest.split(": ").nth(1));
        let level = level.and_then(|rest| rest.split(' ').next()?.parse::<f64>().ok());
        let level = level.unwrap_or_else(|| panic!("no level: {gave}"));
        assert!(level <= EXPOSED, "{unit}: {level}");
    }
}

#[test]
fn launchd_gets_a_valid_file() {
    let person = Person::with_folder();
    let shown = service(&person, true, &["show", "--launchd"]);
    let file = person.path("shown.plist");
    fs::write(&file, &shown.stdout).unwrap();
    let script =
        "import plistlib, sys, json; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let read = Command::new("python3").args(["-c", script]).arg(&file).output().unwrap();
    let list: serde_json::Value = serde_json::from_slice(&read.stdout).expect("a plist");
    let config = person.path("config.toml").display().to_string();
    let expected = serde_json::json!([PATH, "--config", config, "run"]);
    assert_eq!(list["ProgramArguments"], expected);
    assert_eq!(list["KeepAlive"], serde_json::json!({ "SuccessfulExit": false }));
    let log = person.path("Library/Logs/chronotype.log").display().to_string();
    assert_eq!(
        (&list["StandardErrorPath"], &list["StandardOutPath"]),
        (&log.clone().into(), &log.into())
    );
    assert_eq!(
        (&list["ProcessType"], &list["LowPriorityIO"]),
        (&"Background".into(), &true.into())
    );
}
