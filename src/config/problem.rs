//! What is wrong with a config, where, and what would be right.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

/// One thing that is wrong. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// 1-based line of the file; `None` when something is missing altogether.
    pub line: Option<usize>,
    /// The key at fault, with its section: `planning.lunch`.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        if let Some(hint) = &self.hint {
            write!(f, " ({hint})")?;
        }
        Ok(())
    }
}

/// Why there is no config.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No such file.
    #[error("there is no config at {}", .0.display())]
    Missing(PathBuf),
    /// It can't be read.
    #[error("{}: {source}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It can be read and is wrong.
    #[error("{}: {}", .file.display(), sentences(.problems))]
    Bad {
        /// The file.
        file: PathBuf,
        /// In order of line.
        problems: Vec<Problem>,
    },
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
}

/// The 1-based line of a byte.
pub(super) fn line_of(text: &str, span: &Range<usize>) -> usize {
    text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1
}

/// The section a line lies in, as its header names it; empty above the first.
pub(super) fn section_of(text: &str, line: usize) -> &str {
    let above = text.lines().take(line).filter(|l| l.trim_start().starts_with('['));
    let header = above.last().unwrap_or_default();
    header.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']']).trim()
}

/// The nearest of `candidates` when it is near enough to be a slip.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    /// Jaro-Winkler likeness that people call a typo; measured on swapped, missing and doubled
    /// letters of our own keys.
    const LIKE: f64 = 0.8;
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&word, &c.to_lowercase()), c))
        .filter(|(like, _)| *like >= LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}
