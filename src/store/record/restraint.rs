//! Mirrors of what holds the plan back.

use super::keep::mirror;
use crate::schedule::restraint::Pause;
use chrono::{DateTime, Utc};

mirror!(PauseRecord of Pause { until: DateTime<Utc> });
