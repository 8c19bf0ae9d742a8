//! How hard a piece of XML is to read, told before it is read.
//!
//! The XML parser compares the attributes of a tag pairwise, looks every prefix up among all
//! declarations in force, and copies these, each compared with those before, into every tag that
//! declares one more. On a few hundred kilobytes made for it that takes minutes, and whoever
//! computes can't be stopped. So its comparisons are counted here first; an answer of the measured
//! servers comes to a twentieth of what is let through.
//!
//! Invariant: never fewer than the parser will make of a text that it reads to the end.

/// Most comparisons for one piece: some hundredths of a second.
const MOST: usize = 4_000_000;
/// Longest tag, in bytes: hrefs and texts stand between tags.
const TAG: usize = 4 * 1024;
/// The parser keeps the declarations of a piece sorted, each once: a new one moves so many others
/// in the time of a few comparisons.
const MOVED: usize = 256;

/// What a tag holds that makes work.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tag {
    declarations: usize,
    attributes: usize,
    is_end: bool,
    is_empty: bool,
}

/// Whether the parser will be done with this soon.
///
/// # Errors
/// What is wrong with it.
pub fn check(text: &str) -> Result<(), String> {
    let mut effort = 0_usize;
    let mut declared = 0_usize;
    // Declarations in force in each element that is open.
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some((_, markup)) = rest.split_once('<') {
        let passed_over = [("!--", "-->"), ("![", "]]>"), ("?", "?>")]
            .into_iter()
            .find_map(|(start, end)| Some((markup.strip_prefix(start)?, end)));
        if let Some((inner, end)) = passed_over {
            rest = inner.split_once(end).map_or("", |(_, after)| after);
            continue;
        }
        let (tag, after) = tag(markup)?;
        rest = after;
        if tag.is_end {
            open.pop();
            continue;
        }
        declared = declared.saturating_add(tag.declarations);
        let in_force = open.last().map_or(tag.declarations, |above| above + tag.declarations);
        if !tag.is_empty {
            open.push(in_force);
        }
        effort = effort.saturating_add(tag.effort(in_force, declared));
        if effort > MOST {
            return Err("an answer that is made to be hard to read".to_owned());
        }
    }
    Ok(())
}

impl Tag {
    fn effort(&self, in_force: usize, declared: usize) -> usize {
        let names = self.attributes + 1;
        let looked_up = names.saturating_mul(in_force + 1);
        let pairs = self.attributes.saturating_mul(self.attributes) / 2;
        let copied = match self.declarations {
            0 => 0,
            _ => in_force.saturating_mul(in_force) / 2,
        };
        let moved = self.declarations.saturating_mul(declared) / MOVED;
        [looked_up, pairs, copied, moved].into_iter().fold(0, usize::saturating_add)
    }
}

/// The tag that `markup` begins with, behind its `<`, and what follows it.
fn tag(markup: &str) -> Result<(Tag, &str), String> {
    let too_long = || format!("an answer with a tag of over {} KiB", TAG / 1024);
    let mut tag = Tag { is_end: markup.starts_with('/'), ..Tag::default() };
    let mut rest = markup;
    loop {
        let found = rest.find(['>', '"', '\'']).and_then(|at| rest.split_at_checked(at));
        let parted = found.and_then(|(before, from)| Some((before, from.chars().next()?, from)));
        let Some((before, sign, from)) = parted else {
            // It never ends, which the parser says with less effort.
            return if rest.len() > TAG { Err(too_long()) } else { Ok((tag, "")) };
        };
        let after = from.strip_prefix(sign).unwrap_or_default();
        if sign == '>' {
            tag.is_empty = before.ends_with('/');
            let length = markup.len() - after.len();
            return if length > TAG { Err(too_long()) } else { Ok((tag, after)) };
        }
        match before.contains("xmlns") {
            true => tag.declarations += 1,
            false => tag.attributes += 1,
        }
        rest = after.split_once(sign).map_or("", |(_, behind)| behind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn within(root: &str, children: &str) -> String {
        format!(
            "<?xml version='1.0'?><d:multistatus xmlns:d='DAV:' {root}>{children}</d:multistatus>"
        )
    }

    fn numbered(count: usize, what: impl Fn(usize) -> String) -> String {
        (0..count).map(what).collect()
    }

    #[test]
    fn what_is_made_to_be_hard_is_refused_unread() {
        let prefixes = |count| numbered(count, |n| format!(" xmlns:n{n}='{n}'"));
        let attributes = |count| numbered(count, |n| format!(" a{n}=''"));
        let nested = format!("{}{}", "<a xmlns:y='y' xmlns:z='z'>".repeat(400), "</a>".repeat(400));
        for (what, text) in [
            ("a quoted end", within("", &format!("<r a='>'{}/>", attributes(60_000)))),
            ("attributes", within("", &format!("<r{}/>", attributes(400)).repeat(100))),
            ("declarations", within(&prefixes(200), &"<a xmlns:z='z'/>".repeat(10_000))),
            ("many declarations", within(&prefixes(3_000), "")),
            ("prefixes", within(&prefixes(150), &"<d:a/>".repeat(50_000))),
            ("nested declarations", within("", &nested)),
            ("different ones", within("", &numbered(50_000, |n| format!("<a xmlns='{n}'/>")))),
            ("no end", within("", &format!("<a {}", prefixes(3_000)))),
            ("a comment in a tag", within("", &format!("<a b='<!--' {} c='-->'/>", prefixes(999)))),
        ] {
            assert!(check(&text).is_err(), "{what}");
        }
    }

    #[test]
    fn what_real_servers_send_is_far_from_that() {
        // As sabre/dav, with the declarations of its whole family; and one that declares a
        // namespace anew with each property: a piece is a quarter of a megabyte.
        let family = numbered(12, |n| format!(" xmlns:x{n}='http://example.com/ns/{n}'"));
        let row = "<d:response><d:href>/calendars/me/work/0123456789abcdef.ics</d:href>\
            <d:propstat><d:prop><d:getetag>&quot;0123&quot;</d:getetag></d:prop>\
            <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>";
        let declared = "<response xmlns='DAV:'><href xmlns='DAV:'>/1.ics</href><propstat \
            xmlns='DAV:'><prop xmlns='DAV:'><getetag xmlns='DAV:'>1</getetag><c:calendar-data \
            xmlns:c='urn:ietf:params:xml:ns:caldav' content-type='text/calendar' version='2.0'/>\
            </prop></propstat></response>";
        for text in [within(&family, &row.repeat(2_000)), within(&family, &declared.repeat(1_300))]
        {
            assert!(text.len() > 256 * 1024);
            assert_eq!(check(&text), Ok(()));
        }
        let text = "<![CDATA[<a b='>]]><!-- <a b=\" --><?x <a b=' ?><a b='/>' c=\"'\"/>";
        assert_eq!(check(&within("", &text.repeat(1_000))), Ok(()));
    }

    #[test]
    fn tags_are_told_as_the_parser_tells_them() {
        let seen = |declarations, attributes, is_end, is_empty| Tag {
            declarations,
            attributes,
            is_end,
            is_empty,
        };
        for (text, expected, after) in [
            ("a>b", seen(0, 0, false, false), "b"),
            ("/a >b", seen(0, 0, true, false), "b"),
            ("a b='>' xmlns=\"'/>\" xmlns:c='' />b", seen(2, 1, false, true), "b"),
            ("a b=\"/\">", seen(0, 1, false, false), ""),
            ("a b='c", seen(0, 1, false, false), ""),
        ] {
            assert_eq!(tag(text), Ok((expected, after)), "{text}");
        }
    }
}
