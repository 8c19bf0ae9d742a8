//! The questions of `init`. Each has a default under the Enter key; none is about habits.

use crate::cli::table::plain;
use crate::cli::{CommandError, output};
use crate::config::{Draft, DraftPassword};
use crate::schedule::starter::{Offer, ROLES, Starter, TICKED};
use dialoguer::console::{Term, style};
use dialoguer::theme::ColorfulTheme;
use dialoguer::{Input, MultiSelect, Select};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Asks, or doesn't.
pub(super) struct Ask {
    theme: Option<ColorfulTheme>,
}

impl Ask {
    /// `quiet`: every question is answered by its default.
    ///
    /// # Errors
    /// A usage error where there is nobody to ask.
    pub(super) fn new(quiet: bool) -> Result<Self, CommandError> {
        let terminal = std::io::stdin().is_terminal() && output::stderr_is_terminal();
        match (quiet, terminal) {
            (true, _) => Ok(Self { theme: None }),
            (false, true) => Ok(Self { theme: Some(ColorfulTheme::default()) }),
            (false, false) => Err(CommandError::usage("there is no terminal to ask questions on")
                .hint("`chronotype init --yes --calendar ...` asks none; see `init --help`")),
        }
    }

    /// Whether questions are asked at all.
    pub(super) fn asks(&self) -> bool {
        self.theme.is_some()
    }

    /// What the person does.
    pub(super) fn role(&mut self) -> Result<Option<String>, CommandError> {
        let Some(theme) = &self.theme else { return Ok(None) };
        let names: Vec<&str> = ROLES.iter().map(|(_, name, _)| *name).collect();
        let select = Select::with_theme(theme).with_prompt("What do you do?").items(names);
        let chosen = select.default(0).interact().map_err(stopped)?;
        Ok(ROLES.get(chosen).map(|(word, _, _)| (*word).to_owned()))
    }

    /// Tasks to begin with.
    pub(super) fn starters(&mut self, offers: &[Offer]) -> Result<Vec<Starter>, CommandError> {
        let Some(theme) = &self.theme else { return Ok(Vec::new()) };
        let words = |(title, minutes, per_week): &Offer| {
            format!("{title} ({minutes} min, {})", a_week(*per_week))
        };
        let items: Vec<(String, bool)> =
            offers.iter().enumerate().map(|(n, offer)| (words(offer), n < TICKED)).collect();
        let chosen = MultiSelect::with_theme(theme)
            .with_prompt("What would you like time for? (space ticks, enter goes on)")
            .items_checked(items)
            .report(false)
            .interact()
            .map_err(stopped)?;
        answered("What would you like time for?", &some(chosen.len(), "task"));
        Ok(chosen.into_iter().filter_map(|n| offers.get(n)).map(Starter::from).collect())
    }

    /// Where the calendar is.
    pub(super) fn calendar(&mut self) -> Result<String, CommandError> {
        self.line("Where is your calendar? (address, URL, folder, or google)")
    }

    /// Google's client file.
    pub(super) fn client_file(&mut self) -> Result<PathBuf, CommandError> {
        if !self.asks() {
            return Err(CommandError::usage("google needs the file of your OAuth client")
                .hint("--client-secret-file; the README says in ten lines how to get it"));
        }
        self.line("File of your OAuth client (the README says how to get it)").map(PathBuf::from)
    }

    /// Sign-in name; `None` = there is none.
    pub(super) fn username(&mut self) -> Result<Option<String>, CommandError> {
        match self.asks() {
            true => self.optional("Sign in as"),
            false => Ok(None),
        }
    }

    /// Where the password comes from.
    pub(super) fn password(&mut self) -> Result<Option<DraftPassword>, CommandError> {
        if !self.asks() {
            return Ok(None);
        }
        let prompt = "Command that prints the password (empty: it is in a file)";
        if let Some(command) = self.optional(prompt)? {
            return Ok(Some(DraftPassword::Command(command)));
        }
        let file = self.optional("File that holds the password (empty: it is in the keyring)")?;
        if let Some(file) = file {
            return Ok(Some(DraftPassword::File(super::absolute(&PathBuf::from(file)))));
        }
        let prompt = "Its name there, as `chronotype auth keyring NAME` put it (empty: none)";
        Ok(self.optional(prompt)?.map(DraftPassword::Keyring))
    }

    /// Which calendars to read; `None` = all.
    pub(super) fn which(&mut self, names: &[String]) -> Result<Option<Vec<String>>, CommandError> {
        let Some(theme) = &self.theme else { return Ok(None) };
        let items: Vec<(String, bool)> = names.iter().map(|name| (plain(name), true)).collect();
        let chosen = MultiSelect::with_theme(theme)
            .with_prompt("Which of these are to be read? (space ticks, enter goes on)")
            .items_checked(items)
            .report(false)
            .interact()
            .map_err(stopped)?;
        answered("Which of these are to be read?", &some(chosen.len(), "calendar"));
        let all = chosen.is_empty() || chosen.len() == names.len();
        let chosen = chosen.into_iter().filter_map(|n| names.get(n).cloned());
        Ok((!all).then(|| chosen.collect()))
    }

    /// Whether blocks may be written.
    pub(super) fn wants_blocks(&mut self, draft: &Draft) -> Result<bool, CommandError> {
        let Some(theme) = &self.theme else { return Ok(true) };
        let into = draft.account.suggest_into.as_deref().unwrap_or("chronotype");
        let yes = format!("Yes: tentative, free, in a calendar called '{}'", plain(into));
        let items = [yes.as_str(), "Not yet: only look and learn"];
        let select = Select::with_theme(theme).with_prompt("Put such blocks into your calendar?");
        Ok(select.items(items).default(0).interact().map_err(stopped)? == 0)
    }

    fn line(&mut self, prompt: &str) -> Result<String, CommandError> {
        let Some(theme) = &self.theme else { return Ok(String::new()) };
        Input::with_theme(theme).with_prompt(prompt).interact_text().map_err(stopped)
    }

    fn optional(&mut self, prompt: &str) -> Result<Option<String>, CommandError> {
        let Some(theme) = &self.theme else { return Ok(None) };
        let input = Input::<String>::with_theme(theme).with_prompt(prompt).allow_empty(true);
        let text = input.interact_text().map_err(stopped)?;
        Ok(Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    }
}

/// Says the answer to a list where the list would say each of its lines.
fn answered(question: &str, answer: &str) {
    let line = format!("{} {question} · {answer}", style("✔").green().for_stderr());
    let _ = Term::stderr().write_line(&line);
}

fn some(number: usize, one: &str) -> String {
    if number == 0 { "none".to_owned() } else { output::count(number, one) }
}

fn a_week(times: u16) -> String {
    match times {
        1 => "once a week".to_owned(),
        2 => "twice a week".to_owned(),
        n => format!("{n} times a week"),
    }
}

fn stopped(_: dialoguer::Error) -> CommandError {
    CommandError::failure("stopped: nothing was written").hint("`chronotype init` starts anew")
}
