//! What was found, as values: a level, one sentence, and what to do.

use crate::calendar::Error;
use crate::cli::cure::Cure;
use crate::cli::output;
use serde_json::{Value, json};

/// How good or bad it is; the worst one is the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Good,
    /// Good to know.
    Note,
    /// It works, and could be better.
    Weak,
    /// It does not work.
    Broken,
}

impl Level {
    /// The word in the JSON document.
    pub fn word(self) -> &'static str {
        match self {
            Level::Good | Level::Note => "good",
            Level::Weak => "weaker",
            Level::Broken => "broken",
        }
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, in a word that stays.
    pub topic: &'static str,
    /// How bad.
    pub level: Level,
    /// One sentence.
    pub says: String,
    /// What to do.
    pub cure: Option<String>,
}

impl Finding {
    /// Without anything to do.
    pub fn new(topic: &'static str, level: Level, says: impl Into<String>) -> Self {
        Self { topic, level, says: output::calm(&says.into()), cure: None }
    }

    /// Adds what to do.
    pub fn cure(mut self, cure: impl Into<String>) -> Self {
        self.cure = Some(cure.into());
        self
    }

    /// An error and what helps against it.
    pub fn of(topic: &'static str, level: Level, error: &Error) -> Self {
        Self::new(topic, level, error.to_string()).cure(Cure::of(error).sentence())
    }

    /// For `--json`.
    pub fn document(&self) -> Value {
        let level = if self.level == Level::Note { "note" } else { self.level.word() };
        json!({ "topic": self.topic, "level": level, "says": self.says, "cure": self.cure })
    }
}

/// The worst of them.
pub fn verdict(findings: &[Finding]) -> Level {
    findings.iter().map(|f| f.level).max().unwrap_or(Level::Good)
}

/// What a calendar is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is read.
    Read,
    /// Blocks go there.
    Blocks,
    /// The config leaves it out.
    LeftOut,
}

impl Role {
    /// In a word.
    pub fn word(self) -> &'static str {
        match self {
            Role::Read => "read",
            Role::Blocks => "blocks",
            Role::LeftOut => "left out",
        }
    }
}

/// A calendar of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// What people call it.
    pub name: String,
    /// What it is to us.
    pub role: Role,
    /// Nothing may be written to it.
    pub read_only: bool,
    /// Objects known; `None` = never read.
    pub objects: Option<usize>,
    /// When it was last read, in words and as RFC 3339.
    pub listed: Option<(String, String)>,
}

/// An account, looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Its name in the config.
    pub name: String,
    /// The word for its kind.
    pub kind: &'static str,
    /// Its host or path.
    pub place: String,
    /// Its calendars.
    pub calendars: Vec<Calendar>,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// The verdict.
    pub fn level(&self) -> Level {
        verdict(&self.findings)
    }

    /// For `--json`.
    pub fn document(&self) -> Value {
        let calendar = |c: &Calendar| {
            json!({
                "name": c.name,
                "role": c.role.word(),
                "read_only": c.read_only,
                "objects": c.objects,
                "listed_at": c.listed.as_ref().map(|(_, at)| at),
            })
        };
        json!({
            "name": self.name,
            "kind": self.kind,
            "place": self.place,
            "verdict": self.level().word(),
            "calendars": self.calendars.iter().map(calendar).collect::<Vec<_>>(),
            "findings": self.findings.iter().map(Finding::document).collect::<Vec<_>>(),
        })
    }
}
