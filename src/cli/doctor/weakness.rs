//! What each missing guarantee means for the person, and what they can do.

use super::finding::{Finding, Level};
use crate::calendar::Weakness;

/// As a finding. What costs only time is good to know; what can cost an edit is weaker.
pub fn finding(weakness: Weakness) -> Finding {
    let (topic, level, says, cure) = match weakness {
        Weakness::NoGuardedCreate => (
            "guarded-create",
            Level::Weak,
            "the server creates over what is there already: blocks are looked for before, and read \
             back after",
            Some("nothing; an update of the server may help"),
        ),
        Weakness::NoGuardedUpdate => (
            "guarded-update",
            Level::Weak,
            "the server overwrites what was changed meanwhile: a block is compared before and read \
             back after; an edit of yours in that second could be lost",
            Some("nothing; an update of the server may help"),
        ),
        Weakness::NoVersions => (
            "versions",
            Level::Weak,
            "the server gives no versions: every text is read each time and compared",
            Some("nothing; expect longer turns with large calendars"),
        ),
        Weakness::WeakVersions => (
            "versions",
            Level::Weak,
            "the server's versions are too vague to guard a write: a block is compared before and \
             read back after",
            Some("nothing; an update of the server may help"),
        ),
        Weakness::NoChanges => (
            "changes",
            Level::Note,
            "the server does not tell what changed: all versions are listed each time",
            None,
        ),
        Weakness::UnknownTokenTellsAll => (
            "changes",
            Level::Note,
            "the server tells everything anew when it has lost track: that costs a full listing",
            None,
        ),
        Weakness::Rewrites => (
            "rewrites",
            Level::Note,
            "the server stores texts in words of its own: blocks are compared by meaning",
            None,
        ),
        Weakness::NoMultiget => (
            "multiget",
            Level::Note,
            "the server gives objects one by one only: a first look at a large calendar takes long",
            None,
        ),
    };
    Finding { cure: cure.map(str::to_owned), ..Finding::new(topic, level, says) }
}
