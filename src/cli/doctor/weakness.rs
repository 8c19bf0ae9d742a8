//! What each missing guarantee means for the person, and what they can do.

use super::finding::{Finding, Level};
use crate::calendar::Weakness;
use std::collections::BTreeSet;

/// As a finding. What costs only time is good to know; what can cost an edit is weaker.
pub fn finding(weakness: Weakness) -> Finding {
    let (topic, level) = match weakness {
        Weakness::NoGuardedCreate | Weakness::NoGuardedUpdate => ("guards", Level::Weak),
        Weakness::NoVersions | Weakness::WeakVersions => ("versions", Level::Weak),
        Weakness::NoChanges | Weakness::UnknownTokenTellsAll => ("changes", Level::Note),
        Weakness::Rewrites => ("rewrites", Level::Note),
        Weakness::NoMultiget => ("multiget", Level::Note),
    };
    let finding = Finding::new(topic, level, weakness.sentence());
    match level {
        Level::Weak => finding.cure("nothing has to be done; a newer server may do better"),
        Level::Good | Level::Note | Level::Broken => finding,
    }
}

/// Whether writes are guarded, once that was tried out with a block of ours.
pub fn guarded(weaknesses: &BTreeSet<Weakness>, tried: bool) -> Option<Finding> {
    let lacks = |w: &Weakness| finding(*w).level == Level::Weak;
    let says = "writes are guarded: what was changed meanwhile is never overwritten";
    (tried && !weaknesses.iter().any(lacks)).then(|| Finding::new("guards", Level::Good, says))
}
