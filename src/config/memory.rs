//! Checks `[memory]`: where insights are mirrored.

use super::Mirror;
use super::check::Check;
use super::file;
use super::source::Sources;

/// Longest name of a user.
const LONGEST_USER: usize = 200;

impl Check<'_> {
    /// `None` unless an address is given; `person`: whose memories they are where nothing is said.
    pub(super) fn memory(&mut self, given: &file::Memory, person: &str) -> Option<Mirror> {
        let hint = "mirror_url = \"http://127.0.0.1:8888\", or one by https";
        let url = self.service_url(&given.mirror_url, None, ("memory.mirror_url", "", hint));
        let key = self.source(&Sources {
            table: "memory",
            word: "mirror_key",
            plain: &given.mirror_key,
            command: &given.mirror_key_command,
            file: &given.mirror_key_file,
            credential: &given.mirror_key_credential,
            keyring: &given.mirror_key_keyring,
        });
        let user = given.mirror_user.as_ref().map_or(person, |user| user.get_ref().trim());
        if let Some(given) = &given.mirror_user
            && !(1..=LONGEST_USER).contains(&user.len())
        {
            self.bad(Some(given.span()), "memory.mirror_user", "that is no name of a user", "");
        }
        Some(Mirror { url: url?, user: user.to_owned(), key })
    }
}
