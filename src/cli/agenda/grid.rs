//! A week as a grid: a column a day, a row half an hour.

use super::week::{Day, Item, Kind, hours, length};
use crate::cli::output::{FAINT, GOOD, HEADING, styled};
use crate::cli::table::cut;
use anstyle::Style;
use chrono::NaiveDate;
use unicode_width::UnicodeWidthStr;

/// Minutes a row stands for.
const ROW: i32 = 30;
/// Columns of the hours at the left.
const HOURS: usize = 6;
/// Fewest columns of a day: a mark, a gap and some letters.
const NARROWEST: usize = 9;
/// Columns from which a day is told with its month.
const NAMED: usize = 12;
/// Most columns of a day: a wider one only spreads.
const WIDEST: usize = 26;
/// Hours shown when nothing else stands outside of them.
const USUAL: (i32, i32) = (9 * 60, 17 * 60);

/// Whether seven days fit side by side.
pub(super) fn fits(width: usize) -> bool {
    day_width(width) >= NARROWEST
}

/// Columns of a day with the gap behind it.
fn day_width(width: usize) -> usize {
    (width.saturating_sub(HOURS) / 7).min(WIDEST)
}

/// The grid, its legend, and the free time of each day below it.
pub(super) fn draw(week: &[Day], today: NaiveDate, width: usize) -> String {
    let columns = day_width(width);
    let mut text = headings(week, today, columns);
    let whole = week.iter().map(|day| day.whole.len()).max().unwrap_or(0);
    for n in 0..whole {
        let cells = week.iter().map(|day| match day.whole.get(n) {
            Some(title) => (FAINT, format!("= {title}")),
            None => (Style::new(), String::new()),
        });
        text.push_str(&row("", cells, columns));
    }
    let (from, to) = extent(week);
    let mut at = from;
    while at < to {
        let label = if at % 60 == 0 { format!("{:02}", at / 60) } else { String::new() };
        text.push_str(&row(&label, week.iter().map(|day| cell(day, at)), columns));
        at += ROW;
    }
    let free = week.iter().map(|day| match day.free_minutes() {
        0 => (FAINT, "-".to_owned()),
        minutes => (FAINT, length(minutes)),
    });
    text.push_str(&row("free", free, columns));
    let legend = "▌ takes your time   ░ takes none   ▒ a block   · outside your hours";
    text.push_str(&format!("\n{}\n", styled(FAINT, legend)));
    text.push_str(&short_ones(week, (from, to)));
    text
}

fn headings(week: &[Day], today: NaiveDate, columns: usize) -> String {
    let heading = |day: &Day| {
        let mark = if day.date == today { "*" } else { "" };
        let words = if columns < NAMED { "%a %-d" } else { "%a %-d %b" };
        (HEADING, format!("{}{mark}", day.date.format(words)))
    };
    row("", week.iter().map(heading), columns)
}

/// From the first to the last hour in which something stands or work goes on.
fn extent(week: &[Day]) -> (i32, i32) {
    let items = week.iter().flat_map(|day| day.items.iter().map(|i| (i.from, i.to)));
    let all: Vec<(i32, i32)> =
        items.chain(week.iter().flat_map(|day| day.work.iter().copied())).collect();
    let from = all.iter().map(|s| s.0).min().unwrap_or(USUAL.0);
    let to = all.iter().map(|s| s.1).max().unwrap_or(USUAL.1);
    // Whole hours; `to` is at least an hour after `from`.
    (from / 60 * 60, ((to + 59) / 60 * 60).max(from / 60 * 60 + 60))
}

/// What stands at this half hour of a day.
fn cell(day: &Day, at: i32) -> (Style, String) {
    let here = |item: &&Item| item.from < at + ROW && at < item.to.max(item.from + 1);
    let items: Vec<&Item> = day.items.iter().filter(here).collect();
    let begins = |item: &&&Item| item.from >= at || at == 0;
    let shown = items.iter().find(begins).or(items.first());
    let Some(item) = shown else {
        let works = day.work.iter().any(|(from, to)| *from < at + ROW && at < *to);
        return if works { (Style::new(), String::new()) } else { (FAINT, "·".to_owned()) };
    };
    let (style, mark) = match item.kind {
        Kind::Busy => (Style::new(), "▌"),
        Kind::Free => (FAINT, "░"),
        Kind::Block => (GOOD, "▒"),
    };
    let title = if begins(&item) { item.title.as_str() } else { "" };
    let more = match items.iter().filter(begins).count() {
        0 | 1 => String::new(),
        n => format!("+{} ", n - 1),
    };
    (style, format!("{mark} {more}{title}"))
}

fn row(label: &str, cells: impl Iterator<Item = (Style, String)>, columns: usize) -> String {
    let mut line = styled(FAINT, label);
    // Spaces are written before the next cell: no line ends with some.
    let mut owed = HOURS - label.width();
    for (style, text) in cells {
        let text = cut(text.trim_end(), columns - 1);
        let taken = text.width();
        if taken > 0 {
            line.push_str(&" ".repeat(owed));
            line.push_str(&styled(style, &text));
            owed = 0;
        }
        owed += columns - taken;
    }
    line.push('\n');
    line
}

/// What begins in the same half hour as something else is named below the grid.
fn short_ones(week: &[Day], (from, to): (i32, i32)) -> String {
    let mut text = String::new();
    for day in week {
        let mut at = from;
        while at < to {
            let begins = |item: &&Item| (at..at + ROW).contains(&item.from);
            let items: Vec<&Item> = day.items.iter().filter(begins).collect();
            for item in items.iter().skip(1) {
                let when = hours((item.from, item.to));
                let line = format!("also {} {when}  {}", day.date.format("%a"), item.title);
                text.push_str(&format!("{}\n", styled(FAINT, &line)));
            }
            at += ROW;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::agenda::week::empty_week;

    #[test]
    fn rows_keep_to_the_width_and_end_with_no_space() {
        let monday: NaiveDate = "2026-03-02".parse().unwrap();
        let mut week = empty_week(monday, (540, 720));
        week[1].whole.push("Conference of all the world".to_owned());
        for width in [76, 80, 120, 400] {
            assert!(fits(width), "{width}");
            let drawn = draw(&week, monday, width);
            let plain = anstream::adapter::strip_str(&drawn).to_string();
            let longest = plain.lines().take(5).map(|line| line.width()).max().unwrap();
            assert!(longest <= width, "{width}: {longest}\n{plain}");
            assert!(plain.lines().all(|line| !line.ends_with(' ')), "{plain}");
        }
        assert!(!fits(60));
    }
}
