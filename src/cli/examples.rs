//! Examples at the end of every command's long help, and so of its manual page.
//!
//! They stand in one place so that a test can hold each to what the command line understands.

/// What to type, by command.
const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "init",
        &[
            "chronotype init",
            "chronotype init --yes --role engineer --calendar ~/calendars",
            r#"chronotype init --yes --calendar me@example.org --password-command "pass show dav""#,
        ],
    ),
    ("try", &["chronotype try calendar.ics", "chronotype try ~/exports --out blocks.ics"]),
    (
        "auth",
        &[
            "chronotype auth google",
            "chronotype auth google work --no-browser",
            "chronotype auth keyring work",
        ],
    ),
    (
        "sync",
        &[
            "chronotype sync --dry-run    # what would it do?",
            "chronotype sync --observe    # look and learn only",
            "chronotype sync",
        ],
    ),
    (
        "run",
        &[
            "chronotype run",
            "chronotype run -vv --log-format json",
            "chronotype run --users ~/people --store ~/people.store --metrics 127.0.0.1:9469",
        ],
    ),
    (
        "service",
        &[
            "chronotype service install",
            "chronotype service show",
            "chronotype service install --users --dry-run",
            "chronotype service uninstall",
        ],
    ),
    (
        "config",
        &["chronotype config check", "chronotype config show", "chronotype config show --defaults"],
    ),
    (
        "agenda",
        &[
            "chronotype agenda",
            "chronotype agenda --week",
            "chronotype agenda --from 2026-03-02 --to 2026-03-08",
            "chronotype agenda --search dentist",
        ],
    ),
    (
        "types",
        &[
            "chronotype types 'Code review'",
            "chronotype types rename Zahnarzt Dentist",
            "chronotype types merge Standup 'Daily sync'",
            "chronotype types split Planning --out 'Plan holidays' --into Private",
            "chronotype types set-category Dentist administrative",
        ],
    ),
    (
        "insights",
        &[
            "chronotype insights",
            "chronotype insights search 'after lunch'",
            "chronotype insights show i4",
            "chronotype insights history",
        ],
    ),
    (
        "assistant",
        &["chronotype assistant show-request", "chronotype assistant show-request 'Board deck'"],
    ),
    ("remember", &["chronotype remember 'No reports on Fridays'"]),
    ("forget", &["chronotype forget i4"]),
    (
        "forget-person",
        &["chronotype forget-person me", "chronotype forget-person jane --keep-blocks"],
    ),
    ("suggestions", &["chronotype suggestions", "chronotype suggestions --json"]),
    ("schedule", &["chronotype schedule 'Board deck' --duration 90m --by fri"]),
    (
        "rate",
        &[
            "chronotype rate e89ae5d8b1 --success 0.8",
            "chronotype rate b3f09 --success 1 --energy 0.4",
        ],
    ),
    (
        "pause",
        &[
            "chronotype pause 3d           # three days from now",
            "chronotype pause until mon    # until Monday begins",
            "chronotype pause off",
            "chronotype pause              # is it quiet?",
        ],
    ),
    (
        "withdraw",
        &[
            "chronotype withdraw b3f09c12a4",
            "chronotype withdraw --all --dry-run",
            "chronotype withdraw --all && chronotype pause 1w",
        ],
    ),
    ("undo", &["chronotype undo --dry-run", "chronotype undo"]),
    (
        "explain",
        &[
            "chronotype explain b3f09c12a4    # a block",
            "chronotype explain e89ae5d8b1    # an event",
            "chronotype explain i4            # an insight",
        ],
    ),
    ("status", &["chronotype status", "chronotype status --json"]),
    ("doctor", &["chronotype doctor", "chronotype doctor work"]),
    ("export", &["chronotype export > mine.jsonl"]),
    ("import", &["chronotype import mine.jsonl", "zcat mine.jsonl.gz | chronotype import -"]),
    (
        "occurrences",
        &["chronotype occurrences work.ics --from 2026-03-01 --to 2026-04-01 --tz Europe/Berlin"],
    ),
    (
        "classify",
        &[
            r"printf 'Code review\nLunch with Ana\n' | chronotype classify",
            r"printf 'Zahnarzt\tDentist\n' | chronotype classify --teach",
        ],
    ),
    ("similar", &["chronotype similar 'Code review' 'Review pull requests'"]),
    ("plan", &["chronotype plan --problem instances.json"]),
    (
        "completions",
        &[
            "chronotype completions bash > ~/.local/share/bash-completion/completions/chronotype",
            "chronotype completions zsh > ~/.zfunc/_chronotype",
            "chronotype completions fish > ~/.config/fish/completions/chronotype.fish",
        ],
    ),
    ("man", &["chronotype man | man -l -", "chronotype man --dir ~/.local/share/man/man1"]),
];

/// The command with the examples of every subcommand.
pub(super) fn add(command: clap::Command) -> clap::Command {
    EXAMPLES.iter().fold(command, |command, (name, lines)| {
        let lines: String = lines.iter().map(|line| format!("\n  {line}")).collect();
        command.mut_subcommand(name, |it| it.after_long_help(format!("Examples:{lines}")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command;
    use std::collections::BTreeSet;

    /// The words of a line as a shell would split it; what follows another command is left out.
    fn words(line: &str) -> Vec<String> {
        let line = line.split(" | chronotype").last().unwrap_or(line);
        let line = line.split(['|', '#', '>', '&']).next().unwrap_or(line).trim();
        let mut words = vec![String::new()];
        let mut quote = None;
        for c in line.trim_start_matches("chronotype").chars() {
            match (c, quote) {
                ('"' | '\'', None) => quote = Some(c),
                (c, Some(q)) if c == q => quote = None,
                (' ', None) => words.push(String::new()),
                (c, _) => words.iter_mut().last().unwrap().push(c),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn every_command_has_examples_that_it_understands() {
        let whole = command();
        let commands: BTreeSet<&str> = whole.get_subcommands().map(|c| c.get_name()).collect();
        let shown: BTreeSet<&str> = EXAMPLES.iter().map(|(name, _)| *name).collect();
        assert_eq!(shown, commands);
        for (name, lines) in EXAMPLES {
            for line in *lines {
                let mut words = words(line);
                assert_eq!(words.first().map(String::as_str), Some(*name), "{line}");
                words.insert(0, "chronotype".to_owned());
                let parsed = command().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{line}: {words:?} {}", parsed.unwrap_err());
            }
        }
    }
}
