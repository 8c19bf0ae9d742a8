//! Multistatus answers (RFC 4918 section 13), row by row.
//!
//! Invariant: a row that makes no sense is left incomplete, never a reason to lose the others.

use super::effort;
use crate::calendar::room::PLACE;
use crate::event::ETag;
use libdav::names;
use libdav::xmlutils::parse_statusline;
use roxmltree::{Document, Node, ParsingOptions};

/// Most XML nodes in a piece: one of 256 KiB has some ten thousand, one that is a single row of a
/// very large object hardly more. Each takes about 100 bytes.
const NODES: u32 = 500_000;
/// Longest body of an error that is read, in bytes.
pub const ERROR: usize = 64 * 1024;

/// An answer of status 207, or one that looks like it.
#[derive(Debug, Default)]
pub struct Multistatus {
    /// In the server's order.
    pub rows: Vec<Row>,
    /// `DAV:sync-token` (RFC 6578 section 6.2).
    pub token: Option<String>,
}

/// What is said of one resource. Properties count only where their status is a success.
#[derive(Debug, Default)]
pub struct Row {
    /// As the server wrote it.
    pub href: String,
    /// Of the resource as a whole; `None` where only properties have one.
    pub status: Option<u16>,
    /// `DAV:getetag`, in one spelling.
    pub etag: Option<ETag>,
    /// That ETag is marked weak (RFC 9110 section 8.8.1).
    pub weak: bool,
    /// `CALDAV:calendar-data`.
    pub data: Option<String>,
    /// `DAV:resourcetype` says collection.
    pub is_collection: bool,
    /// `DAV:resourcetype` says calendar.
    pub is_calendar: bool,
    /// `DAV:displayname`, unless empty.
    pub name: Option<String>,
    /// Names in `CALDAV:supported-calendar-component-set`; `None` = not said.
    pub components: Option<Vec<String>>,
    /// Names in `DAV:current-user-privilege-set`; `None` = not said.
    pub privileges: Option<Vec<String>>,
    /// Hrefs in `DAV:current-user-principal`.
    pub principal: Vec<String>,
    /// Hrefs in `CALDAV:calendar-home-set`.
    pub homes: Vec<String>,
    /// Hrefs in `CALDAV:calendar-user-address-set`.
    pub addresses: Vec<String>,
}

impl Row {
    /// Bytes it takes, about, here and as what is made of it.
    pub fn weight(&self) -> usize {
        let lists = [&self.principal, &self.homes, &self.addresses].into_iter();
        let lists = lists.chain(&self.components).chain(&self.privileges).flatten();
        let texts = self.data.iter().chain(&self.name).chain(lists);
        let etag = self.etag.as_ref().map_or(0, |etag| etag.as_str().len());
        PLACE
            + self.href.len()
            + etag
            + texts.map(|text| text.len() + size_of::<String>()).sum::<usize>()
    }
}

/// Reads an answer, or a piece of one.
///
/// # Errors
/// What is wrong with it, when it is no multistatus at all.
pub fn parse(body: &[u8]) -> Result<Multistatus, String> {
    let text = std::str::from_utf8(body).map_err(|_| "an answer that is not UTF-8".to_owned())?;
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let document = document(text)?;
    let root = document.root_element();
    if root.tag_name().name() != "multistatus" {
        return Err(format!("<{}> instead of a multistatus", root.tag_name().name()));
    }
    let token = elements(root).find(|n| n.tag_name() == names::SYNC_TOKEN).and_then(text_of);
    let rows = elements(root).filter(|n| n.tag_name() == names::RESPONSE).flat_map(rows).collect();
    Ok(Multistatus { rows, token })
}

fn document(text: &str) -> Result<Document<'_>, String> {
    effort::check(text)?;
    let options = ParsingOptions { nodes_limit: NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options)
        .map_err(|error| format!("an answer that is not XML ({error})"))
}

/// Whether an error's body names this precondition (RFC 4918 section 16).
pub fn names_precondition(body: &[u8], precondition: &str) -> bool {
    let text = std::str::from_utf8(body).ok().filter(|text| text.len() <= ERROR);
    let document = text.and_then(|text| document(text).ok());
    document.is_some_and(|d| d.descendants().any(|n| n.tag_name().name() == precondition))
}

/// One ETag in one spelling: quoted and strong. Some servers mark an ETag weak in one answer
/// (because it was compressed) and not in the next, or leave the quotes out.
pub fn etag(text: &str) -> Option<ETag> {
    let text = text.trim();
    let strong = text.strip_prefix("W/").unwrap_or(text);
    match strong {
        "" | "\"\"" => None,
        quoted if quoted.starts_with('"') => Some(ETag::new(quoted)),
        bare => Some(ETag::new(format!("\"{bare}\""))),
    }
}

fn elements<'a, 'i>(node: Node<'a, 'i>) -> impl Iterator<Item = Node<'a, 'i>> {
    node.children().filter(Node::is_element)
}

fn text_of(node: Node) -> Option<String> {
    let text: String = node.descendants().filter_map(|n| n.is_text().then(|| n.text())?).collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn hrefs(node: Node) -> Vec<String> {
    let all = node.descendants().filter(|n| n.tag_name() == names::HREF);
    all.filter_map(text_of).collect()
}

fn status(node: Node) -> Option<u16> {
    let line = elements(node).find(|n| n.tag_name() == names::STATUS).and_then(text_of)?;
    parse_statusline(&line).ok().map(|code| code.as_u16())
}

/// A response holds one href and its properties, or many hrefs that share a status.
fn rows(response: Node) -> Vec<Row> {
    let mut first = Row { status: status(response), ..Row::default() };
    for propstat in elements(response).filter(|n| n.tag_name() == names::PROPSTAT) {
        if status(propstat).is_none_or(|code| (200..300).contains(&code)) {
            let props = elements(propstat).filter(|n| n.tag_name() == names::PROP);
            props.flat_map(elements).for_each(|property| read(&mut first, property));
        }
    }
    let own = elements(response).filter(|n| n.tag_name() == names::HREF).filter_map(text_of);
    let mut named = own.map(|href| Row { href, status: first.status, ..Row::default() });
    let Some(one) = named.next() else {
        return Vec::new();
    };
    let rest: Vec<Row> = named.collect();
    std::iter::once(Row { href: one.href, ..first }).chain(rest).collect()
}

fn read(row: &mut Row, property: Node) {
    match property.tag_name().name() {
        "getetag" => {
            let text = text_of(property).unwrap_or_default();
            row.etag = etag(&text);
            row.weak = text.starts_with("W/");
        }
        "calendar-data" => row.data = text_of(property).map(|text| with_crlf(&text)),
        "resourcetype" => {
            row.is_collection = elements(property).any(|n| n.tag_name() == names::COLLECTION);
            row.is_calendar = elements(property).any(|n| n.tag_name() == names::CALENDAR);
        }
        "displayname" => row.name = text_of(property),
        "supported-calendar-component-set" => {
            let names = elements(property).filter_map(|n| n.attribute("name"));
            row.components = Some(names.map(str::to_ascii_uppercase).collect());
        }
        "current-user-privilege-set" => {
            let named = property.descendants().filter(|n| n.is_element());
            row.privileges = Some(named.map(|n| n.tag_name().name().to_owned()).collect());
        }
        "current-user-principal" => row.principal = hrefs(property),
        "calendar-home-set" => row.homes = hrefs(property),
        "calendar-user-address-set" => row.addresses = hrefs(property),
        _ => {}
    }
}

/// XML turns CRLF into LF; iCalendar wants it back (RFC 5545 section 3.1).
fn with_crlf(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16 + 2);
    for line in text.split('\n') {
        out.push_str(line.strip_suffix('\r').unwrap_or(line));
        out.push_str("\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_rows_lose_nothing() {
        let answer = parse(
            br#"<?xml version="1.0"?>
            <d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
              <d:response><d:href>/a/1.ics</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag>
                <c:calendar-data>BEGIN:VCALENDAR
END:VCALENDAR</c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
              </d:response>
              <d:response><d:href>/a/2.ics</d:href><d:propstat><d:prop><d:getetag/></d:prop>
                <d:status>nonsense</d:status></d:propstat></d:response>
              <d:response><d:propstat/></d:response>
              <d:response><d:href>/a/3.ics</d:href><d:href>/a/4.ics</d:href>
                <d:status>HTTP/1.1 404 Not Found</d:status></d:response>
              <d:response><d:href>/a/</d:href><d:status>HTTP/1.1 507 Full</d:status></d:response>
              <d:sync-token> t1 </d:sync-token>
            </d:multistatus>"#,
        )
        .unwrap();
        let seen: Vec<_> = answer.rows.iter().map(|r| (r.href.as_str(), r.status)).collect();
        let gone = Some(404);
        let expected = [
            ("/a/1.ics", None),
            ("/a/2.ics", None),
            ("/a/3.ics", gone),
            ("/a/4.ics", gone),
            ("/a/", Some(507)),
        ];
        assert_eq!(seen, expected);
        assert_eq!(answer.rows[0].etag, Some(ETag::new("\"1\"")));
        let data = answer.rows[0].data.as_deref();
        assert_eq!(data, Some("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"));
        assert_eq!(answer.token.as_deref(), Some("t1"));
    }

    #[test]
    fn what_is_hard_to_read_is_no_answer_and_no_error() {
        let prefixes: String = (0..3_000).map(|n| format!(" xmlns:n{n}='{n}'")).collect();
        let hard = format!("<a{prefixes}><valid-sync-token/></a>");
        assert!(hard.len() < ERROR && !names_precondition(hard.as_bytes(), "valid-sync-token"));
        assert!(parse(hard.as_bytes()).unwrap_err().contains("tag of over 4 KiB"));
        let many = "<a/>".repeat(NODES as usize);
        let many = format!("<multistatus xmlns='DAV:'><response>{many}</response></multistatus>");
        assert!(parse(many.as_bytes()).unwrap_err().contains("not XML"));
    }

    #[test]
    fn properties_that_failed_do_not_count() {
        let answer = parse(
            br#"<multistatus xmlns="DAV:"><response><href>/</href><propstat>
            <prop><displayname>x</displayname></prop><status>HTTP/1.1 404 No</status></propstat>
            </response></multistatus>"#,
        );
        assert_eq!(answer.unwrap().rows[0].name, None);
    }

    #[test]
    fn etags_have_one_spelling() {
        for (text, expected) in [
            ("\"a\"", Some("\"a\"")),
            ("W/\"a\"", Some("\"a\"")),
            ("a", Some("\"a\"")),
            (" ", None),
        ] {
            assert_eq!(etag(text), expected.map(ETag::new), "{text}");
        }
    }
}
