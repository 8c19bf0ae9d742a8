//! Which scopes open which of the methods, as Google's API description lists them, the ones for
//! whole accounts included: whoever asks for something else than they were granted is refused.

use super::answer::Refusal;
use super::book::Book;
use super::http::Request;

/// Begins every one.
const CALENDAR: &str = "https://www.googleapis.com/auth/calendar";
/// What the tests' own token was granted: all that this program ever asks for.
pub const OURS: [&str; 4] =
    [".calendarlist.readonly", ".events.readonly", ".app.created", ".events.owned"];

/// What a token may do.
#[derive(Debug, Clone, Default)]
pub struct Granted(Vec<String>);

impl Granted {
    /// These scopes, by URI or by its end.
    pub fn of<S: AsRef<str>>(scopes: &[S]) -> Self {
        let end = |s: &S| s.as_ref().strip_prefix(CALENDAR).unwrap_or(s.as_ref()).to_owned();
        Self(scopes.iter().map(end).collect())
    }

    fn has(&self, ends: &[&str]) -> bool {
        self.0.iter().any(|granted| ends.contains(&granted.as_str()))
    }

    /// Whether this token may ask that.
    pub fn check(&self, book: &mut Book, request: &Request) -> Result<(), Refusal> {
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let reads = request.method == "GET";
        let may = match path.as_slice() {
            [_, _, "users", "me", "calendarList"] => self.has(&LIST),
            [_, _, "users", "me", "calendarList", id] => self.has(&LIST) || self.made(book, id),
            [_, _, "calendars"] => self.has(&["", ".calendars", ".app.created"]),
            [_, _, "calendars", id] if reads => {
                self.has(&["", ".readonly", ".calendars", ".calendars.readonly"])
                    || self.made(book, id)
            }
            [_, _, "calendars", id, "events", ..] if reads => {
                self.has(&["", ".readonly", ".events", ".events.readonly"])
                    || self.has(&[".events.owned", ".events.owned.readonly"]) && owns(book, id)
                    || self.made(book, id)
            }
            [_, _, "calendars", id, "events", ..] => {
                self.has(&["", ".events"])
                    || self.has(&[".events.owned"]) && owns(book, id)
                    || self.made(book, id)
            }
            _ => true,
        };
        if may { Ok(()) } else { Err(Refusal::new(403, "insufficientPermissions")) }
    }

    /// `app.created` reaches the calendars that this client has made, and no other.
    fn made(&self, book: &mut Book, id: &str) -> bool {
        self.has(&[".app.created"]) && book.find(id).is_ok_and(|shelf| shelf.made)
    }
}

const LIST: [&str; 4] = ["", ".readonly", ".calendarlist", ".calendarlist.readonly"];

/// Whether the person owns it; what is not there, or may be written to by nobody of theirs, is
/// refused for that reason.
fn owns(book: &mut Book, id: &str) -> bool {
    book.find(id).map_or(true, |shelf| shelf.role == "owner" || !shelf.may_write())
}
