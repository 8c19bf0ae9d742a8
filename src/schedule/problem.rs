//! The planning problem as numbers: what [`super::solve`] solves. Times are minutes from local
//! midnight of day 0 of the horizon; day `n` is minutes `1440 n .. 1440 (n + 1)`.

/// Length of a grid cell in minutes.
pub const CELL: i32 = 15;

/// Cells of a day.
pub const DAY_CELLS: usize = 96;
/// Minutes of a day.
pub const DAY: i32 = 1440;
/// A value that keeps a block away from a start whatever else speaks for it.
pub const FORBIDDEN: i64 = i64::MIN;

/// One planning problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Starts are multiples of this many minutes; itself a positive multiple of [`CELL`].
    pub grid: i32,
    /// Working minutes `[from, to)` of each day, as minutes of that day; empty = no work. A day may
    /// have several stretches.
    pub working: Vec<Vec<(i32, i32)>>,
    /// Busy times `[start, end)`, sorted by start, not on the grid.
    pub busy: Vec<(i32, i32)>,
    /// Least gap between a block and a busy time, and between two blocks.
    pub buffer: i32,
    /// What each day may take, one entry a day; a missing entry takes nothing.
    pub limits: Vec<DayLimit>,
    /// What is to be placed.
    pub requests: Vec<Ask>,
    /// Tiredness between the blocks of one plan; `None` = blocks don't tire each other.
    pub fatigue: Option<Fatigue>,
}

/// What one day may take of the plan's blocks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayLimit {
    /// Most minutes of focused blocks.
    pub focus: i32,
    /// Most minutes of all blocks.
    pub minutes: i32,
    /// Most blocks.
    pub blocks: usize,
}

impl DayLimit {
    /// No limit but the focus cap.
    pub fn focus(minutes: i32) -> Self {
        Self { focus: minutes, minutes: i32::MAX, blocks: usize::MAX }
    }

    /// One block of the ask alone is within the limits.
    pub fn takes(&self, ask: &Ask) -> bool {
        (!ask.focused || ask.duration <= self.focus)
            && ask.duration <= self.minutes
            && self.blocks > 0
    }
}

/// What one block costs a later one that day: `scale · points_j · need_j · load_i · hours_i ·
/// exp(−gap / recovery_i)` while the gap is under `reach` minutes (DESIGN section 7).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fatigue {
    /// Slot score taken per unit of need, load and hour: 0.20.
    pub scale: f64,
    /// Gap in minutes beyond which nothing is felt.
    pub reach: i32,
}

/// Up to `count` blocks of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// Length of each block in minutes.
    pub duration: i32,
    /// Most blocks.
    pub count: usize,
    /// Most blocks a day, together with all asks of the same `family`.
    pub max_per_day: usize,
    /// Asks of one family are parts of one request.
    pub family: usize,
    /// Counts towards the focus cap.
    pub focused: bool,
    /// Needs recovery before the next demanding block of the day.
    pub high_load: bool,
    /// That recovery, minutes.
    pub recovery: i32,
    /// Not before this minute.
    pub earliest: i32,
    /// Ends by this minute.
    pub deadline: i32,
    /// Value of a block by start cell (index = start / CELL), weight included; length = days × 96.
    /// Only meaningful where the block fits. [`FORBIDDEN`] (or a missing entry) = never there.
    pub value: Vec<i64>,
    /// Points of `value` per unit of slot score, for fatigue.
    pub points: f64,
    /// Cognitive load, for fatigue.
    pub load: f64,
    /// Time constant of recovery in minutes, for fatigue.
    pub tire: f64,
    /// Placements that exist already: start and what moving away from it costs.
    pub published: Vec<(i32, i64)>,
}

/// A placed block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placed {
    /// Start minute.
    pub start: i32,
    /// Index into [`Problem::requests`].
    pub ask: usize,
}
