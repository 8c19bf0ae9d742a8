//! The files that start the service, from those in `systemd/` at the top of the tree. Pure: words
//! in, text out.

use std::path::{Path, PathBuf};

const PERSONAL: &str = include_str!("../../../systemd/chronotype.service");
const PERSON: &str = include_str!("../../../systemd/chronotype@.service");
const USERS: &str = include_str!("../../../systemd/chronotype-users.service");
const LAUNCHD: &str = include_str!("../../../systemd/chronotype.plist");

/// Where the files say the program lies.
const PROGRAM: &str = "/usr/bin/chronotype";
/// The same on macOS.
const MAC_PROGRAM: &str = "/usr/local/bin/chronotype";
/// Where launchd's file says the log goes.
const MAC_LOG: &str = "/usr/local/var/log/chronotype.log";
/// How launchd's file calls `run`.
const MAC_RUN: &str = "        <string>run</string>";
/// Every file of ours begins with a comment that says who wrote it.
const OURS: &str = "`chronotype service install";
/// Where launchd's file has the paths and variables of the person after it.
const MAC_VARIABLES: &str = "    <key>RunAtLoad</key>";

/// The name launchd knows it by.
pub const LABEL: &str = "chronotype";

/// What there is to install.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// systemd, in the person's own session.
    Personal,
    /// systemd, system-wide, for the person of this name.
    Person(String),
    /// systemd, system-wide, for all of `/etc/chronotype/users`.
    Users,
    /// launchd, in the person's own session.
    Launchd,
}

/// What differs between machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// The program.
    pub program: PathBuf,
    /// The config, where it is not at its usual place.
    pub config: Option<PathBuf>,
    /// Variables that move the config or the store, and are not set for services.
    pub variables: Vec<(String, String)>,
    /// launchd: where the log goes.
    pub log: PathBuf,
}

impl Kind {
    /// The file's name.
    pub fn file(&self) -> &'static str {
        match self {
            Kind::Personal => "chronotype.service",
            Kind::Person(_) => "chronotype@.service",
            Kind::Users => "chronotype-users.service",
            Kind::Launchd => "chronotype.plist",
        }
    }

    /// What systemd enables.
    pub fn unit(&self) -> String {
        match self {
            Kind::Person(name) => format!("chronotype@{name}.service"),
            Kind::Personal | Kind::Users | Kind::Launchd => self.file().to_owned(),
        }
    }

    /// The text of the file.
    pub fn text(&self, words: &Words) -> String {
        let program = quoted(&words.program.display().to_string(), Dollar::Plain);
        match self {
            Kind::Personal => {
                PERSONAL.lines().map(|line| personal(line, &program, words)).collect()
            }
            Kind::Person(_) => PERSON.replace(PROGRAM, &program),
            Kind::Users => USERS.replace(PROGRAM, &program),
            Kind::Launchd => launchd(words),
        }
    }
}

/// A file that this command wrote, now or in an earlier release: its first comment says so. What
/// others wrote may well speak of it further down.
pub fn is_ours(text: &str) -> bool {
    let begins = |line: &&str| !line.starts_with("<?xml ") && !line.starts_with("<!DOCTYPE ");
    let first = text.lines().find(begins).unwrap_or_default();
    let comment = first.strip_prefix("# ").or_else(|| first.strip_prefix("<!-- "));
    comment.is_some_and(|c| c.starts_with("chronotype for ") && c.contains(OURS))
}

impl Words {
    /// What no file can say.
    ///
    /// # Errors
    /// A sentence for the person.
    pub fn check(&self) -> Result<(), String> {
        let program = self.program.display().to_string();
        // systemd takes no quotes in the name of a program, whatever they are escaped with.
        if program.contains(['"', '\'', '\\']) {
            return Err(format!("the program's path has a quote or backslash in it: {program:?}"));
        }
        let values = self.variables.iter().map(|(_, value)| value.clone());
        let paths = [Some(&self.program), self.config.as_ref(), Some(&self.log)];
        let paths = paths.into_iter().flatten().map(|path| path.display().to_string());
        match paths.chain(values).find(|word| word.contains(char::is_control)) {
            Some(word) => Err(format!("a path has a line break or the like in it: {word:?}")),
            None => Ok(()),
        }
    }
}

fn personal(line: &str, program: &str, words: &Words) -> String {
    let Some(arguments) = line.strip_prefix("ExecStart=").and_then(|l| l.strip_prefix(PROGRAM))
    else {
        return format!("{line}\n");
    };
    let assigned = words.variables.iter().map(|(name, value)| format!("{name}={value}"));
    let variables = assigned.map(|both| format!("Environment={}\n", quoted(&both, Dollar::Plain)));
    let config = words.config.as_deref().map(Path::display);
    let config = config.map(|c| format!(" --config {}", quoted(&c.to_string(), Dollar::Doubled)));
    let config = config.unwrap_or_default();
    format!("{}ExecStart={program}{config}{arguments}\n", variables.collect::<String>())
}

/// What `$` is in a word of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dollar {
    /// Itself: in a program's path and in `Environment=` (systemd.exec(5)).
    Plain,
    /// The begin of a variable: in arguments (systemd.service(5), "Command lines").
    Doubled,
}

/// As one word of a systemd unit (systemd.syntax(7), and specifiers). There are no control
/// characters in it.
fn quoted(word: &str, dollar: Dollar) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' => text.push_str("%%"),
            '$' if dollar == Dollar::Doubled => text.push_str("$$"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Line by line, so that nothing in a path of the person's is taken for a place to fill.
fn launchd(words: &Words) -> String {
    let string = |word: &str| format!("        <string>{}</string>\n", escaped(word));
    let path = |path: &Path| escaped(&path.display().to_string());
    let config = words.config.as_ref().map(|config| config.display().to_string());
    let line = |line: &str| match line {
        MAC_RUN => {
            let option = config.as_ref().map(|c| string("--config") + &string(c));
            format!("{}{line}\n", option.unwrap_or_default())
        }
        MAC_VARIABLES if !words.variables.is_empty() => {
            let pair = |(name, value): &(String, String)| {
                format!("        <key>{name}</key>\n{}", string(value))
            };
            let pairs: String = words.variables.iter().map(pair).collect();
            format!("    <key>EnvironmentVariables</key>\n    <dict>\n{pairs}    </dict>\n{line}\n")
        }
        line if line.contains(MAC_PROGRAM) => {
            format!("{}\n", line.replace(MAC_PROGRAM, &path(&words.program)))
        }
        line => format!("{}\n", line.replace(MAC_LOG, &path(&words.log))),
    };
    LAUNCHD.lines().map(line).collect()
}

/// As text of an XML element.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(program: &str, config: Option<&str>) -> Words {
        Words {
            program: PathBuf::from(program),
            config: config.map(PathBuf::from),
            variables: Vec::new(),
            log: PathBuf::from("/l/x.log"),
        }
    }

    #[test]
    fn the_call_is_the_persons_own() {
        let line = |words: &Words| {
            let text = Kind::Personal.text(words);
            let lines = text.lines().filter(|l| l.starts_with("Exec") || l.starts_with("Envi"));
            lines.map(str::to_owned).collect::<Vec<_>>()[..2].to_vec()
        };
        let reload = "ExecReload=/bin/kill -HUP $MAINPID";
        let plain = words("/opt/c", None);
        assert_eq!(line(&plain), ["ExecStart=/opt/c run", reload]);
        // As `systemd-analyze verify` takes them: `$` is doubled in arguments alone.
        let odd = words("/o p%t/c$", Some("/c $f\".toml"));
        let start = r#"ExecStart="/o p%%t/c$" --config "/c $$f\".toml" run"#;
        assert_eq!(line(&odd), [start, reload]);
        let moved = [("XDG_DATA_HOME".to_owned(), "/a $b%".to_owned())];
        let moved = Words { variables: moved.to_vec(), ..plain };
        assert_eq!(line(&moved)[0], "Environment=\"XDG_DATA_HOME=/a $b%%\"");
    }

    #[test]
    fn every_file_names_the_program_and_its_writer() {
        for kind in [Kind::Personal, Kind::Person("x".to_owned()), Kind::Users, Kind::Launchd] {
            let text = kind.text(&words("/opt/of/mine", None));
            assert!(text.contains("/opt/of/mine") && is_ours(&text), "{kind:?}");
            assert!(!text.contains(PROGRAM) && !text.contains(MAC_PROGRAM), "{kind:?}");
        }
    }

    #[test]
    fn a_file_is_ours_by_its_first_comment_alone() {
        let theirs = "[Service]\n# not from `chronotype service install`\nExecStart=/opt/mine\n";
        for text in ["", "# mine, see `chronotype service install`\n", theirs] {
            assert!(!is_ours(text), "{text}");
        }
        let listed = LAUNCHD.replacen("<!-- chronotype for", "<!-- mine, not", 1);
        assert!(!is_ours(&listed) && is_ours(LAUNCHD));
    }

    #[test]
    fn what_no_file_can_say_is_refused() {
        for program in ["/a\nExecStartPre=/bin/evil", "/a\rb", "/a\"b", "/a'b", "/a\\b"] {
            assert!(words(program, None).check().is_err(), "{program:?}");
        }
        assert!(words("/a", Some("/c\u{7}.toml")).check().is_err());
        let moved = vec![("XDG_DATA_HOME".to_owned(), "/a\nUser=root".to_owned())];
        assert!(Words { variables: moved, ..words("/a", None) }.check().is_err());
        assert_eq!(words("/o p%t/c$", Some("/c \"f.toml")).check(), Ok(()));
    }

    #[test]
    fn a_path_is_no_place_to_fill() {
        let program = format!("{MAC_LOG}{MAC_PROGRAM}");
        let words = Words { log: PathBuf::from(MAC_PROGRAM), ..words(&program, Some(MAC_LOG)) };
        let text = Kind::Launchd.text(&words);
        // The program, the config, and the log for both streams.
        for (path, times) in [(program.as_str(), 1), (MAC_LOG, 1), (MAC_PROGRAM, 2)] {
            let line = format!("<string>{path}</string>");
            assert_eq!(text.matches(&line).count(), times, "{text}");
        }
    }
}
