//! Aligned columns of text, by the width a terminal gives each character.

use super::output::{FAINT, styled};
pub use crate::event::harmless::plain;
use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Between two columns.
const GAP: usize = 2;
/// A cut column keeps at least this width.
const NARROWEST: usize = 12;
/// What stands for the part cut off.
const CUT: char = '…';

/// Which side of a column its cells lean on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
    /// Text that is cut where the terminal is too narrow, the last such column first.
    Cut,
}

/// A cell and how it looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    text: String,
    style: Style,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Cell { text: plain(&text.into()), style: Style::new() }
    }
}

impl Cell {
    /// A cell with a look of its own.
    pub fn styled(style: Style, text: impl Into<String>) -> Self {
        Cell { style, ..Cell::from(text) }
    }
}

/// Rows under headings.
#[derive(Debug, Clone, Default)]
pub struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
    indent: usize,
}

impl Table {
    /// A table with these headings; all empty = no line of headings.
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        Self { columns: columns.to_vec(), ..Self::default() }
    }

    /// Moves all of it to the right.
    pub fn indented(self, indent: usize) -> Self {
        Self { indent, ..self }
    }

    /// Adds a row; missing cells are empty, excess ones are dropped.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut row: Vec<Cell> = cells.into_iter().take(self.columns.len()).collect();
        row.resize(self.columns.len(), Cell::from(""));
        self.rows.push(row);
    }

    /// The text, each line ended; `width` = columns of the terminal, `None` = as wide as it takes.
    pub fn render(&self, width: Option<usize>) -> String {
        let heading = |(title, _): &(&str, Align)| Cell::styled(FAINT, *title);
        let headings: Vec<Cell> = self.columns.iter().map(heading).collect();
        let headed = headings.iter().any(|cell| !cell.text.is_empty());
        let widths = self.widths(width);
        let lines = headed.then_some(&headings).into_iter().chain(&self.rows);
        lines.map(|row| self.line(row, &widths)).collect()
    }

    fn widths(&self, limit: Option<usize>) -> Vec<usize> {
        let cells = |column: usize| self.rows.iter().map(move |row| row[column].text.width());
        let mut widths: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .map(|(n, (title, _))| cells(n).chain([title.width()]).max().unwrap_or(0))
            .collect();
        let shown = widths.iter().filter(|width| **width > 0).count();
        let gaps = self.indent + GAP * shown.saturating_sub(1);
        let over = |widths: &[usize]| match limit {
            Some(limit) => (gaps + widths.iter().sum::<usize>()).saturating_sub(limit),
            None => 0,
        };
        for (n, (_, align)) in self.columns.iter().enumerate().rev() {
            if *align == Align::Cut {
                let room = widths[n].saturating_sub(NARROWEST);
                widths[n] -= over(&widths).min(room);
            }
        }
        widths
    }

    fn line(&self, row: &[Cell], widths: &[usize]) -> String {
        let mut line = " ".repeat(self.indent);
        // Spaces are written before the next cell: no line ends with some.
        let mut owed = 0;
        let columns = row.iter().zip(widths).zip(&self.columns);
        // A column without any text takes no room.
        for ((cell, width), (_, align)) in columns.filter(|((_, width), _)| **width > 0) {
            let text = cut(&cell.text, *width);
            let free = width.saturating_sub(text.width());
            let (before, after) = if *align == Align::Right { (free, 0) } else { (0, free) };
            if !text.is_empty() {
                line.push_str(&" ".repeat(owed + before));
                line.push_str(&styled(cell.style, &text));
                owed = 0;
            } else {
                owed += before;
            }
            owed += after + GAP;
        }
        line.push('\n');
        line
    }
}

/// The text in lines of at most `width` columns, each indented and ended; `None` = one line.
pub fn wrap(text: &str, indent: usize, width: Option<usize>) -> String {
    let margin = " ".repeat(indent);
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(indent).max(NARROWEST));
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { break };
        match line.is_empty() {
            true => line.push_str(word),
            false if line.width() + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            false => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| format!("{margin}{line}\n")).collect()
}

/// The text in at most `width` columns.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = CUT.width().unwrap_or(1);
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        kept.push(c);
    }
    format!("{}{CUT}", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_cut_by_columns_not_by_bytes() {
        fn check(text: &str, width: usize, expected: &str) {
            assert_eq!(cut(text, width), expected);
        }
        check("Planning", 8, "Planning");
        check("Planning", 7, "Planni…");
        check("漢字漢字", 8, "漢字漢字");
        check("漢字漢字", 7, "漢字漢…");
        check("漢字漢字", 6, "漢字…");
        check("Über", 4, "Über");
        check("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…");
    }

    #[test]
    fn columns_align() {
        let mut table = Table::new(&[("name", Align::Cut), ("n", Align::Right), ("", Align::Left)]);
        table.row(["漢字".into(), "7".into(), Cell::from("x")]);
        table.row(["a long title of a task".into(), "12".into()]);
        let strip = |text: String| anstream::adapter::strip_str(&text).to_string();
        assert_eq!(
            strip(table.render(None)),
            "name                     n\n漢字                     7  x\na long title of a task  12\n"
        );
        let narrow = strip(table.render(Some(20)));
        assert_eq!(narrow, "name            n\n漢字            7  x\na long title…  12\n");
        assert!(narrow.lines().all(|line| line.width() <= 20));
    }

    #[test]
    fn the_last_text_gives_way_first() {
        let mut table = Table::new(&[("", Align::Cut), ("", Align::Cut)]);
        table.row(["the words of a title".into(), "the name of a type".into()]);
        assert_eq!(table.render(Some(36)), "the words of a title  the name of a…\n");
        assert_eq!(table.render(Some(10)), "the words o…  the name of…\n");
    }

    #[test]
    fn sentences_wrap_between_words() {
        assert_eq!(wrap("one two three", 2, None), "  one two three\n");
        assert_eq!(
            wrap("eins zwölf 漢字 dreizehn", 2, Some(16)),
            "  eins zwölf\n  漢字 dreizehn\n"
        );
        assert_eq!(
            wrap("a-word-longer-than-a-line x", 0, Some(5)),
            "a-word-longer-than-a-line\nx\n"
        );
    }

    #[test]
    fn a_title_moves_no_cursor() {
        assert_eq!(plain("a\u{1b}[2Jb\r\nc\u{202e}d"), "a [2Jb  cd");
    }
}
