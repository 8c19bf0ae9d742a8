//! What this process takes of the machine, as far as the system tells.

use std::fs;
use std::path::Path;

/// Files of a store that are counted; it has a dozen, and one a large value.
const MOST_FILES: usize = 100_000;

/// Resident memory in bytes.
pub(super) fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

/// Open file descriptors; the one that is opened to count them aside.
pub(super) fn descriptors() -> Option<u64> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    u64::try_from(open.saturating_sub(1)).ok()
}

/// Bytes of all files in a folder.
pub(super) fn size(folder: &Path) -> u64 {
    let mut open = vec![folder.to_owned()];
    let (mut bytes, mut files) = (0, 0);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            files += 1;
            match entry.metadata() {
                Ok(found) if found.is_dir() => open.push(entry.path()),
                Ok(found) => bytes += found.len(),
                // Gone since it was listed.
                Err(_) => {}
            }
            if files == MOST_FILES {
                return bytes;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_as_large_as_its_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("blobs")).unwrap();
        fs::write(folder.path().join("db"), [0; 1000]).unwrap();
        fs::write(folder.path().join("blobs/1"), [0; 234]).unwrap();
        assert_eq!(size(folder.path()), 1234);
        assert_eq!(size(&folder.path().join("nothing")), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_takes_something() {
        assert!(resident().is_some_and(|bytes| bytes > 1 << 20));
        let before = descriptors().unwrap();
        let held = fs::File::open("/proc/self/status").unwrap();
        assert!(descriptors().unwrap() > 2 && before > 2);
        drop(held);
    }
}
