//! The one collection we make (RFC 4791 section 5.3.1).

use super::href;
use super::transport::{Line, prepare};
use crate::calendar::Error;
use libdav::PropertyName;
use libdav::caldav::{CalendarComponent, CreateCalendar, supported_calendar_component_set};
use libdav::names::{CALDAV, DISPLAY_NAME, PROP, SET};
use libdav::xmlutils::XmlNode;
use reqwest::Url;

/// Longest slug of a collection's name.
const SLUG: usize = 40;
const COMPONENTS: [CalendarComponent; 1] = [CalendarComponent::VEvent];

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
