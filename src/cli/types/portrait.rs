//! One task type: its hours as bars, its week as a map of how it went.

use super::{best, brief, observations, percent, window};
use crate::cli::chart;
use crate::cli::output::{self, FAINT, HEADING, styled};
use crate::cli::table::plain;
use crate::schedule::slot::Habits;
use crate::task::TaskType;
use crate::task::heat::HeatMap;
use serde_json::{Value, json};

/// Titles shown of a type.
const TITLES_SHOWN: usize = 5;
/// Weekdays of a heat map, in its order.
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

pub(super) fn draw(task_type: &TaskType, habits: &Habits, heat: &HeatMap) -> String {
    let hours = &task_type.hours;
    let placed = hours.placement.iter().copied().fold(0.0, f32::max);
    let row =
        |name: &str, bars: String| format!("  {} {bars}\n", styled(FAINT, &format!("{name:<11}")));
    let mut text = format!(
        "{} ({}, {}, usually {:.0} minutes)\n",
        styled(HEADING, &plain(&task_type.name)),
        task_type.category.word(),
        output::count(task_type.events as usize, "event"),
        task_type.typical_duration,
    );
    text.push_str(&row("success", chart::bars(&hours.score, 1.0)));
    text.push_str(&row("confidence", chart::bars(&hours.confidence, 1.0)));
    text.push_str(&row("you place", chart::bars(&hours.placement, placed)));
    text.push_str(&row("hour", chart::ruler()));
    let (from, confidence) = best(task_type, habits);
    text.push_str(&format!(
        "  best {}, confidence {} from about {:.0} observations in all\n",
        window(from),
        percent(confidence),
        observations(task_type),
    ));
    text.push_str(&format!(
        "  load {:.1} of 1, recovery about {:.1} h\n",
        task_type.cognitive_load, task_type.recovery_hours,
    ));
    text.push_str(&week(heat));
    let mut exemplars: Vec<_> = task_type.exemplars.iter().collect();
    exemplars.sort_by_key(|e| std::cmp::Reverse(e.count));
    let titles: Vec<String> =
        exemplars.iter().take(TITLES_SHOWN).map(|e| plain(&e.wording)).collect();
    if !titles.is_empty() {
        text.push_str(&format!("  seen as {}\n", titles.join(" · ")));
    }
    text
}

/// How it went by weekday and hour; nothing where nothing was learned from an event.
fn week(heat: &HeatMap) -> String {
    if heat.iter().flatten().all(|at| at.weight <= 0.0) {
        return String::new();
    }
    let mut text = String::from("  how it went, by weekday and hour\n");
    for (name, day) in WEEKDAYS.iter().zip(heat) {
        let bars = chart::heat(&day.map(|at| (at.success, at.weight)));
        text.push_str(format!("  {} {bars}", styled(FAINT, &format!("{name:<11}"))).trim_end());
        text.push('\n');
    }
    let legend = "low ▁▁ to high ██, faint where little is known, · nothing is";
    text.push_str(&format!("  {:<11} {}\n", "", styled(FAINT, &chart::ruler())));
    text.push_str(&format!("  {:<11} {}\n", "", styled(FAINT, legend)));
    text
}

pub(super) fn fields(task_type: &TaskType, habits: &Habits, heat: &HeatMap) -> Value {
    let hours = &task_type.hours;
    let titles: Vec<Value> = task_type
        .exemplars
        .iter()
        .map(|e| json!({ "title": e.wording, "events": e.count }))
        .collect();
    let success = heat.map(|day| day.map(|at| (at.weight > 0.0).then_some(at.success)));
    let mut value = brief(task_type, habits);
    let more = json!({
        "hourly_scores": hours.score,
        "confidence_scores": hours.confidence,
        "performance_by_hour": hours.performance,
        "performance_count": hours.performance_count,
        "placement": hours.placement,
        "prior": hours.prior,
        "cognitive_load": task_type.cognitive_load,
        "recovery_hours": task_type.recovery_hours,
        "depletion_curve": task_type.depletion_curve,
        "typical_duration": task_type.typical_duration,
        "success_by_weekday_hour": success,
        "weight_by_weekday_hour": heat.map(|day| day.map(|at| at.weight)),
        "titles": titles,
    });
    if let (Some(value), Some(more)) = (value.as_object_mut(), more.as_object()) {
        value.extend(more.clone());
    }
    value
}
