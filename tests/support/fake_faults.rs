//! What the fake can do wrong, and seeded dice.
//!
//! Invariant: the same seed and the same questions give the same answers, on every machine.

use std::collections::{BTreeMap, BTreeSet};

/// Seeded numbers (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `0..most`; 0 when there is nothing to choose from.
    pub fn below(&mut self, most: usize) -> usize {
        if most == 0 { 0 } else { (self.next() % most as u64) as usize }
    }

    /// True this often in a hundred.
    pub fn percent(&mut self, odds: usize) -> bool {
        self.below(100) < odds
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }
}

/// One way in which a server lies, refuses, or loses something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The sync token is no longer known.
    StaleToken,
    /// A token is answered with everything.
    TokenTellsAll,
    /// No tokens at all.
    NoTokens,
    /// A full listing shows only a part of what lies there, and does not say so.
    PartialListing,
    /// A full listing is empty; what lies there can still be read.
    EmptyListing,
    /// The collection is empty to every question, as when its disk is not mounted.
    AllGone,
    /// A listing as it stood some changes ago.
    SlowListing,
    /// Changes are told that were told before.
    ToldAgain,
    /// What was created and removed between two listings is not mentioned at all.
    ForgetsTheRemoved,
    /// 5xx.
    ServerErrors,
    /// Credentials are refused.
    Unauthorized,
    /// 429 or 503 with `Retry-After`.
    RetryAfter,
    /// The collection is not there.
    CollectionAway,
    /// Nothing may be written.
    ReadOnly,
    /// A write never arrives.
    LostRequest,
    /// A write is carried out and its reply is lost.
    LostReply,
    /// A write's reply bears no version.
    NoVersionOnWrite,
    /// Conditions are ignored: a write compares first, then acts (as the CalDAV client does it).
    UnguardedWrites,
    /// Weak versions.
    WeakVersions,
    /// No versions: their text stands in for one (as the CalDAV client does it).
    NoVersions,
    /// What is stored is written differently.
    Rewrites,
    /// Stamps are off by hours.
    ClockSkew,
    /// An object can't be fetched.
    Unreadable,
    /// An object's text is cut off.
    CutOff,
    /// The person acts between two requests of a turn.
    PersonMeanwhile,
    /// The process ends at a request, before or after its effect.
    CrashAtRequest,
    /// The process ends at the boundary of a step.
    CrashAtStep,
}

impl Fault {
    /// Those that are switched on and off. Crashes are the driver's.
    pub const ALL: [Fault; 25] = [
        Fault::StaleToken,
        Fault::TokenTellsAll,
        Fault::NoTokens,
        Fault::PartialListing,
        Fault::EmptyListing,
        Fault::AllGone,
        Fault::SlowListing,
        Fault::ToldAgain,
        Fault::ForgetsTheRemoved,
        Fault::ServerErrors,
        Fault::Unauthorized,
        Fault::RetryAfter,
        Fault::CollectionAway,
        Fault::ReadOnly,
        Fault::LostRequest,
        Fault::LostReply,
        Fault::NoVersionOnWrite,
        Fault::UnguardedWrites,
        Fault::WeakVersions,
        Fault::NoVersions,
        Fault::Rewrites,
        Fault::ClockSkew,
        Fault::Unreadable,
        Fault::CutOff,
        Fault::PersonMeanwhile,
    ];

    /// How often in a hundred it strikes while it is on.
    fn odds(self) -> usize {
        match self {
            Fault::TokenTellsAll
            | Fault::NoTokens
            | Fault::AllGone
            | Fault::ForgetsTheRemoved
            | Fault::Unauthorized
            | Fault::CollectionAway
            | Fault::ReadOnly
            | Fault::NoVersionOnWrite
            | Fault::UnguardedWrites
            | Fault::WeakVersions
            | Fault::NoVersions
            | Fault::Rewrites
            | Fault::ClockSkew => 100,
            Fault::ServerErrors => 60,
            Fault::RetryAfter | Fault::PersonMeanwhile => 15,
            _ => 40,
        }
    }
}

/// What is switched on, and how often each really happened.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    pub on: BTreeSet<Fault>,
    pub hits: BTreeMap<Fault, u64>,
}

impl Faults {
    /// Whether it happens now; counted when it does.
    pub fn strike(&mut self, dice: &mut Dice, fault: Fault) -> bool {
        let strikes = self.on.contains(&fault) && dice.percent(fault.odds());
        if strikes {
            self.hit(fault);
        }
        strikes
    }

    pub fn hit(&mut self, fault: Fault) {
        *self.hits.entry(fault).or_default() += 1;
    }
}
