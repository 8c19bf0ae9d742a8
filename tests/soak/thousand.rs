//! A thousand people in one process, on one Radicale: what a round of turns takes.

use crate::state_machine::words::stamp;
use crate::support::binary::{Binary, PATH, Running, binary_at};
use crate::support::peers::{PASSWORD, Peer};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PEOPLE: usize = 1_000;
/// Events of each.
const EVENTS: i64 = 60;
/// Nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(1_800);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Their calendars lie on the server's disk as if they had always been there.
fn calendars(peer: &Peer, who: &str, number: usize) {
    let folder = peer.shelf(who).join("work");
    for n in 0..EVENTS {
        let hour = TimeDelta::hours((n * 7 + number as i64) % 9 + 8);
        let start = (Utc::now() + TimeDelta::days(n - EVENTS * 2 / 3)).date_naive();
        let start: DateTime<Utc> = start.and_time(chrono::NaiveTime::MIN).and_utc() + hour;
        let (from, to) = (stamp(start), stamp(start + TimeDelta::hours(1)));
        let title = ["Canary report", "Canary training", "Canary review"][n as usize % 3];
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nBEGIN:VEVENT\r\n\
             UID:{who}-{n}\r\nDTSTAMP:{from}\r\nDTSTART:{from}\r\nDTEND:{to}\r\n\
             SUMMARY:{title}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        );
        fs::write(folder.join(format!("{n}.ics")), text).unwrap();
    }
}

struct Crowd {
    folder: TempDir,
    server: SocketAddr,
}

impl Crowd {
    fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    fn moves_in(&self, who: &str) {
        let (folder, server) = (self.folder.path().display(), self.server);
        let text = format!(
            "[person]\nid = \"{who}\"\ntime_zone = \"Europe/Berlin\"\n[[account]]\n\
             name = \"home\"\nkind = \"caldav\"\nurl = \"http://{server}/\"\n\
             username = \"{who}\"\npassword_file = \"{folder}/password\"\n\
             suggest_into = \"chronotype\"\n[daemon]\npoll_minutes = 1440\n"
        );
        fs::write(self.path(&format!("people/{who}.toml")), text).unwrap();
    }

    fn binary(&self) -> Binary {
        let path =
            std::env::var_os(super::world::BINARY).map_or_else(|| PATH.into(), PathBuf::from);
        let binary = binary_at(&path).home(self.folder.path()).logs_to(&self.path("log"));
        binary.arg("--store").arg(self.path("store"))
    }

    /// Everybody's first turn after a start; what it took.
    fn round(&self, what: &str) -> String {
        fs::write(self.path("log"), "").unwrap();
        let began = Instant::now();
        let users = self.path("people");
        let mut service = self.binary().args(["-vv", "run", "--users"]).arg(users).spawn();
        let (mut most, mut served) = (0, 0);
        while served < PEOPLE {
            assert!(began.elapsed() < PATIENCE, "{served} served: {}", self.log());
            assert!(service.try_wait().unwrap().is_none(), "it ended: {}", self.log());
            std::thread::sleep(LOOK);
            most = most.max(connections(self.server));
            served = self.served();
        }
        let took = began.elapsed().as_secs_f64();
        let (peak, processor) = (peak(&service), processor(&service));
        end(&mut service);
        let size = crate::store::year::folder_size(&self.path("store")) >> 20;
        format!(
            "{what}: {took:.1} s, {processor:.1} s of processor, at most {most} connections, peak \
             {peak} MB, store {size} MB"
        )
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// People whose turn has decided.
    fn served(&self) -> usize {
        let log = self.log();
        let turns = log.lines().filter(|line| line.contains("turn decided"));
        let whose = turns.filter_map(|line| line.split("person=\"").nth(1)?.split('"').next());
        whose.collect::<BTreeSet<&str>>().len()
    }
}

/// Connections to the server that are open.
fn connections(server: SocketAddr) -> usize {
    let port = format!(":{:04X} 01 ", server.port());
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().filter(|line| line.contains(&port)).count()
}

/// Megabytes it ever had at once.
fn peak(service: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", service.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() >> 10
}

/// Seconds of processor it took.
fn processor(service: &Running) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", service.id())).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks = |field: usize| fields[field].parse::<f64>().unwrap();
    // utime and stime, in hundredths (proc_pid_stat(5)).
    (ticks(11) + ticks(12)) / 100.0
}

fn end(service: &mut Running) {
    let id = service.id().to_string();
    assert!(std::process::Command::new("kill").arg(&id).status().unwrap().success());
    assert!(service.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "prints figures: CHRONOTYPE_BINARY=target/release/chronotype cargo test --test suite \
            figures_of_a_thousand -- --ignored --nocapture"]
async fn figures_of_a_thousand() {
    let names: Vec<String> = (0..PEOPLE).map(|n| format!("p{n:04}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let peer = Peer::radicale_of(&names).await;
    let crowd = Crowd { folder: tempfile::tempdir().unwrap(), server: peer.address() };
    fs::create_dir(crowd.path("people")).unwrap();
    fs::write(crowd.path("password"), PASSWORD).unwrap();
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(Path::new(&crowd.path("password")), private).unwrap();
    for (number, who) in names.iter().enumerate() {
        calendars(&peer, who, number);
        crowd.moves_in(who);
    }
    println!("{}", crowd.round("first round"));
    println!("{}", crowd.round("second round, which lists its own blocks"));
    println!("{}", crowd.round("round without a change"));
}
