//! Conditional writes (RFC 9110 section 13), and the one collection we make (RFC 4791
//! section 5.3.1).
//!
//! Invariant: nothing is written or deleted without a condition. Servers exist that ignore
//! conditions; there, the version is looked up first.

use super::fetch::{get, strong, version};
use super::href;
use super::transport::{Answer, Line, prepare};
use crate::calendar::Error;
use crate::event::{ETag, Href};
use libdav::PropertyName;
use libdav::caldav::{CalendarComponent, CreateCalendar, supported_calendar_component_set};
use libdav::dav::{Delete, PutResource};
use libdav::names::{CALDAV, DISPLAY_NAME, PROP, SET};
use libdav::xmlutils::XmlNode;
use reqwest::Url;

const TYPE: &str = "text/calendar; charset=utf-8";
/// Longest slug of a collection's name.
const SLUG: usize = 40;
const COMPONENTS: [CalendarComponent; 1] = [CalendarComponent::VEvent];

/// Whether the server honours `If-Match` and `If-None-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conditions {
    /// As far as we know.
    Honoured,
    /// Seen or known not to be: look before each write.
    Ignored,
}

impl Conditions {
    /// What is known of a server before the first write: SOGo serves all calendars below its name.
    pub fn of(base: &Url) -> Self {
        if base.path().starts_with("/SOGo/") { Self::Ignored } else { Self::Honoured }
    }
}

/// What a create came to.
#[derive(Debug)]
pub struct Created {
    /// Version of the new object.
    pub etag: Option<ETag>,
    /// What the answer says about the server.
    pub conditions: Conditions,
}

/// Creates an object unless something lies there.
///
/// # Errors
/// [`Error::Changed`] when something does.
pub async fn create(
    line: &Line<'_>,
    href: &Href,
    body: &str,
    conditions: Conditions,
) -> Result<Created, Error> {
    let url = line.locate(href)?;
    if conditions == Conditions::Ignored && get(line, href).await?.is_some() {
        return Err(Error::Changed);
    }
    let path = href::path(&url);
    let answer = line.ask(&url, &PutResource::new(&path).create(body, TYPE)).await?;
    // 204 says that something was replaced: the condition was not honoured.
    let conditions = if answer.status == 204 { Conditions::Ignored } else { conditions };
    let etag = written(line, &url, answer, "creating a block").await?;
    Ok(Created { etag, conditions })
}

/// Replaces an object that still has this version.
///
/// # Errors
/// [`Error::Changed`] when it has not.
pub async fn update(
    line: &Line<'_>,
    href: &Href,
    etag: &ETag,
    body: &str,
    conditions: Conditions,
) -> Result<Option<ETag>, Error> {
    let url = line.locate(href)?;
    if conditions == Conditions::Ignored && version(line, &url).await?.as_ref() != Some(etag) {
        return Err(Error::Changed);
    }
    let path = href::path(&url);
    let request = PutResource::new(&path).update(body, TYPE, etag.as_str());
    let answer = line.ask(&url, &request).await?;
    if matches!(answer.status, 404 | 410) {
        return Err(Error::Changed);
    }
    written(line, &url, answer, "changing a block").await
}

/// Deletes an object that still has this version; gone already is success.
///
/// # Errors
/// [`Error::Changed`] when it has another version.
pub async fn delete(
    line: &Line<'_>,
    href: &Href,
    etag: &ETag,
    conditions: Conditions,
) -> Result<(), Error> {
    let url = line.locate(href)?;
    if conditions == Conditions::Ignored {
        match version(line, &url).await? {
            None => return Ok(()),
            Some(now) if now != *etag => return Err(Error::Changed),
            Some(_) => {}
        }
    }
    let path = href::path(&url);
    let answer = line.ask(&url, &Delete::new(&path).with_etag(etag.as_str())).await?;
    match answer.status {
        404 | 410 => Ok(()),
        // Most servers fail the condition before they notice that nothing is there.
        412 if get(line, href).await?.is_none() => Ok(()),
        _ if answer.is_success() => Ok(()),
        _ => Err(answer.refusal("deleting a block")),
    }
}

async fn written(
    line: &Line<'_>,
    url: &Url,
    answer: Answer,
    what: &str,
) -> Result<Option<ETag>, Error> {
    if answer.names("no-uid-conflict") {
        return Err(Error::Changed);
    }
    if !answer.is_success() {
        return Err(answer.refusal(what));
    }
    match strong(&answer) {
        Some(etag) => Ok(Some(etag)),
        // Written is written: a version that can't be read now comes with the next listing.
        None => Ok(version(line, url).await.unwrap_or_default()),
    }
}

/// Makes a calendar for events below `home` and returns its address. One that lies there already
/// is as good.
///
/// # Errors
/// As the server refuses.
pub async fn make_calendar(line: &Line<'_>, home: &Url, name: &str) -> Result<Url, Error> {
    let mut url = home.clone();
    url.set_path(&format!("{}{}/", home.path(), slug(name)));
    let answer = line.send(&url, mkcalendar(&url, name)?).await?;
    if answer.is_success() || answer.names("resource-must-be-null") {
        return Ok(url);
    }
    let path = href::path(&url);
    let request = CreateCalendar::new(&path).with_display_name(name).with_components(&COMPONENTS);
    let second = line.ask(&url, &request).await?;
    // 405 to both: something lies there; whether it is a calendar shows when it is read.
    if second.is_success() || second.status == 405 {
        Ok(url)
    } else {
        Err(second.refusal("making a calendar"))
    }
}

/// The request of RFC 4791 section 5.3.1: the one `libdav` makes instead (RFC 5689) is not known
/// to all servers.
fn mkcalendar(url: &Url, name: &str) -> Result<http::Request<String>, Error> {
    let root = PropertyName::new(CALDAV, "mkcalendar");
    let name = XmlNode::new(&DISPLAY_NAME).with_text(name);
    let components = supported_calendar_component_set(&COMPONENTS);
    let prop = XmlNode::new(&PROP).with_children(vec![name, components]);
    let set = XmlNode::new(&SET).with_children(vec![prop]);
    let body = XmlNode::new(&root).with_children(vec![set]).render_node();
    let path = href::path(url);
    let mut request = prepare(url, &CreateCalendar::new(&path))?;
    if let Ok(method) = http::Method::from_bytes(b"MKCALENDAR") {
        *request.method_mut() = method;
    }
    *request.body_mut() = body;
    Ok(request)
}

/// A path segment for a calendar's name.
fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
    let words: String = name.chars().map(plain).collect();
    let slug: String = words.split_whitespace().collect::<Vec<_>>().join("-");
    let slug: String = slug.chars().take(SLUG).collect();
    if slug.is_empty() || !name.is_ascii() {
        let hash = blake3::hash(name.as_bytes()).to_hex();
        format!("{slug}-{}", &hash[..8]).trim_start_matches('-').to_owned()
    } else {
        slug
    }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn names_become_segments() {
        for (name, expected) in [("Suggested blocks", "suggested-blocks"), ("../../etc", "etc")] {
            assert_eq!(slug(name), expected);
        }
        assert_ne!(slug("日程"), slug("予定"));
    }
}
