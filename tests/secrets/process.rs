//! What others on the same computer see of the process: its memory, its core dump, its arguments
//! and environment, and what its children inherit.

use super::{MARKED, account, count, is_free_of_it};
use crate::support::binary::{Running, dumping};
use crate::support::person::{Person, private};
use crate::support::server::{Reply, Server, calendar, rows};
use crate::support::supervisor::Supervisor;
use rustix::process::Signal;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};

/// A service that has read a calendar with a password.
struct Service {
    running: Running,
    person: Person,
    _server: Server,
    _supervisor: Supervisor,
}

fn service() -> Service {
    let server = Server::start(|asked| match asked.header("authorization") {
        None => Reply::new(401, "").with("WWW-Authenticate", "Basic realm=\"x\""),
        Some(_) if asked.method == "REPORT" => rows(&[]),
        Some(_) => calendar(asked),
    });
    let person = account(&server.url("127.0.0.1"), "password_file = \"{home}/secret\"");
    private(&person.path("secret"), format!("{MARKED}\n"));
    let path = person.path("config.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    let socket = person.path("socket").display().to_string();
    let daemon = format!("[daemon]\nsocket = \"{socket}\"\npoll_minutes = 60\n");
    std::fs::write(&path, format!("{config}\n[suggestions]\nmode = \"observe\"\n{daemon}"))
        .unwrap();
    let supervisor = Supervisor::new(&person.path(""));
    let starts = dumping().home(&person.path("")).current_dir(&person.path(""));
    let starts = starts.arg("--config").arg(person.path("config.toml"));
    let running =
        starts.args(["-v", "run"]).env("NOTIFY_SOCKET", supervisor.path()).piped().spawn();
    supervisor.hears("STATUS=1 calendar");
    Service { running, person, _server: server, _supervisor: supervisor }
}

/// Memory that may be written, as far as it can be read.
fn memory(pid: u32) -> std::io::Result<Vec<u8>> {
    let maps = std::fs::read_to_string(format!("/proc/{pid}/maps"))?;
    let mut file = std::fs::File::open(format!("/proc/{pid}/mem"))?;
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|at| u64::from_str_radix(at, 16).unwrap());
        file.seek(SeekFrom::Start(from))?;
        // Some of it, such as pages of the kernel's own, can't be.
        let _ = (&mut file).take(to - from).read_to_end(&mut all);
    }
    Ok(all)
}

/// Root may look; then the password lies there once, for the next turn. (What is left of a header,
/// in base64, is in hyper's buffer of a connection that is kept.)
#[test]
fn memory_holds_the_password_once_and_nobody_else_may_look() {
    let service = service();
    let is_root = whoever_runs_this() == 0;
    match memory(service.running.id()) {
        Ok(memory) => {
            assert!(is_root, "only root may look");
            assert!(memory.len() > 1 << 20, "{} bytes", memory.len());
            let times = |text: &str| count(&memory, text);
            assert_eq!(times(MARKED), 1, "the password, between two turns");
        }
        Err(error) => assert_eq!((error.kind(), is_root), (ErrorKind::PermissionDenied, false)),
    }
}

/// The number of the user.
fn whoever_runs_this() -> u32 {
    std::fs::metadata("/proc/self").unwrap().uid()
}

#[test]
fn a_crash_leaves_no_core_dump() {
    let mut service = service();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", service.running.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // What may not be dumped belongs to root, whoever runs it.
    let owner = std::fs::metadata(format!("/proc/{}/environ", service.running.id())).unwrap().uid();
    assert_eq!(owner, 0);
    service.running.signal(Signal::ABORT);
    let status = service.running.end();
    assert_eq!(status.signal(), Some(6), "{status:?}");
    assert!(!status.core_dumped(), "{status:?}");
    let left = std::fs::read_dir(service.person.path("")).unwrap();
    let names = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("core")).count(), 0);
}

/// Of a process and all it started: arguments and environment.
fn told_by(pid: u32) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap().map(Result::unwrap) {
        let is_process = entry.file_name().to_str().unwrap().parse::<u32>().is_ok();
        let read = |name: &str| std::fs::read(entry.path().join(name)).unwrap_or_default();
        if is_process && descends(&entry.path(), pid) {
            all.extend([read("cmdline"), read("environ")].concat());
        }
    }
    all
}

fn descends(process: &Path, from: u32) -> bool {
    let mut at: PathBuf = process.to_owned();
    loop {
        let Ok(status) = std::fs::read_to_string(at.join("status")) else { return false };
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<u32>().ok()
        };
        match (field("Pid:"), field("PPid:")) {
            (Some(pid), _) if pid == from => return true,
            (_, Some(parent)) if parent > 0 => at = Path::new("/proc").join(parent.to_string()),
            _ => return false,
        }
    }
}

/// While a second account's command runs, the first one's password is in memory.
#[test]
fn the_process_list_and_children_hold_no_secret() {
    let person = Person::with_accounts(
        "[[account]]\nname = \"one\"\nkind = \"caldav\"\nurl = \"http://127.0.0.1:1/\"\n\
         username = \"alice\"\npassword_file = \"{home}/secret\"\n\
         [[account]]\nname = \"two\"\nkind = \"caldav\"\nurl = \"http://127.0.0.1:1/\"\n\
         username = \"alice\"\npassword_command = \"sh {home}/ask\"\n",
    );
    private(&person.path("secret"), format!("{MARKED}\n"));
    // It tells what it inherits, says that it runs, and waits to be told to go on.
    let ask = "cd \"$(dirname \"$0\")\"\nls -l /proc/self/fd > inherited\nenv > environment\n\
               echo > runs\nread line < go\ncat secret\n";
    std::fs::write(person.path("ask"), ask).unwrap();
    for pipe in ["runs", "go"] {
        let made = std::process::Command::new("mkfifo").arg(person.path(pipe)).status().unwrap();
        assert!(made.success());
    }
    let mut running = person.command("02T06:00", &["sync"]).piped().spawn();
    std::fs::read(person.path("runs")).unwrap();
    let told = told_by(running.id());
    assert!(count(&told, "ask") > 0, "the person's own command shows, as it is theirs");
    is_free_of_it("the process list", &told);
    let inherited = std::fs::read_to_string(person.path("inherited")).unwrap();
    let opened: Vec<&str> =
        inherited.lines().filter_map(|line| line.split(" -> ").nth(1)).collect();
    assert!(opened.len() >= 3, "{inherited}");
    let home = person.path("").display().to_string();
    let ours = |path: &&&str| path.starts_with(&home) && !path.ends_with("/inherited");
    // The script itself is open in the shell that reads it.
    let ours: Vec<_> = opened.iter().filter(ours).filter(|path| !path.ends_with("/ask")).collect();
    assert!(ours.is_empty(), "{inherited}");
    assert!(!opened.iter().any(|path| path.starts_with("socket:")), "{inherited}");
    is_free_of_it("its environment", &std::fs::read(person.path("environment")).unwrap());
    std::fs::write(person.path("go"), "\n").unwrap();
    assert_eq!(running.end().code(), Some(1), "nobody answers there");
}
