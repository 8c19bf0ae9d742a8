//! What HTML in a DESCRIPTION says.
//!
//! Calendar apps keep descriptions as HTML and write it into text that was none, as soon as
//! somebody opens an event: line breaks become `<br>`, addresses links, `&` an entity. The words
//! stay. Only elements that such editors write are understood: `<T>` in a title stays what it is.

use std::borrow::Cow;

/// Elements that begin a line.
const BLOCKS: [&str; 16] = [
    "br",
    "p",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "blockquote",
];
/// Elements that only dress words.
const INLINE: [&str; 17] = [
    "a",
    "b",
    "i",
    "u",
    "s",
    "em",
    "strong",
    "span",
    "font",
    "code",
    "pre",
    "sub",
    "sup",
    "small",
    "html-blob",
    "td",
    "wbr",
];
/// Longest element, attributes included.
const ELEMENT: usize = 4096;
/// Longest entity: `&#x10FFFF;`.
const ENTITY: usize = 10;

/// The words, without elements and entities; a text without either is given back.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '&']) {
        return Cow::Borrowed(text);
    }
    let mut words = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        let (before, here) = rest.split_at(at);
        words.push_str(before);
        let read = if here.starts_with('<') { element(here) } else { entity(here) };
        let (says, length) = read.unwrap_or((here.chars().next(), 1));
        words.extend(says);
        rest = here.get(length..).unwrap_or_default();
    }
    words.push_str(rest);
    Cow::Owned(words)
}

/// What an element at the start of the text says, and its length.
fn element(text: &str) -> Option<(Option<char>, usize)> {
    let end = text.bytes().take(ELEMENT).position(|b| b == b'>')?;
    let inner = text.get(1..end)?;
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let name = inner.split(|c: char| c.is_whitespace() || c == '/').next()?.to_ascii_lowercase();
    let says = match name.as_str() {
        name if BLOCKS.contains(&name) => Some('\n'),
        name if INLINE.contains(&name) => None,
        _ => return None,
    };
    Some((says, end + 1))
}

/// What an entity at the start of the text says, and its length.
fn entity(text: &str) -> Option<(Option<char>, usize)> {
    let end = text.bytes().take(ENTITY).position(|b| b == b';')?;
    let name = text.get(1..end)?;
    let says = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        name => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((Some(says), end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_dress_goes() {
        for (text, expected) in [
            ("10:00 is your best hour", "10:00 is your best hour"),
            ("one<br>two<BR/>three<br />four", "one\ntwo\nthree\nfour"),
            ("<p>one</p><p class=\"x\">two</p>", "\none\n\ntwo\n"),
            ("see <a href=\"https://x.org/?a&amp;b\" id=\"o\">x.org</a>", "see x.org"),
            (
                "<html-blob><u></u>a &amp; b &lt;c&gt; &quot;d&#39;s&quot;&nbsp;e</html-blob>",
                "a & b <c> \"d's\" e",
            ),
            ("&#x27;&#8211;", "'–"),
            // None of theirs: it stands for itself.
            (
                "Vec<T> & a < b; c &unknown; <3 &#xD800; &;",
                "Vec<T> & a < b; c &unknown; <3 &#xD800; &;",
            ),
            ("<", "<"),
            ("ends in &", "ends in &"),
            ("<br", "<br"),
            ("<ä>&ä;<b", "<ä>&ä;<b"),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
        let long = format!("<a {}>", "x".repeat(ELEMENT));
        assert_eq!(plain(&long), long);
        let many = "<&".repeat(1_000);
        assert_eq!(plain(&many), many, "each place is looked at with a bound");
    }
}
