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
/// Every file of ours says who wrote it.
const OURS: &str = "chronotype service install";

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
        let program = quoted(&words.program.display().to_string());
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

/// A file that this command wrote, now or in an earlier release.
pub fn is_ours(text: &str) -> bool {
    text.contains(OURS)
}

fn personal(line: &str, program: &str, words: &Words) -> String {
    let Some(arguments) = line.strip_prefix("ExecStart=").and_then(|l| l.strip_prefix(PROGRAM))
    else {
        return format!("{line}\n");
    };
    let assigned = words.variables.iter().map(|(name, value)| format!("{name}={value}"));
    let variables = assigned.map(|both| format!("Environment={}\n", quoted(&both)));
    let config = words.config.as_deref().map(Path::display);
    let config = config.map(|c| format!(" --config {}", quoted(&c.to_string())));
    let config = config.unwrap_or_default();
    format!("{}ExecStart={program}{config}{arguments}\n", variables.collect::<String>())
}

/// As one word of a systemd unit (systemd.service(5), "Command lines", and specifiers).
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+@:,=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' | '$' => text.extend([c, c]),
            '\n' => text.push_str("\\n"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

fn launchd(words: &Words) -> String {
    let string = |word: &str| format!("        <string>{}</string>\n", escaped(word));
    let mut arguments = MAC_RUN.to_owned();
    if let Some(config) = &words.config {
        let option = string("--config") + &string(&config.display().to_string());
        arguments = format!("{option}{MAC_RUN}");
    }
    let mut text = LAUNCHD
        .replace(MAC_RUN, &arguments)
        .replace(MAC_PROGRAM, &escaped(&words.program.display().to_string()))
        .replace(MAC_LOG, &escaped(&words.log.display().to_string()));
    if !words.variables.is_empty() {
        let pair = |(name, value): &(String, String)| {
            format!("        <key>{name}</key>\n{}", string(value))
        };
        let pairs: String = words.variables.iter().map(pair).collect();
        let table =
            format!("    <key>EnvironmentVariables</key>\n    <dict>\n{pairs}    </dict>\n");
        text = text.replacen(
            "    <key>RunAtLoad</key>\n",
            &format!("{table}    <key>RunAtLoad</key>\n"),
            1,
        );
    }
    text
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
        let odd = words("/o p%t/c$\"", Some("/c f.toml"));
        let start = r#"ExecStart="/o p%%t/c$$\"" --config "/c f.toml" run"#;
        assert_eq!(line(&odd), [start, reload]);
        let moved = [("XDG_DATA_HOME".to_owned(), "/a b".to_owned())];
        let moved = Words { variables: moved.to_vec(), ..plain };
        assert_eq!(line(&moved)[0], "Environment=\"XDG_DATA_HOME=/a b\"");
    }

    #[test]
    fn every_file_names_the_program_and_its_writer() {
        for kind in [Kind::Personal, Kind::Person("x".to_owned()), Kind::Users, Kind::Launchd] {
            let text = kind.text(&words("/opt/of/mine", None));
            assert!(text.contains("/opt/of/mine") && is_ours(&text), "{kind:?}");
            assert!(!text.contains(PROGRAM) && !text.contains(MAC_PROGRAM), "{kind:?}");
        }
    }
}
