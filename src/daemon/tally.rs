//! What the page of numbers is told of turns: counts, never whose.

use super::turn::{self, Ended};
use crate::cycle::{Report, Warning};
use crate::dashboard::{Numbers, Outcome, Page, Work};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

/// A turn has ended.
pub(super) fn count(numbers: &Numbers, ended: &Ended) {
    let outcome = match ended {
        Ended::Well(report) => {
            count_work(numbers, report);
            match (turn::troubled(report), turn::moved(report)) {
                (0, true) => Outcome::Changed,
                (0, false) => Outcome::Quiet,
                _ => Outcome::Partial,
            }
        }
        Ended::Failed(_) => Outcome::Failed,
        Ended::Panicked => Outcome::Defect,
        Ended::TooLong => Outcome::TooLong,
        Ended::Stopped => return,
    };
    numbers.turned(outcome);
}

fn count_work(numbers: &Numbers, report: &Report) {
    turn::causes(report).for_each(|cause| numbers.failed(cause));
    numbers.worked(Work {
        classified: report.classified,
        placed: report.writes.create,
        written: report.written,
        asked: report.asked,
    });
}

/// Accounts of which not everything could be read; all of them where the turn was not done.
pub(super) fn stale_accounts(ended: &Ended, all: usize) -> usize {
    match ended {
        Ended::Well(report) => {
            let names = report.warnings.iter().filter_map(|warning| match warning {
                Warning::Account { account, .. } => Some(account.as_str()),
                // An id begins with its account.
                Warning::Collection { collection, .. } => collection.as_str().split('/').next(),
                Warning::Broken { .. }
                | Warning::MoreBroken { .. }
                | Warning::Held { .. }
                | Warning::Write { .. } => None,
            });
            names.collect::<BTreeSet<_>>().len()
        }
        Ended::Failed(_) | Ended::Panicked | Ended::TooLong => all,
        Ended::Stopped => 0,
    }
}

/// Opens the page where the person wants one. That it can't be opened stops nothing.
pub(super) fn open(at: Option<SocketAddr>, numbers: &Arc<Numbers>) -> Option<Page> {
    let at = at?;
    match Page::open(at, Arc::clone(numbers)) {
        Ok(page) => {
            let address = format!("http://{at}/metrics");
            tracing::info!(%address, "the page of numbers is open");
            Some(page)
        }
        Err(error) => {
            tracing::error!(%at, %error, "the page of numbers can't be opened; all else goes on");
            None
        }
    }
}
