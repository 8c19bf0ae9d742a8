//! Is it more than chance? Exact tests on counts, and a contrast that takes off what else could
//! explain it: the kind of work, a bad week, a bad day, a series that never works out.

pub mod contrast;
pub mod tails;

pub use contrast::{Contrast, Row, contrast};
pub use tails::{fisher_more_failures, student_more};
