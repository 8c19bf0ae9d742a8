//! Python environments for the servers, built once in a cache folder.
//!
//! `CHRONOTYPE_TEST_CACHE` names the folder; else it is `chronotype-tests` in the person's cache.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python of an environment that holds what `requirements` pins. Tests that need the same one
/// at the same time wait for the one that builds it.
pub fn python(name: &str, requirements: &str) -> PathBuf {
    let root = cache();
    std::fs::create_dir_all(&root).unwrap();
    let version = run(Command::new("python3").args(["-c", "import sys; print(sys.version)"]));
    let key = blake3::hash(format!("{version}{requirements}").as_bytes()).to_hex();
    let venv = root.join(format!("{name}-{}", &key[..12]));
    let lock = File::create(venv.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let complete = venv.join(".complete");
    if !complete.exists() {
        build(&venv, requirements);
        File::create(&complete).unwrap();
    }
    venv.join("bin/python")
}

fn cache() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    from("CHRONOTYPE_TEST_CACHE").unwrap_or_else(|| {
        let cache = from("XDG_CACHE_HOME").or_else(|| Some(from("HOME")?.join(".cache")));
        cache.expect("set HOME or CHRONOTYPE_TEST_CACHE").join("chronotype-tests")
    })
}

fn build(venv: &Path, requirements: &str) {
    let _ = std::fs::remove_dir_all(venv);
    run(Command::new("python3").args(["-m", "venv"]).arg(venv));
    let list = venv.join("requirements.txt");
    std::fs::write(&list, requirements).unwrap();
    run(Command::new(venv.join("bin/python"))
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "10"])
        .args(["--require-hashes", "--only-binary", ":all:", "-r"])
        .arg(list));
}

/// Runs a command to its end; what it prints, or a panic with what it complains about.
fn run(command: &mut Command) -> String {
    let hint = "the tests start real CalDAV servers in a Python environment; on Debian install \
                the packages python3 and python3-venv, and allow the first run to reach a package \
                index";
    match command.output() {
        Ok(done) if done.status.success() => String::from_utf8_lossy(&done.stdout).into_owned(),
        Ok(done) => {
            let said = String::from_utf8_lossy(&done.stderr);
            panic!("{command:?} failed ({hint}):\n{said}")
        }
        Err(error) => panic!("{command:?} can't be run: {error} ({hint})"),
    }
}
