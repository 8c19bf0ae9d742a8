//! From nothing to the first suggestions in a real terminal (tmux), and every screen on the way as
//! text: `tests/fixtures/screens`. After a change that is meant, CHRONOTYPE_WRITE_SCREENS=1 writes
//! them anew; look at each of them then.

use crate::onboarding::{Home, NOW};
use crate::support::binary::{Binary, PATH};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// No screen takes longer to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Looks, 50 ms apart, at which a screen that stands still is the same.
const STILL: usize = 4;
/// Keys a second of somebody who types slowly.
const SLOWLY: usize = 3;
/// Seconds of typing from nothing to the first suggestions.
const TYPING: usize = 30;
/// Lines of the terminal: enough for every screen.
const LINES: usize = 60;

/// A shell in a terminal of its own.
struct Terminal<'a> {
    home: &'a Home,
    width: usize,
    keys: usize,
}

impl<'a> Terminal<'a> {
    fn open(home: &'a Home, width: usize) -> Self {
        let terminal = Self { home, width, keys: 0 };
        let mut tmux = Command::new("tmux");
        tmux.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let session = [
            "new-session".to_owned(),
            "-d".to_owned(),
            "-x".to_owned(),
            width.to_string(),
            "-y".to_owned(),
            LINES.to_string(),
            "PS1='$ ' exec sh".to_owned(),
        ];
        let started = Binary::started_by(tmux)
            .home(home.0.path())
            .env("TZ", "Europe/Berlin")
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "screen-256color")
            .env("SHELL", "/bin/sh")
            .env("NO_COLOR", "1")
            .current_dir(home.0.path())
            .args(terminal.socket())
            .args(["-u", "-f", "/dev/null"])
            .args(session)
            .output();
        assert!(started.status.success(), "tmux is needed (tests/run installs it): {started:?}");
        let alias = format!("alias chronotype='{PATH} --now {NOW}'; clear");
        terminal.tmux(&["send-keys", "-l", &alias]);
        terminal.tmux(&["send-keys", "Enter"]);
        terminal.is_clear();
        terminal
    }

    fn socket(&self) -> [String; 2] {
        ["-S".to_owned(), self.home.path("terminal").display().to_string()]
    }

    fn tmux(&self, args: &[&str]) -> String {
        let Output { status, stdout, stderr } =
            Command::new("tmux").args(self.socket()).args(args).output().unwrap();
        assert!(status.success(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Types the words.
    fn types(&mut self, words: &str) {
        self.keys += words.chars().count();
        self.tmux(&["send-keys", "-l", words]);
    }

    /// Presses a key.
    fn presses(&mut self, key: &str) {
        self.keys += 1;
        self.tmux(&["send-keys", key]);
    }

    fn screen(&self) -> String {
        let text = self.tmux(&["capture-pane", "-p"]);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |last| last + 1);
        lines[..end].join("\n") + "\n"
    }

    /// Waits until the screen holds all the words and stands still: what is drawn in pieces is
    /// whole then.
    #[track_caller]
    fn shows(&self, words: &[&str]) -> String {
        let deadline = Instant::now() + PATIENCE;
        let (mut before, mut still) = (String::new(), 0);
        loop {
            let screen = self.screen();
            let there = words.iter().all(|words| screen.contains(words));
            still = if there && screen == before { still + 1 } else { 0 };
            if still == STILL {
                return screen;
            }
            assert!(Instant::now() < deadline, "{words:?} never came:\n{screen}");
            before = screen;
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clears the screen and waits until nothing but the prompt is on it.
    #[track_caller]
    fn clears(&mut self) {
        self.types("clear");
        self.presses("Enter");
        self.is_clear();
    }

    #[track_caller]
    fn is_clear(&self) {
        let deadline = Instant::now() + PATIENCE;
        while self.screen() != "$\n" {
            assert!(Instant::now() < deadline, "it never cleared:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs a command on a clear screen and keeps what it shows.
    #[track_caller]
    fn keeps(&mut self, name: &str, command: &str) {
        self.clears();
        self.tmux(&["send-keys", "-l", &format!("clear; {command}; echo END")]);
        self.tmux(&["send-keys", "Enter"]);
        let screen = self.shows(&["\nEND\n$"]);
        self.same(name, &screen);
    }

    /// The screen is the one that was looked at.
    #[track_caller]
    fn same(&self, name: &str, screen: &str) {
        let home = self.home.0.path().to_str().unwrap();
        let screen = screen.replace(home, "~");
        assert!(screen.lines().all(|line| line.chars().count() <= self.width), "{screen}");
        let file = format!("tests/fixtures/screens/{name}-{}.txt", self.width);
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
        if std::env::var_os("CHRONOTYPE_WRITE_SCREENS").is_some() {
            std::fs::write(&file, &screen).unwrap();
        }
        let kept = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(screen, kept, "{name} at {}:\n{screen}", self.width);
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(self.socket()).arg("kill-server").output();
    }
}

/// Everything a person sees from nothing to their first suggestions, and the lists after it.
fn session(width: usize) {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, width);
    terminal.types("chronotype init");
    terminal.presses("Enter");
    terminal.shows(&["❯ Student", "Something else"]);
    terminal.presses("Down");
    let screen = terminal.shows(&["  Student", "❯ Engineer", "Something else"]);
    terminal.same("init-role", &screen);
    terminal.presses("Enter");
    let screen =
        terminal.shows(&["What would you like time for?", "Plan the week (30 min, once a week)"]);
    terminal.same("init-starters", &screen);
    terminal.presses("Enter");
    terminal.shows(&["Where is your calendar?"]);
    terminal.types("calendars");
    terminal.presses("Enter");
    let screen = terminal.shows(&["❯ Yes: tentative", "Not yet: only look and learn"]);
    terminal.same("init-look", &screen);
    terminal.presses("Enter");
    terminal.shows(&["Next: `chronotype sync`", "`chronotype run` goes on.\n$"]);
    terminal.clears();
    terminal.types("chronotype sync");
    terminal.presses("Enter");
    let screen = terminal.shows(&["calendar read:", " new\n$"]);
    terminal.same("sync", &screen);
    let seconds = terminal.keys / SLOWLY;
    assert!(seconds < TYPING, "{} keys take {seconds} s", terminal.keys);

    terminal.keeps("suggestions", "chronotype suggestions");
    terminal.keeps("status", "chronotype status");
    terminal.keeps("week", "chronotype agenda --week");
    terminal.keeps("types", "chronotype types");
    terminal.keeps("type", "chronotype types 'Deep work'");
    terminal.keeps("undo", "chronotype undo --dry-run");
    terminal.keeps("help", "chronotype undo --help");
}

#[test]
fn a_narrow_terminal() {
    session(80);
}

#[test]
fn a_wide_terminal() {
    session(120);
}
