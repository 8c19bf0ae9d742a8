//! `chronotype assistant`: what a language model is told, before it is told anything; and what
//! `status` says of the calls.

use super::output::{FAINT, HEADING, WARN, styled};
use super::status::{self, Clock};
use super::table::{plain, wrap};
use super::{CommandError, Global, context, output};
use crate::config::Assistant;
use crate::cycle::Brain;
use crate::task::advice::{Ledger, Terms, Week, open_questions};
use crate::text::assistant::{address, request};
use serde_json::{Value, json};

/// Show what the assistant is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Print the requests that come next, or the one for a title, exactly as they would be sent;
    /// nothing is sent
    ///
    /// Works before the assistant is switched on: it shows what would go out.
    ShowRequest {
        /// A title that nobody has used yet; absent: the types that wait to be asked about
        title: Option<String>,
    },
}

/// Requests shown; a turn asks no more.
const SHOWN: usize = 4;

/// Runs the command.
///
/// # Errors
/// As [`context::look`].
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let Command::ShowRequest { title } = &args.command;
    let looked = context::look(global)?;
    let wanted = looked.config.assistant.as_ref();
    let brain = Brain::local().map_err(|e| CommandError::failure(e.to_string()))?;
    let mut person = looked.person;
    let ids = match title {
        Some(title) => vec![brain.type_of(&mut person, title)],
        None => open_questions(&person.types),
    };
    let terms = wanted.map_or(Terms::usual(), |wanted| wanted.terms);
    let model = wanted.map_or("(assistant.model)", |wanted| &wanted.model);
    let questions = ids.into_iter().filter_map(|id| brain.question(&person, id, &terms));
    let bodies: Vec<Value> = questions.take(SHOWN).map(|q| request(model, &q)).collect();
    if global.json {
        return output::json_lines(&bodies);
    }
    if bodies.is_empty() {
        let words = "Nothing to ask: no task type was seen twice that has not been asked about.";
        output::say(global, words);
        return Ok(());
    }
    output::data(&shown(&bodies, wanted))
}

fn shown(bodies: &[Value], wanted: Option<&Assistant>) -> String {
    let url = wanted.and_then(|wanted| address(&wanted.url).ok()).map(|url| url.to_string());
    let url = url.unwrap_or_else(|| "(assistant.url)/chat/completions".to_owned());
    let mut text = String::new();
    for body in bodies {
        text.push_str(&format!("{}\n", styled(HEADING, &format!("POST {url}"))));
        text.push_str("Content-Type: application/json\n");
        if wanted.is_some_and(|wanted| wanted.key.is_some()) {
            text.push_str("Authorization: Bearer (the key, not shown)\n");
        }
        text.push_str(&format!("\n{body:#}\n\n"));
    }
    let words = match wanted {
        Some(_) => "Each is sent once, after a turn, within the budget of [assistant].",
        None => {
            "The assistant is off: none of this is sent. [assistant] in the config switches it on."
        }
    };
    text.push_str(&styled(FAINT, &wrap(words, 0, output::columns())));
    text
}

/// Weeks that `status` shows.
const WEEKS_SHOWN: usize = 4;

/// What `status` says of the calls: a line of shares by week, one of costs, one of trouble. Empty
/// while nothing was counted.
pub fn summary(ledger: &Ledger, prices: [Option<f64>; 2], clock: &Clock) -> String {
    if ledger.weeks.is_empty() {
        return String::new();
    }
    let shown = ledger.weeks.iter().rev().take(WEEKS_SHOWN).collect::<Vec<_>>();
    let weeks = shown.iter().rev().map(|(number, week)| {
        let of = output::count(usize::try_from(week.decisions).unwrap_or(usize::MAX), "decision");
        format!("week {}: {} for {of} ({:.1} %)", *number + 1, calls(week), 100.0 * share(week))
    });
    let mut line = format!("assistant: {}", weeks.collect::<Vec<_>>().join("; "));
    let [read, written] = tokens(ledger);
    if read + written > 0 {
        line.push_str(&format!("; {read} tokens read, {written} written in all"));
        if let Some(cost) = cost(ledger, prices) {
            line.push_str(&format!(", which cost {cost:.2}"));
        }
    }
    let mut text = styled(FAINT, &wrap(&line, 0, output::columns()));
    if let Some(trouble) = &ledger.trouble {
        let mut line = format!("assistant: {}", plain(trouble));
        if let Some(until) = ledger.not_before.filter(|until| *until > clock.now) {
            line.push_str(&format!("; it is not asked before {}", clock.at(until)));
        }
        text.push_str(&styled(WARN, &wrap(&line, 0, output::columns())));
    }
    text
}

/// The same as values.
pub fn document(ledger: &Ledger, prices: [Option<f64>; 2]) -> Value {
    let weeks = ledger.weeks.iter().map(|(number, week)| {
        json!({
            "week": *number + 1,
            "decisions": week.decisions,
            "calls": week.calls,
            "failed": week.failed,
            "share": share(week),
        })
    });
    let [read, written] = tokens(ledger);
    json!({
        "weeks": weeks.collect::<Vec<_>>(),
        "tokens_in": read,
        "tokens_out": written,
        "cost": cost(ledger, prices),
        "trouble": ledger.trouble,
        "not_before": ledger.not_before.map(status::utc),
    })
}

fn calls(week: &Week) -> String {
    let all = output::count(week.calls as usize, "call");
    if week.failed > 0 { format!("{all}, {} in vain,", week.failed) } else { all }
}

/// Calls per decision.
fn share(week: &Week) -> f64 {
    if week.decisions == 0 { 0.0 } else { f64::from(week.calls) / week.decisions as f64 }
}

fn tokens(ledger: &Ledger) -> [u64; 2] {
    let sum = |of: fn(&Week) -> u64| ledger.weeks.values().map(of).fold(0, u64::saturating_add);
    [sum(|week| week.tokens_in), sum(|week| week.tokens_out)]
}

/// In the money of the prices; `None` where neither is given.
fn cost(ledger: &Ledger, prices: [Option<f64>; 2]) -> Option<f64> {
    let [read, written] = tokens(ledger);
    let part = |tokens: u64, price: Option<f64>| tokens as f64 / 1e6 * price.unwrap_or(0.0);
    let given = prices.iter().any(Option::is_some);
    given.then(|| part(read, prices[0]) + part(written, prices[1]))
}
