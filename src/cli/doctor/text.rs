//! The findings for a person: a paragraph an account, what to do under what is wrong.

use super::finding::{Calendar, Checked, Finding, Level, Role, verdict};
use crate::cli::output::{BAD, FAINT, GOOD, HEADING, WARN, columns, count, styled};
use crate::cli::table::{Align, Cell, Table, plain, wrap};
use anstyle::Style;

/// Before a sentence: its mark and a space.
const MARGIN: usize = 2;

/// All of it.
pub fn render(checked: &[Checked], house: &[Finding]) -> String {
    let mut text = String::new();
    for account in checked {
        let (kind, place) = (account.kind, plain(&account.place));
        let name = styled(HEADING, &plain(&account.name));
        text.push_str(&format!("{name}  {}\n", styled(FAINT, &format!("{kind}, {place}"))));
        text.extend(account.findings.iter().map(sentence));
        text.push_str(&calendars(&account.calendars));
        text.push('\n');
    }
    text.push_str(&format!("{}\n", styled(HEADING, "this computer")));
    text.extend(house.iter().map(sentence));
    text.push('\n');
    text.push_str(&conclusion(checked, house));
    text
}

fn mark(level: Level) -> (Style, &'static str) {
    match level {
        Level::Good => (GOOD, "✓"),
        Level::Note => (FAINT, "·"),
        Level::Weak => (WARN, "!"),
        Level::Broken => (BAD, "✗"),
    }
}

fn sentence(finding: &Finding) -> String {
    let (style, mark) = mark(finding.level);
    let mut text = hanging("", &styled(style, mark), &finding.says);
    if let Some(cure) = &finding.cure {
        text.push_str(&hanging(&" ".repeat(2 * MARGIN), "→", cure));
    }
    text
}

/// A mark of one column, and the words behind it, all their lines below the first.
fn hanging(before: &str, mark: &str, words: &str) -> String {
    let indent = before.len() + MARGIN;
    let lines = wrap(&plain(words), indent, columns());
    format!("{before}{mark} {}", lines.get(indent..).unwrap_or_default())
}

fn calendars(all: &[Calendar]) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[
        ("calendar", Align::Cut),
        ("objects", Align::Right),
        ("last read", Align::Left),
        ("", Align::Left),
    ])
    .indented(MARGIN + 2);
    for one in all {
        let role = match (one.role, one.read_only) {
            (Role::Blocks, false) => "blocks go here",
            (Role::LeftOut, _) => "left out",
            (_, true) => "read-only",
            (Role::Read, false) => "",
        };
        let (listed, _) = one.listed.clone().unwrap_or_default();
        table.row([
            one.name.as_str().into(),
            one.objects.map(|n| n.to_string()).unwrap_or_default().into(),
            if one.listed.is_some() || one.role == Role::LeftOut {
                listed.into()
            } else {
                Cell::styled(FAINT, "not yet")
            },
            Cell::styled(FAINT, role),
        ]);
    }
    table.render(columns())
}

fn conclusion(checked: &[Checked], house: &[Finding]) -> String {
    let all = || checked.iter().flat_map(|c| &c.findings).chain(house);
    let number = |level| all().filter(|f| f.level == level).count();
    let broken = checked.iter().filter(|c| c.level() == Level::Broken).count();
    let weak = number(Level::Weak);
    let line = match (broken, weak) {
        _ if verdict(house) == Level::Broken => styled(BAD, "It can't work like this."),
        (0, 0) => styled(GOOD, "All is well."),
        (0, weak) => styled(WARN, &format!("It works; {} could be better.", count(weak, "thing"))),
        (broken, _) => {
            let accounts = count(broken, "account");
            styled(BAD, &format!("{accounts} can't be used; `→` says what to do."))
        }
    };
    format!("{line}\n")
}
