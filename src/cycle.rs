//! One turn, in twelve steps (DESIGN section 3): the whole story in one place.
//!
//! Steps 2 to 10 are one pure function, [`decide`], from (state, answers, now) to (state,
//! operations). [`turn`] puts the world around it: poll before, commit and write back behind.
//! Learned state and intended writes are committed in one batch *before* anything is written to a
//! calendar, so a crash at any point is repaired by the next turn.

mod advise;
mod brain;
mod clock;
mod done;
mod doors;
mod explain;
mod forget;
mod gather;
mod orders;
mod meanings;
mod mirror;
mod report;
mod settings;
mod take_in;
mod tend;
mod wishes;
mod write_back;
mod written;

pub use brain::{Brain, Filed, FiledBy};
pub use clock::set_clock_right;
pub use explain::explain_block;
pub use mirror::take_back;
pub use report::{Cause, Left, Report, Warning, Writes};
pub use settings::{Chores, Mode, Settings};
pub use tend::refile;

use crate::event::{Event, PrincipalId};
use crate::memory;
use crate::store::{Person, Store, StoreError};
use crate::sync::apply::apply;
use crate::sync::poll::{Account, Client, poll};
use crate::sync::reconcile::{Operation, Paint, reconcile};
use crate::task::advice::Question;
use crate::task::{Category, infer, learn};
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// The steps, as tests and progress bars name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// 1: listings are in.
    Polled,
    /// 2 to 10: decided, nothing kept yet.
    Decided,
    /// 11: learned state and intended writes are on disk.
    Committed,
    /// 12: so many writes are out.
    Written(usize),
    /// 12: new ETags are on disk.
    Recorded,
}

/// What a turn is told besides the state: the person, the moment, and who listens.
pub struct Turn<'a> {
    /// Whose turn it is.
    pub principal: &'a PrincipalId,
    /// How the person wants it.
    pub settings: &'a Settings,
    /// Time of all decisions.
    pub now: DateTime<Utc>,
    /// Called at each step boundary.
    pub at: &'a (dyn Fn(Step) + Send + Sync),
    /// Told (done, known so far) while polling.
    pub progress: &'a (dyn Fn(u64, u64) + Send + Sync),
}

/// Why a turn stopped. What concerns one account or collection does not stop it: that is in the
/// [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum TurnError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// `--now` lies before the last turn.
    #[error("--now is {now}, before the last turn at {last}: time can't go back for a store")]
    GoingBack {
        /// The moment given.
        now: DateTime<Utc>,
        /// The last turn.
        last: DateTime<Utc>,
    },
}

/// What steps 2 to 10 decided.
pub struct Decision {
    /// The person's state as it will be.
    pub person: Person,
    /// The writes to perform, on our own blocks alone.
    pub operations: Vec<Operation>,
    /// What to ask the assistant after the commit; each is noted as asked already.
    pub questions: Vec<Question>,
    /// What to tell.
    pub report: Report,
}

/// One turn on the person's calendars, from `before`, which must be what lies in the store; what it
/// did, and the person after it.
///
/// # Errors
/// When the store fails or time goes back; nothing is half done then.
pub async fn turn(
    store: &Store,
    before: Person,
    clients: &[Client],
    brain: &Brain,
    turn: &Turn<'_>,
) -> Result<(Report, Person), TurnError> {
    if let Some(last) = before.last_turn.filter(|last| turn.now < *last) {
        return Err(TurnError::GoingBack { now: turn.now, last });
    }
    let answers = poll(clients, &before.status, turn.now, turn.progress).await; //           1 poll
    tracing::debug!(accounts = answers.len(), "polled");
    (turn.at)(Step::Polled);

    let other = meanings::ready(brain, &before, &answers, turn).await; //       vectors, if remote
    let (brain, vectors) = other.as_ref().map_or((brain, None), |(b, v)| (b, Some(v)));
    let Decision { person: mut decided, operations, questions, mut report } =
        decide(&before, &answers, brain, turn); //                                    2 to 10, pure
    if let Some(vectors) = vectors {
        decided.vectors.clone_from(vectors);
    }
    drop(answers);
    report.log();
    (turn.at)(Step::Decided);
    if turn.settings.mode == Mode::DryRun {
        return Ok((report, decided));
    }

    written::note(&before, &before, &mut decided, turn.now);
    store.commit(turn.principal, &before, &decided)?; //                                   11 commit
    (turn.at)(Step::Committed);
    let mut person = decided;
    if !operations.is_empty() {
        let collections = write_back::collections(&person);
        let written = |place: usize| (turn.at)(Step::Written(place));
        let applied = apply(clients, &collections, &operations, &written).await; //   12 write back
        let mut recorded = write_back::record(&person, &applied, turn, &mut report);
        write_back::note_weaknesses(&mut recorded, clients, turn.now);
        written::note(&before, &person, &mut recorded, turn.now);
        store.commit(turn.principal, &person, &recorded)?;
        tracing::info!(written = report.written, of = operations.len(), "blocks written");
        (turn.at)(Step::Recorded);
        person = recorded;
    }
    if let Some(assistant) = brain.assistant().filter(|_| !questions.is_empty()) {
        let answered = advise::ask(assistant, &questions, &person, turn, &mut report).await;
        store.commit(turn.principal, &person, &answered)?;
        person = answered;
    }
    if let Some(server) = brain.mem0()
        && let Some(mirrored) = mirror::mirror(server, &person, turn).await
    {
        let after = Person { mirror: mirrored, ..person.clone() };
        store.commit(turn.principal, &person, &after)?;
        person = after;
    }
    Ok((report, person))
}

/// As `colours` of the config says: focused work blue, collaborative orange, administrative grey.
fn paint(category: Category, colours: bool) -> Paint {
    let colour = match category {
        Category::Focused => "royalblue",
        Category::Collaborative => "orange",
        Category::Administrative => "gray",
    };
    Paint { word: category.word(), colour: colours.then_some(colour) }
}

/// Events are shared with the state before until one settles.
fn settle(
    person: &mut Person,
    moment: &infer::Context,
    settings: &Settings,
) -> Vec<infer::Outcome> {
    let status = &person.status;
    let witnessed = |event: &Event| take_in::is_witnessed(status, event, moment);
    if infer::due(&person.events, moment, &witnessed).is_empty() {
        return Vec::new();
    }
    let (events, whereabouts) = (Arc::make_mut(&mut person.events), &settings.whereabouts);
    infer::settle(events, &person.types, moment, whereabouts, &witnessed)
}

/// Steps 2 to 10: pure, no runtime, no clock.
pub fn decide(before: &Person, answers: &[Account], brain: &Brain, turn: &Turn<'_>) -> Decision {
    let mut person = before.clone();
    let mut report = Report::default();
    let now = turn.now;
    let zone = turn.settings.zone;

    let unclassified = take_in::take_in(&mut person, answers, turn, &mut report); //  2 diff, 3 fold
    let taught = tend::taught(&person, &unclassified);
    brain.classify(&mut person, &unclassified, zone, &mut report); //           4 embed, 5 classify
    let mut anew = tend::retyped(&person, &taught);
    if let Some(terms) = &turn.settings.assistant {
        anew.extend(advise::take_up(&mut person, terms));
    }
    tend::start_anew(&mut person, before, anew, zone);

    let moment = infer::Context { now, zone };
    let outcomes = settle(&mut person, &moment, turn.settings); //                          6 infer
    learn::learn(&mut person.types, &outcomes); //                                          7 learn
    if !outcomes.is_empty() {
        Arc::make_mut(&mut person.journal).note(&outcomes);
    }
    tend::tend(&mut person, brain, turn, &mut report);
    report.settled = outcomes.len();
    report.learned = outcomes.iter().filter(|o| o.settlement.signal.is_some()).count();

    memory::reflect(&mut person.memory, &person.events, &person.types, now); //            8 tier 3

    let mut operations = Vec::new();
    if turn.settings.mode != Mode::Observe {
        orders::carry_out(&mut person, turn);
        if turn.settings.mode != Mode::Obey {
            wishes::plan(&mut person, brain, turn, &mut report); //                          9 plan
        }
        let target = turn.settings.target(&person.status);
        let types = &person.types.by_id;
        let colours = turn.settings.planning.wording.colours;
        let category = |kind| types.get(&kind).map(|t| paint(t.category, colours));
        let (blocks, target) = (&mut person.suggestions, target.as_ref());
        operations = reconcile(blocks, target, &category); //                          10 reconcile
        operations.retain(|operation| write_back::is_in_sight(&person.status, operation));
        if turn.settings.mode == Mode::Obey {
            operations.retain(|operation| person.orders.contains_key(operation.block.uid()));
        }
    }
    person.last_turn = Some(now);
    person.turns += 1;
    report.count(&person, &operations);
    let questions = advise::questions(&mut person, brain, turn, &report);
    Decision { person, operations, questions, report }
}
