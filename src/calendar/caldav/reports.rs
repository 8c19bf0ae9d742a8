//! The reports that `libdav` has no request for: those that ask for texts along with versions.

use crate::calendar::Error;
use crate::event::SyncToken;
use http::{Method, Request};
use libdav::names::{
    CALENDAR_DATA, CALENDAR_QUERY, COMP_FILTER, FILTER, GETETAG, PROP, SYNC_COLLECTION, SYNC_LEVEL,
    SYNC_TOKEN,
};
use libdav::requests::xml_content_type_header;
use libdav::xmlutils::XmlNode;

/// Whether texts are asked for along with versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    /// RFC 6578 lets a client ask for any property, and a text is none: a server that does not give
    /// it with the listing says so row by row, or refuses.
    Asked,
    /// Versions will do.
    Not,
}

/// The sync-collection report (RFC 6578 section 3.2).
///
/// # Errors
/// [`Error::Refused`], in theory.
pub fn sync(token: Option<&SyncToken>, texts: Texts) -> Result<Request<String>, Error> {
    let token = match token {
        Some(token) => XmlNode::new(&SYNC_TOKEN).with_text(token.as_str()),
        None => XmlNode::new(&SYNC_TOKEN),
    };
    let level = XmlNode::new(&SYNC_LEVEL).with_text("1");
    let root = XmlNode::new(&SYNC_COLLECTION).with_children(vec![token, level, wanted(texts)]);
    // Section 3.2 asks for this depth, and some servers refuse the report without.
    report(&root, "0")
}

/// The calendar-query report for everything there is (RFC 4791 section 7.8).
///
/// # Errors
/// [`Error::Refused`], in theory.
pub fn query() -> Result<Request<String>, Error> {
    let all = XmlNode::new(&COMP_FILTER).with_attributes(vec![("name", "VCALENDAR")]);
    let filter = XmlNode::new(&FILTER).with_children(vec![all]);
    let root = XmlNode::new(&CALENDAR_QUERY).with_children(vec![wanted(Texts::Asked), filter]);
    report(&root, "1")
}

fn wanted(texts: Texts) -> XmlNode<'static> {
    let mut all = vec![XmlNode::new(&GETETAG)];
    if texts == Texts::Asked {
        all.push(XmlNode::new(&CALENDAR_DATA));
    }
    XmlNode::new(&PROP).with_children(all)
}

fn report(root: &XmlNode<'_>, depth: &str) -> Result<Request<String>, Error> {
    let (kind, xml) = xml_content_type_header();
    let method = Method::from_bytes(b"REPORT").map_err(http::Error::from);
    let request = method.and_then(|method| {
        let request = Request::builder().method(method).header(kind, xml).header("Depth", depth);
        request.body(root.render_node())
    });
    request.map_err(|_| Error::Refused("no request".to_owned()))
}
