//! Why a placement taught what it did: the row of the default table that fired, and what its weight
//! rests upon.
//!
//! Signal and weight are worked out from the reason, so what is said is what was done. Nothing of
//! it is stored: [`super::explain()`] reads it anew from the event's trail and surroundings.

use crate::event::{EventId, Signal};

/// Weight of evidence that is as likely to mean nothing: "kept" of a proposal nobody touched, of
/// history read without a trail, of series nobody answered. 32 % of real events were placeholders
/// that never happened (DESIGN section 6).
const WEAK: f32 = 0.5;
/// Weight of "kept" for one of two at the same time: half as likely, and weak at that.
const DOUBTFUL: f32 = 0.25;

/// A row of the default table (DESIGN section 6): what was seen to become of a placement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Row {
    /// It stood where it was until it was over.
    Kept,
    /// Kept, and made longer.
    Extended,
    /// Left for an earlier time.
    MovedEarlier,
    /// Kept, and made shorter.
    Shortened,
    /// Something was booked over it later.
    Overlapped,
    /// Left for later the same day.
    MovedLater,
    /// Left for a later day.
    MovedToAnotherDay,
    /// The person declined.
    Declined,
    /// Deleted before it began.
    Deleted,
    /// Marked done by the person.
    Done,
    /// Marked failed by the person.
    Failed,
    /// Rated by the person, 0..=1.
    Rated(f32),
    /// Nothing can be said, and nothing is learned.
    Unknown,
}

impl Row {
    /// The success signal; `None` = unknown.
    pub fn signal(self) -> Option<f32> {
        Some(match self {
            Row::Kept | Row::Extended | Row::Done => 0.9,
            Row::MovedEarlier => 0.7,
            Row::Shortened => 0.55,
            Row::Overlapped => 0.35,
            Row::MovedLater => 0.3,
            Row::MovedToAnotherDay | Row::Declined => 0.2,
            Row::Deleted | Row::Failed => 0.1,
            Row::Rated(rating) => rating.clamp(0.0, 1.0),
            Row::Unknown => return None,
        })
    }

    /// The person's own word, which overrides all.
    pub fn is_own_word(self) -> bool {
        matches!(self, Row::Done | Row::Failed | Row::Rated(_))
    }

    /// What a person reads.
    pub fn words(self) -> &'static str {
        match self {
            Row::Kept => "kept",
            Row::Extended => "made longer",
            Row::MovedEarlier => "moved earlier",
            Row::Shortened => "cut short",
            Row::Overlapped => "overlapped by a later booking",
            Row::MovedLater => "moved later that day",
            Row::MovedToAnotherDay => "moved to another day",
            Row::Declined => "declined",
            Row::Deleted => "deleted",
            Row::Done => "marked done",
            Row::Failed => "marked failed",
            Row::Rated(_) => "rated by you",
            Row::Unknown => "unknown",
        }
    }
}

/// What speaks for the row, or takes from its weight.
#[derive(Debug, Clone, PartialEq)]
pub enum Evidence {
    /// It was over when it was first seen: no trail could be watched.
    History,
    /// The person accepted the invitation.
    Answered,
    /// A series of others that the person never answered.
    NeverAnswered,
    /// A series of the person's own of which no occurrence was ever changed or marked.
    NeverTouched,
    /// A block of ours that nobody touched.
    Untouched,
    /// The listings leave open whether it was deleted after it was over.
    PerhapsOver,
    /// This was booked over it.
    LaterBooking(EventId),
    /// This invitation came later at the same time, and the person never answered it.
    UnansweredOver(EventId),
    /// This lay at the same time and is no younger: either may have happened.
    DoubleBooked(EventId),
    /// This lay at the same time, with others.
    WithOthersInstead(EventId),
    /// Nobody changed anything in the calendars for a week around it.
    NobodyThere,
    /// Deleted after it was over: tidied up.
    TidiedUp,
    /// Somebody else moved it.
    OthersMoved,
    /// Its organiser called it off.
    OthersCancelled,
    /// Moved on before the first start had come: one move with the one before.
    MovedOn,
    /// The person was away that day: absence is no failure.
    Absent,
    /// A whole day: context, not work.
    WholeDay,
    /// It has not settled yet.
    Open,
    /// Settled in an earlier turn with what was known then.
    KnownThen,
}

impl Evidence {
    /// Most that an outcome weighs which rests upon it; 1 = takes nothing away.
    fn weight(&self) -> f32 {
        match self {
            Evidence::History
            | Evidence::NeverAnswered
            | Evidence::NeverTouched
            | Evidence::UnansweredOver(_)
            | Evidence::Untouched
            | Evidence::PerhapsOver => WEAK,
            Evidence::DoubleBooked(_) => DOUBTFUL,
            _ => 1.0,
        }
    }

    /// What a person reads.
    pub fn words(&self) -> &'static str {
        match self {
            Evidence::History => "it was over when it was first seen",
            Evidence::Answered => "you accepted the invitation",
            Evidence::NeverAnswered => "a series you never answered",
            Evidence::NeverTouched => "a series that nobody ever changed",
            Evidence::Untouched => "nobody touched the suggestion",
            Evidence::PerhapsOver => "perhaps deleted only after it was over",
            Evidence::LaterBooking(_) => "something else was booked over it later",
            Evidence::UnansweredOver(_) => "an invitation you never answered came at that time",
            Evidence::DoubleBooked(_) => {
                "something else lay at that time, and one of them happened"
            }
            Evidence::WithOthersInstead(_) => "something with others lay at that time",
            Evidence::NobodyThere => "nothing was changed anywhere for a week around it",
            Evidence::TidiedUp => "deleted after it was over",
            Evidence::OthersMoved => "its organiser moved it",
            Evidence::OthersCancelled => "its organiser called it off",
            Evidence::MovedOn => "moved on before it had begun",
            Evidence::Absent => "you were away that day",
            Evidence::WholeDay => "a whole day is no work of its own",
            Evidence::Open => "it is judged a day after its end",
            Evidence::KnownThen => "settled with what was known then",
        }
    }
}

/// The row that fired and the evidence behind its weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// What was seen.
    pub row: Row,
    /// What it rests upon, most telling first.
    pub evidence: Vec<Evidence>,
}

impl Reason {
    /// A row with what it rests upon.
    pub(super) fn new(row: Row, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        Self { row, evidence: evidence.into_iter().collect() }
    }

    /// Nothing is learned, and why.
    pub(super) fn unknown(why: Evidence) -> Self {
        Self::new(Row::Unknown, [why])
    }

    /// The row that a settled signal came from.
    pub(super) fn of_settled(signal: Option<Signal>) -> Self {
        const ROWS: [Row; 8] = [
            Row::Kept,
            Row::MovedEarlier,
            Row::Shortened,
            Row::Overlapped,
            Row::MovedLater,
            Row::MovedToAnotherDay,
            Row::Deleted,
            Row::Unknown,
        ];
        let value = signal.map(|s| s.value);
        let row = ROWS.into_iter().find(|row| row.signal() == value);
        let row = row.or(value.map(Row::Rated)).unwrap_or(Row::Unknown);
        Self::new(row, [Evidence::KnownThen])
    }

    /// What it teaches; its weight is that of its weakest evidence. `None` = unknown.
    pub fn signal(&self) -> Option<Signal> {
        let value = self.row.signal()?;
        let weight = self.evidence.iter().map(Evidence::weight).fold(1.0, f32::min);
        Some(Signal { value, weight })
    }
}
