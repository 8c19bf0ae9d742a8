//! What is asked of the person: Google's scopes, as narrow as the work allows.
//!
//! From Google's public list of Calendar scopes: reading takes the list of calendars and the
//! events of all of them, because `calendar.events.owned.readonly` would leave out what others
//! share, and with it busy times. Writing into a calendar of our own takes
//! `calendar.app.created`, which reaches no calendar that this program has not made. Writing into
//! a calendar the person has chosen takes `calendar.events.owned` besides: events of calendars
//! they own, no other's. None of them can share, rename or delete a calendar of the person.

/// Where blocks of an account go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writing {
    /// Nowhere: it is only read.
    Nothing,
    /// Into a calendar that is made for them.
    OwnCalendar,
    /// Into one that the person has named, which is made where it does not exist.
    ChosenCalendar,
}

/// A scope and what it means to the person, in the manner of Google's own page of tick boxes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Its URI.
    pub uri: &'static str,
    /// `see …`, `change …`.
    pub means: &'static str,
}

const LIST: Scope = Scope {
    uri: "https://www.googleapis.com/auth/calendar.calendarlist.readonly",
    means: "see the list of your calendars",
};
const READ: Scope = Scope {
    uri: "https://www.googleapis.com/auth/calendar.events.readonly",
    means: "see the events of your calendars",
};
const OWN: Scope = Scope {
    uri: "https://www.googleapis.com/auth/calendar.app.created",
    means: "make a calendar of its own and write into it",
};
const CHOSEN: Scope = Scope {
    uri: "https://www.googleapis.com/auth/calendar.events.owned",
    means: "write events into a calendar that you own",
};

/// What to ask for.
pub fn scopes(writing: Writing) -> &'static [Scope] {
    match writing {
        Writing::Nothing => &[LIST, READ],
        Writing::OwnCalendar => &[LIST, READ, OWN],
        Writing::ChosenCalendar => &[LIST, READ, OWN, CHOSEN],
    }
}

/// What was asked for and not granted: a person can untick boxes.
pub fn missing(writing: Writing, granted: &[String]) -> Vec<Scope> {
    let lacks = |scope: &&Scope| !granted.iter().any(|g| g == scope.uri);
    scopes(writing).iter().filter(lacks).copied().collect()
}

/// `see the list of your calendars; see the events of your calendars`.
pub fn in_words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.means).collect::<Vec<_>>().join("; ")
}

/// As requests spell them.
pub fn joined(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.uri).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_the_whole_calendar() {
        for writing in [Writing::Nothing, Writing::OwnCalendar, Writing::ChosenCalendar] {
            let uris: Vec<&str> = scopes(writing).iter().map(|s| s.uri).collect();
            assert!(!uris.iter().any(|uri| uri.ends_with("/calendar")), "{uris:?}");
            assert!(!uris.iter().any(|uri| uri.ends_with("calendar.events")), "{uris:?}");
        }
        assert!(scopes(Writing::Nothing).iter().all(|s| s.uri.ends_with(".readonly")));
    }

    #[test]
    fn an_unticked_box_is_found() {
        let granted: Vec<String> = [LIST, OWN].map(|s| s.uri.to_owned()).to_vec();
        assert_eq!(missing(Writing::OwnCalendar, &granted), [READ]);
        assert_eq!(
            in_words(&missing(Writing::Nothing, &[])),
            format!("{}; {}", LIST.means, READ.means)
        );
        assert_eq!(missing(Writing::ChosenCalendar, &granted), [READ, CHOSEN]);
    }
}
