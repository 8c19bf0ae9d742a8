//! Checks what every service beyond the calendars needs: an address that keeps titles private, and
//! a key that is not in the config.

use super::PasswordSource;
use super::check::Check;
use super::file::Text;
use crate::text::endpoint::address;
use std::ops::Range;

/// The keys of one table that name a service's secret.
pub(super) struct Keys<'a> {
    /// The key itself, which may not be there.
    pub(super) plain: &'a Text,
    /// A command that prints it.
    pub(super) command: &'a Text,
    /// A file that holds it.
    pub(super) file: &'a Text,
}

impl Check<'_> {
    /// The address of a service; `on`: where it is asked for, so that one must be there.
    pub(super) fn service_url(
        &mut self,
        url: &Text,
        on: Option<Range<usize>>,
        (key, missing, hint): (&str, &str, &str),
    ) -> Option<String> {
        let Some(url) = url else {
            if on.is_some() {
                self.bad(on, key, missing, hint);
            }
            return None;
        };
        let text = url.get_ref().trim().to_owned();
        let read = address(&text);
        if let Err(error) = &read {
            self.bad(Some(url.span()), key, error.to_string(), hint);
        }
        read.ok().map(|_| text)
    }

    /// Where the key of a service comes from; `table`: of which the keys are.
    pub(super) fn service_key(
        &mut self,
        table: &str,
        keys: &Keys<'_>,
        prefix: &str,
    ) -> Option<PasswordSource> {
        let name = |what: &str| format!("{prefix}{what}");
        if let Some(plain) = keys.plain {
            let hint = format!(
                "{} = \"pass show llm\", or {} = \"...\"",
                name("key_command"),
                name("key_file")
            );
            let message = "keys don't belong into this file";
            self.bad(Some(plain.span()), &format!("{table}.{}", name("key")), message, &hint);
        }
        let file_key = format!("{table}.{}", name("key_file"));
        match (keys.command, keys.file) {
            (Some(_), Some(file)) => {
                let message =
                    format!("{} and {} can't both be given", name("key_command"), name("key_file"));
                self.bad(Some(file.span()), &file_key, message, "keep one of them");
                None
            }
            (Some(command), None) => Some(PasswordSource::Command(command.get_ref().clone())),
            (None, Some(file)) => Some(PasswordSource::File(self.path(file, &file_key))),
            (None, None) => None,
        }
    }
}
