//! Mirrors of tier 2. Exemplars are records of their own: a count that moves rewrites one
//! embedding, not all of its type.

use super::keep::{mirror, mirror_words};
use super::{Keep, Unreadable};
use crate::task::consolidate::Tidied;
use crate::task::shape::{Shape, Tally};
use crate::task::{Category, Embedding, Energy, Exemplar, Hours, TaskType};

mirror_words!(CategoryRecord of Category { Focused, Collaborative, Administrative });

mirror!(TidiedRecord of Tidied { faded: i64 });

mirror!(HoursRecord of Hours {
    prior: [f32; 24],
    score: [f32; 24],
    confidence: [f32; 24],
    performance: [f32; 24],
    performance_count: [u32; 24],
    placement: [f32; 24],
});

mirror!(EnergyRecord of Energy { pattern: [f32; 24], confidence: [f32; 24] });

mirror!(TypeRecord of TaskType {
    id: u32,
    name: String,
    category: Category,
    category_votes: [f32; 3],
    hours: Hours,
    cognitive_load: f32,
    recovery_hours: f32,
    depletion_curve: [f32; 5],
    typical_duration: f32,
    duration_count: u32,
    exemplars: Vec<Exemplar>,
    events: u32,
});

mirror!(ExemplarRecord of Exemplar {
    title: String,
    wording: String,
    embedding: Embedding,
    count: u32,
});

/// A type without its exemplars, which follow as [`ExemplarEntry`]s.
#[derive(Debug)]
pub(in crate::store) struct TypeEntry(pub(in crate::store) TaskType);

impl TypeEntry {
    pub(in crate::store) fn of(task_type: &TaskType) -> Self {
        let TaskType { name, hours, .. } = task_type;
        Self(TaskType {
            name: name.clone(),
            hours: hours.clone(),
            exemplars: Vec::new(),
            ..*task_type
        })
    }
}

impl Keep for TypeEntry {
    type Record = TypeRecord;
    fn keep(&self) -> TypeRecord {
        self.0.keep()
    }
    fn back(record: TypeRecord) -> Result<Self, Unreadable> {
        TaskType::back(record).map(TypeEntry)
    }
}

/// One exemplar of a type.
#[derive(Debug)]
pub(in crate::store) struct ExemplarEntry {
    pub(in crate::store) task_type: u32,
    pub(in crate::store) exemplar: Exemplar,
}

mirror!(ExemplarEntryRecord of ExemplarEntry { task_type: u32, exemplar: Exemplar });

mirror!(TallyRecord of Tally { count: f32, sum: f32, squares: f32 });

mirror!(ShapeRecord of Shape {
    length: Tally,
    people: Tally,
    series: [f32; 2],
    hours: [f32; 24],
});

/// What the events of one type are like.
#[derive(Debug)]
pub(in crate::store) struct ShapeEntry {
    pub(in crate::store) task_type: u32,
    pub(in crate::store) shape: Shape,
}

mirror!(ShapeEntryRecord of ShapeEntry { task_type: u32, shape: Shape });

/// An embedding as whole numbers: value = `values[i]` × `scale`. A quarter of the size of floats.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::store) struct Quantised {
    scale: f32,
    values: Vec<i8>,
}

/// The largest whole number of [`Quantised`].
const LARGEST: f32 = 127.0;

/// Keeps 16 significant bits of a scale. `LARGEST` × scale is then exact, so that what is read back
/// is written as the same bytes again.
const SCALE_BITS: u32 = 0xffff_ff00;

impl Keep for Embedding {
    type Record = Quantised;

    fn keep(&self) -> Quantised {
        let finite = self.0.iter().copied().filter(|v| v.is_finite());
        let largest = finite.map(f32::abs).fold(0.0, f32::max);
        let scale = f32::from_bits((largest / LARGEST).to_bits() & SCALE_BITS);
        let whole = |v: &f32| match scale > 0.0 {
            true => (v / scale).round().clamp(-LARGEST, LARGEST) as i8,
            false => 0,
        };
        Quantised { scale, values: self.0.iter().map(whole).collect() }
    }

    fn back(record: Quantised) -> Result<Self, Unreadable> {
        if !record.scale.is_finite() {
            return Err(Unreadable);
        }
        Ok(Embedding(record.values.iter().map(|v| f32::from(*v) * record.scale).collect()))
    }
}
