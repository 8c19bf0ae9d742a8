//! A multistatus answer read while it arrives, in pieces of whole rows: a calendar of any size
//! needs the memory of its texts alone, and neither the answer nor its tree beside them.
//!
//! Invariant: what is found does not depend on where the line cuts the answer. Only the elements
//! directly below the root are told apart here; each piece is then read as a document of its own
//! ([`super::multistatus::parse`]), under the root's start tag.

use super::multistatus::{Multistatus, Row, parse};

/// Bytes of whole rows that are worth reading, and few enough not to keep the thread for long.
const PIECE: usize = 256 * 1024;
/// Largest row, in bytes: the largest object that is kept, with its markup escaped.
const ROW: usize = 32 * 1024 * 1024;
/// Bytes that tell all kinds of markup apart: `<![CDATA[`.
const TELLING: usize = 9;

/// An answer as far as it has come.
#[derive(Debug, Default)]
pub struct Pieces {
    /// What is not read yet.
    rest: Vec<u8>,
    /// Up to here it was looked through.
    at: usize,
    /// Up to here it is whole elements.
    whole: usize,
    within: Within,
    /// Elements open here.
    depth: usize,
    /// The root's start tag, as it came.
    root: Vec<u8>,
    found: Multistatus,
    /// What that takes, in bytes.
    weight: usize,
    wrong: Option<String>,
    ended: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Within {
    #[default]
    Text,
    /// A tag that began there, and the quote that is open in it.
    Tag(usize, Option<u8>),
    /// Anything that ends with these bytes.
    Until(&'static [u8]),
}

impl Pieces {
    /// The next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        // So that a piece is hardly longer than it has to be.
        for part in bytes.chunks(PIECE / 4) {
            if self.ended || self.wrong.is_some() {
                return;
            }
            self.rest.extend_from_slice(part);
            while self.step() {}
            if self.whole >= PIECE {
                self.read();
            }
            if self.rest.len() - self.whole.min(self.rest.len()) > ROW {
                self.wrong = Some(format!("an answer with a row of over {} MiB", ROW >> 20));
            }
        }
    }

    /// What it holds so far takes so many bytes.
    pub fn weight(&self) -> usize {
        self.weight + self.rest.len()
    }

    /// What the whole answer held.
    ///
    /// # Errors
    /// What is wrong with it, when it is no multistatus at all or breaks off.
    pub fn finish(mut self) -> Result<Multistatus, String> {
        if self.wrong.is_none() {
            match self.ended {
                true => self.read(),
                // The XML parser has the words for what is amiss.
                false => return parse(&[self.root, self.rest].concat()),
            }
        }
        self.wrong.map_or(Ok(self.found), Err)
    }

    /// Looks on; `false` = more is needed, or nothing more.
    fn step(&mut self) -> bool {
        if self.ended || self.wrong.is_some() {
            return false;
        }
        let Some(ahead) = self.rest.get(self.at..) else { return false };
        match self.within {
            Within::Text => match ahead.iter().position(|byte| *byte == b'<') {
                None => {
                    self.at = self.rest.len();
                    false
                }
                Some(far) => {
                    self.at += far;
                    self.open()
                }
            },
            Within::Tag(start, quote) => self.in_tag(start, quote),
            Within::Until(end) => match ahead.windows(end.len()).position(|seen| seen == end) {
                Some(far) => {
                    self.at += far + end.len();
                    self.within = Within::Text;
                    true
                }
                None => {
                    self.at += ahead.len().saturating_sub(end.len() - 1);
                    false
                }
            },
        }
    }

    /// At a `<`.
    fn open(&mut self) -> bool {
        let ahead = self.rest.get(self.at..).unwrap_or_default();
        // No end tag of a multistatus is shorter.
        if ahead.len() < TELLING {
            return false;
        }
        self.within = match ahead {
            [b'<', b'!', b'-', b'-', ..] => Within::Until(b"-->"),
            [b'<', b'!', b'[', ..] => Within::Until(b"]]>"),
            [b'<', b'?', ..] => Within::Until(b"?>"),
            _ => Within::Tag(self.at, None),
        };
        self.at += 1;
        true
    }

    fn in_tag(&mut self, start: usize, quote: Option<u8>) -> bool {
        let ahead = self.rest.get(self.at..).unwrap_or_default();
        let ends = |byte: &u8| match quote {
            Some(quote) => *byte == quote,
            None => matches!(byte, b'>' | b'"' | b'\''),
        };
        let Some(far) = ahead.iter().position(ends) else {
            self.at = self.rest.len();
            return false;
        };
        let byte = ahead.get(far).copied();
        self.at += far + 1;
        self.within = match (quote, byte) {
            (None, Some(b'>')) => {
                self.closed(start);
                Within::Text
            }
            (None, open) => Within::Tag(start, open),
            (Some(_), _) => Within::Tag(start, None),
        };
        true
    }

    /// A tag reaches from `start` to here.
    fn closed(&mut self, start: usize) {
        let tag = self.rest.get(start..self.at).unwrap_or_default();
        let is_end = tag.starts_with(b"</");
        let is_empty = tag.ends_with(b"/>");
        if tag.starts_with(b"<!") {
            self.wrong = Some("an answer with a document type".to_owned());
            return;
        }
        if self.root.is_empty() {
            // Declarations and byte order marks stay behind, and so does the end of an empty root.
            self.root = match tag.strip_suffix(b"/>") {
                Some(start) => [start, b">"].concat(),
                None => tag.to_vec(),
            };
            self.rest.drain(..self.at);
            (self.at, self.whole) = (0, 0);
            (self.depth, self.ended) = (1, is_empty);
            return;
        }
        match (is_end, is_empty) {
            (true, _) => self.depth -= 1,
            (false, true) => {}
            (false, false) => self.depth += 1,
        }
        match self.depth {
            0 => {
                self.ended = true;
                self.whole = self.at;
            }
            1 => self.whole = self.at,
            _ => {}
        }
    }

    /// Reads the whole elements that have come.
    fn read(&mut self) {
        let name = self.root.get(1..).unwrap_or_default();
        let ends = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'>';
        let name = name.split(ends).next().unwrap_or_default();
        let piece = self.rest.get(..self.whole).unwrap_or_default();
        let text = match self.ended && !piece.is_empty() {
            true => [&self.root, piece].concat(),
            false => [&self.root, piece, b"</", name, b">"].concat(),
        };
        self.rest.drain(..self.whole);
        self.at -= self.whole.min(self.at);
        if let Within::Tag(start, _) = &mut self.within {
            *start -= self.whole.min(*start);
        }
        self.whole = 0;
        match parse(&text) {
            Ok(mut more) => {
                self.weight += more.rows.iter().map(Row::weight).sum::<usize>();
                self.found.rows.append(&mut more.rows);
                self.found.token = self.found.token.take().or(more.token);
            }
            Err(wrong) => self.wrong = Some(wrong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ANSWER: &str = "\u{feff} <?xml version=\"1.0\"?><!-- <multistatus> -->
        <d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" x='>' >
        <d:response><d:href>/ä/1.ics</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag>
        <c:calendar-data><![CDATA[SUMMARY:</d:response></d:multistatus> ]] > --> <x>]]>
        </c:calendar-data></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
        <!-- </d:multistatus> ' \" --><d:response/>
        <d:response a=\"/>\" b='/d:response>'><d:href>/2.ics</d:href><d:propstat><d:prop
        ><d:getetag/></d:prop></d:propstat></d:response><?odd </d:multistatus> ?>
        <d:sync-token>t</d:sync-token><d:response><d:href>/3.ics</d:href>
        <d:status>HTTP/1.1 404 Gone</d:status></d:response></d:multistatus> <!-- end -->";

    fn read(pieces: &[&[u8]]) -> Result<Multistatus, String> {
        let mut all = Pieces::default();
        for piece in pieces {
            all.feed(piece);
            // As if a piece were always enough.
            if all.whole > 0 && all.wrong.is_none() {
                all.read();
            }
        }
        all.finish()
    }

    fn shown(found: &Result<Multistatus, String>) -> String {
        format!("{found:?}")
    }

    #[test]
    fn markup_in_texts_is_text() {
        let found = read(&[ANSWER.as_bytes()]).unwrap();
        let hrefs: Vec<&str> = found.rows.iter().map(|row| row.href.as_str()).collect();
        assert_eq!(hrefs, ["/ä/1.ics", "/2.ics", "/3.ics"]);
        assert_eq!(found.token.as_deref(), Some("t"));
        let data = found.rows[0].data.as_deref().unwrap();
        assert!(data.starts_with("SUMMARY:</d:response></d:multistatus>"), "{data}");
        assert_eq!(shown(&Ok(found)), shown(&parse(ANSWER.as_bytes())), "as in one go");
    }

    #[test]
    fn what_is_no_answer_is_said() {
        for text in [
            "",
            "<",
            "hello",
            "<html>hello</html>",
            "<multistatus xmlns='DAV:'><response><href>/1</href></response>",
            "<multistatus xmlns='DAV:'><response><href>/1</href></b></multistatus>",
            "<multistatus xmlns='DAV:'><response></multistatus></response>",
            "<!DOCTYPE multistatus><multistatus xmlns='DAV:'></multistatus>",
            "</multistatus></multistatus>",
            "<multistatus/ >",
            "\u{fffd}\u{0}<multistatus xmlns='DAV:'>\u{0}</multistatus>",
        ] {
            for size in [1, 7, 1000] {
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                assert!(read(&pieces).is_err(), "{text}");
            }
        }
        for text in ["<multistatus/>", "<a:multistatus xmlns:a='DAV:'></a:multistatus>"] {
            assert!(read(&[text.as_bytes()]).unwrap().rows.is_empty(), "{text}");
        }
        let latin = b"<multistatus><response><href>/\xe4</href></response></multistatus>";
        assert!(read(&[latin]).is_err(), "not UTF-8");
    }

    #[test]
    fn a_row_without_end_is_not_waited_for() {
        let mut pieces = Pieces::default();
        pieces.feed(b"<d:multistatus xmlns:d='DAV:'><d:response><d:href>");
        let more = vec![b'x'; 1024 * 1024];
        for _ in 0..100 {
            pieces.feed(&more);
            assert!(pieces.rest.len() <= ROW + more.len());
        }
        assert!(pieces.finish().unwrap_err().contains("row of over 32 MiB"));
    }

    #[test]
    fn what_comes_at_once_is_read_in_pieces() {
        // The parser's work on all of it at once would be refused.
        let row = "<response xmlns='DAV:'><href xmlns='DAV:'>/1</href></response>";
        let prefixes: String = (0..20).map(|n| format!(" xmlns:n{n}='{n}'")).collect();
        let all =
            format!("<multistatus xmlns='DAV:'{prefixes}>{}</multistatus>", row.repeat(9_000));
        assert!(parse(all.as_bytes()).is_err());
        assert_eq!(read(&[all.as_bytes()]).unwrap().rows.len(), 9_000);
    }

    #[test]
    fn a_long_answer_needs_little_memory() {
        let row = format!("<d:response><d:href>/{}</d:href></d:response>", "x".repeat(1000));
        let mut pieces = Pieces::default();
        pieces.feed(b"<d:multistatus xmlns:d=\"DAV:\">");
        for _ in 0..2000 {
            pieces.feed(row.as_bytes());
            assert!(pieces.rest.len() <= PIECE + row.len(), "{}", pieces.rest.len());
        }
        pieces.feed(b"</d:multistatus>");
        let texts = 2000 * 1000;
        assert!((texts..texts * 2).contains(&pieces.weight()), "{}", pieces.weight());
        assert_eq!(pieces.finish().unwrap().rows.len(), 2000);
    }

    proptest! {
        #[test]
        fn wherever_the_line_cuts(cuts in prop::collection::vec(1..40usize, 0..120)) {
            let mut rest = ANSWER.as_bytes();
            let mut pieces = Vec::new();
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            pieces.push(rest);
            prop_assert_eq!(shown(&read(&pieces)), shown(&parse(ANSWER.as_bytes())));
        }

        #[test]
        fn nonsense_is_survived(bytes in "[<>/!?a\"'\\-\\[\\] mult]{0,80}") {
            let whole = format!("<multistatus xmlns='DAV:'>{bytes}</multistatus>");
            for text in [bytes.as_str(), whole.as_str()] {
                let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
                let found = read(&single);
                prop_assert_eq!(found.is_ok(), read(&[text.as_bytes()]).is_ok());
                prop_assert!(found.is_err() || parse(text.as_bytes()).is_ok(), "{text}");
            }
        }
    }
}
