//! The file of a service in its place, and what lies around it.

use super::unit::{self, Kind};
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// What lies in the file's place.
#[derive(Debug, PartialEq, Eq)]
pub enum There {
    /// Nothing.
    Nothing,
    /// Written by this command.
    Ours(String),
    /// By somebody else; what can be read of it.
    Foreign(String),
}

/// Looks at the file.
///
/// # Errors
/// It can't be read, so that nobody knows whose it is.
pub fn installed(file: &Path) -> io::Result<There> {
    let bytes = match fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound && !file.is_symlink() => {
            return Ok(There::Nothing);
        }
        bytes => bytes?,
    };
    Ok(match String::from_utf8(bytes) {
        Ok(text) if unit::is_ours(&text) => There::Ours(text),
        Ok(text) => There::Foreign(text),
        Err(error) => There::Foreign(String::from_utf8_lossy(error.as_bytes()).into_owned()),
    })
}

/// Other people whom the same file serves: their instances, as systemd has them enabled.
pub fn others(kind: &Kind, file: &Path) -> Vec<String> {
    let (Kind::Person(_), Some(folder)) = (kind, file.parent()) else { return Vec::new() };
    let own = kind.unit();
    let entries = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
    let wants = entries(folder).filter(|entry| {
        let name = entry.file_name();
        name.as_encoded_bytes().ends_with(b".wants")
            || name.as_encoded_bytes().ends_with(b".requires")
    });
    let names = wants.flat_map(|entry| entries(&entry.path())).map(|entry| entry.file_name());
    let mut others: Vec<String> = names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("chronotype@") && *name != own)
        .collect();
    others.sort();
    others.dedup();
    others
}

/// Writes the file, whole or not at all.
///
/// # Errors
/// As the system refuses.
pub fn write(file: &Path, text: &str) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    fresh.write_all(text.as_bytes())?;
    // It holds no secret, and systemd of the system reads it as everybody does.
    fresh.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    fresh.persist(file)?;
    Ok(())
}

/// Makes the folder, for its owner alone; closes one that stands open.
///
/// # Errors
/// As the system refuses.
pub fn close(folder: &Path) -> io::Result<()> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
}
