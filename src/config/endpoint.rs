//! Checks what every service beyond the calendars needs: an address that keeps titles private.

use super::check::Check;
use super::file::Text;
use crate::text::endpoint::address;
use std::ops::Range;

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
}
