//! What lies around the sources: the top level, the manifest, the text of every file.

use super::source::{files, root};

/// The top level. Anything else belongs into one of these, or nowhere.
const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "src",
    "systemd",
    "config",
    "tests",
    "README.md",
    ".ci",
    "benches",
    "fuzz",
    "clippy.toml",
    ".rustfmt.toml",
    "deny.toml",
    ".gitignore",
    ".git",
    "target",
];

/// A dependency as `Cargo.toml` states it.
#[derive(Debug, PartialEq, Eq)]
pub struct Dependency {
    pub name: String,
    /// 1-based line in `Cargo.toml`.
    pub line: usize,
    /// From `[dependencies]`: shipped in the binary.
    pub shipped: bool,
    /// A comment on its line or right above it says why it is there.
    pub reasoned: bool,
}

/// The dependencies of a manifest, one a line as cargo writes them.
pub fn dependencies(manifest: &str) -> Vec<Dependency> {
    let (mut found, mut section, mut above) = (Vec::new(), String::new(), "");
    for (i, line) in manifest.lines().map(str::trim).enumerate() {
        let says = |text: &str| text.split_once('#').is_some_and(|(_, why)| why.trim().len() > 3);
        let mut add = |name: &str, section: &str, reasoned: bool| {
            let shipped = !section.contains("dev-") && !section.contains("build-");
            let name = name.trim().trim_matches('"').to_owned();
            found.push(Dependency { name, line: i + 1, shipped, reasoned });
        };
        let reasoned = says(line) || (above.starts_with('#') && says(above));
        if let Some(header) = line.strip_prefix('[') {
            section = header.split(']').next().unwrap_or_default().to_owned();
            if let Some((kind, name)) = section.rsplit_once("dependencies.") {
                add(name, &format!("{kind}dependencies"), reasoned);
            }
        } else if section.ends_with("dependencies")
            && !line.starts_with('#')
            && let Some((name, _)) = line.split_once('=')
        {
            add(name.split('.').next().unwrap_or_default(), &section, reasoned);
        }
        above = line;
    }
    found
}

/// Every dependency says why it is there.
pub fn reasons(manifest: &str) -> Vec<String> {
    let silent = dependencies(manifest).into_iter().filter(|d| !d.reasoned);
    silent
        .map(|d| format!("Cargo.toml:{}: {} without a reason; comment on it", d.line, d.name))
        .collect()
}

/// The top level holds nothing but what the house has a place for.
pub fn top_level(entries: &[String]) -> Vec<String> {
    entries
        .iter()
        .filter(|e| !TOP_LEVEL.contains(&e.as_str()) && !e.starts_with("LICENSE"))
        .map(|e| format!("{e}: has no place at the top level; move it into a folder"))
        .collect()
}

/// The names at the top level of the package.
pub fn entries() -> Vec<String> {
    let entries = std::fs::read_dir(root()).expect("the package's folder");
    entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Text files with their contents, lock files and links aside.
pub fn texts() -> Vec<(String, String)> {
    files(".")
        .into_iter()
        .map(|path| path.strip_prefix(".").unwrap_or(&path).to_owned())
        .filter(|path| !matches!(path.to_str(), Some("Cargo.lock" | "fuzz/Cargo.lock" | ".git")))
        .filter_map(|path| {
            let text = std::fs::read_to_string(root().join(&path)).ok()?;
            Some((path.to_string_lossy().into_owned(), text))
        })
        .collect()
}

/// Paths of one machine. In two parts, so that this file does not name them either.
const MACHINE_PATHS: &[(&str, &str)] =
    &[("/ho", "me/"), ("/ro", "ot/"), ("/wo", "rk/"), ("/Use", "rs/")];
/// Hosts of package registries, likewise.
const REGISTRIES: &[(&str, &str)] = &[
    ("crates", ".io"),
    ("pypi", ".org"),
    ("registry.npmjs", ".org"),
    ("deb.debian", ".org"),
    ("proxy.golang", ".org"),
];

/// No file leans on one machine's folders or names a registry's host.
pub fn hosts(path: &str, text: &str) -> Vec<String> {
    let mut breaches = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let at = format!("{path}:{}", i + 1);
        for whole in MACHINE_PATHS.iter().map(|(a, b)| format!("{a}{b}")) {
            let absolute = |(start, _): (usize, &str)| {
                // Inside a URL or a longer path it is just a folder's name.
                let before = line[..start].chars().next_back();
                before.is_none_or(|c| !c.is_alphanumeric() && !"_-.~%}$/".contains(c))
            };
            if line.match_indices(&whole).any(absolute) {
                breaches.push(format!("{at}: {whole} is a path of one machine; make it relative"));
            }
        }
        for host in REGISTRIES.iter().map(|(a, b)| format!("{a}{b}")) {
            if line.contains(&host) {
                breaches.push(format!("{at}: {host} is a registry's host; leave it to the client"));
            }
        }
    }
    breaches
}

#[test]
fn dependencies_are_read_as_written() {
    let manifest = "[package]\nname = \"a\"\n[dependencies]\n# why it is here\none = \"1\"\n\
        two = { version = \"1\", features = [\n  \"x\",\n] }\nthree = \"1\" # for the trees\n\
        [dev-dependencies]\nfour = \"1\"\n# five is good\n[target.'cfg(unix)'.dependencies.five]\n\
        version = \"1\"\n[profile.dev]\ndebug = 1\n";
    let found: Vec<(String, bool, bool)> =
        dependencies(manifest).into_iter().map(|d| (d.name, d.shipped, d.reasoned)).collect();
    let expected = [
        ("one", true, true),
        ("two", true, false),
        ("three", true, true),
        ("four", false, false),
        ("five", true, true),
    ];
    assert_eq!(found, expected.map(|(n, s, r)| (n.to_owned(), s, r)));
    assert_eq!(reasons(manifest).len(), 2);
}

#[test]
fn the_top_level_can_fail() {
    let check = |name: &str| top_level(&[name.to_owned()]).len();
    assert_eq!((check("src"), check("LICENSE"), check("notes.txt")), (0, 0, 1));
}

#[test]
fn hosts_and_machine_paths_can_fail() {
    let check = |text: &str| hosts("a", text).len();
    assert_eq!(check(concat!("cd /ho", "me/me/x")), 1);
    assert_eq!(check(concat!("\"/wo", "rk/x\"")), 1);
    assert_eq!(check(concat!("https://example.org/dav/wo", "rk/x")), 0);
    assert_eq!(check(concat!("see crates", ".io for it")), 1);
    assert_eq!(check("plain words, a/relative/path"), 0);
}
