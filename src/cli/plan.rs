//! `chronotype plan`: solves a planning problem from a file.

use super::{CommandError, Global, output};
use crate::schedule::problem::{Ask, DAY, DAY_CELLS, DayLimit, FORBIDDEN, Placed, Problem};
use crate::schedule::solve::solve;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Solve a planning problem: prints {id: [[request, start minute], …]}
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A JSON file: one instance, or a list of objects that each hold an "instance"
    #[arg(long, value_name = "FILE")]
    pub problem: PathBuf,
}

/// Largest file read: four weeks of a crowded calendar take some ten kilobytes.
const MAX_BYTES: u64 = 64 << 20;
/// Most weeks of an instance: a year.
const MAX_WEEKS: i64 = 53;
/// Most requests of an instance: tables are kept for each of them.
const MAX_REQUESTS: usize = 1_000;
/// Most blocks of one request.
const MAX_COUNT: i64 = 1_000;
/// Most busy times of an instance.
const MAX_BUSY: usize = 100_000;
/// Largest number read as a weight or a score: sums of products stay far below overflow.
const MAX_FACTOR: i64 = 1_000_000;
/// Times beyond this are cut: a few times the longest horizon.
const FAR: i64 = 10 * 53 * 7 * 1440;
/// The same file gives the same plan.
const SEED: u64 = 1;

#[derive(Deserialize)]
#[serde(expecting = "an object that holds an `instance`")]
struct Wrapped {
    instance: Instance,
}

#[derive(Deserialize)]
#[serde(expecting = "an instance")]
struct Instance {
    id: String,
    grid: i64,
    weeks: i64,
    working: [Option<(i64, i64)>; 7],
    busy: Vec<(i64, i64)>,
    buffer: i64,
    max_focus_minutes_per_day: i64,
    requests: Vec<WantedBlocks>,
    score: BTreeMap<String, [[i64; 24]; 7]>,
}

#[derive(Deserialize)]
struct WantedBlocks {
    id: String,
    #[serde(rename = "type")]
    task_type: String,
    category: String,
    duration: i64,
    count: i64,
    weight: i64,
    high_load: bool,
    recovery: i64,
    max_per_day: i64,
    earliest: i64,
    deadline: i64,
}

/// Runs it.
///
/// # Errors
/// One sentence that names the file and the line, instance or field at fault.
pub fn run(args: &Args, _global: &Global) -> Result<(), CommandError> {
    let instances = read(&args.problem)?;
    let mut plans: BTreeMap<&str, Vec<(&str, i32)>> = BTreeMap::new();
    for instance in &instances {
        let problem = problem_of(instance)
            .map_err(|what| at(&args.problem, &format!("instance '{}': {what}", instance.id)))?;
        let name = |p: Placed| (instance.requests[p.ask].id.as_str(), p.start);
        let plan = solve(&problem, SEED).into_iter().map(name).collect();
        if plans.insert(&instance.id, plan).is_some() {
            return Err(at(&args.problem, &format!("instance '{}' is there twice", instance.id)));
        }
    }
    let text = serde_json::to_string(&plans).map_err(|e| CommandError::failure(e.to_string()))?;
    output::data(&format!("{text}\n"))
}

fn at(path: &Path, what: &str) -> CommandError {
    CommandError::failure(format!("{}: {what}", path.display()))
}

fn read(path: &Path) -> Result<Vec<Instance>, CommandError> {
    let said =
        |e: std::io::Error| CommandError::failure(format!("can't read {}: {e}", path.display()));
    let mut text = String::new();
    let file = std::fs::File::open(path).map_err(said)?;
    let size = file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(said)?;
    if size as u64 > MAX_BYTES {
        return Err(at(path, &format!("it holds more than {MAX_BYTES} bytes")));
    }
    let malformed = |e: serde_json::Error| at(path, &format!("not a planning problem: {e}"));
    if text.trim_start().starts_with('[') {
        let list: Vec<Wrapped> = serde_json::from_str(&text).map_err(malformed)?;
        Ok(list.into_iter().map(|w| w.instance).collect())
    } else {
        Ok(vec![serde_json::from_str(&text).map_err(malformed)?])
    }
}

fn problem_of(instance: &Instance) -> Result<Problem, String> {
    within("weeks", instance.weeks, 1, MAX_WEEKS)?;
    within("grid", instance.grid, 15, 1440)?;
    if instance.grid % 15 != 0 {
        return Err(format!("grid: {} is no multiple of 15 minutes", instance.grid));
    }
    within("buffer", instance.buffer, 0, 1440)?;
    within("max_focus_minutes_per_day", instance.max_focus_minutes_per_day, 0, FAR)?;
    at_most("busy", instance.busy.len(), MAX_BUSY)?;
    at_most("requests", instance.requests.len(), MAX_REQUESTS)?;
    for (index, &(from, to)) in instance.busy.iter().enumerate() {
        if to < from {
            return Err(format!("busy[{index}]: ends before it starts"));
        }
    }
    for table in instance.score.values() {
        for score in table.iter().flatten() {
            within("score", *score, -MAX_FACTOR, MAX_FACTOR)?;
        }
    }
    let mut working = Vec::new();
    for day in 0..instance.weeks * 7 {
        working.push(match instance.working[(day % 7) as usize] {
            Some((from, to)) => {
                within("working", from, 0, 1440)?;
                within("working", to, 0, 1440)?;
                vec![(from as i32, to as i32)]
            }
            None => Vec::new(),
        });
    }
    let limits = vec![DayLimit::focus(minute(instance.max_focus_minutes_per_day)); working.len()];
    let requests = instance.requests.iter().enumerate();
    let requests = requests
        .map(|(i, r)| ask_of(instance, i, r).map_err(|what| format!("request '{}': {what}", r.id)))
        .collect::<Result<_, _>>()?;
    Ok(Problem {
        grid: instance.grid as i32,
        working,
        busy: instance.busy.iter().map(|&(a, b)| (minute(a), minute(b))).collect(),
        buffer: instance.buffer as i32,
        limits,
        requests,
        fatigue: None,
    })
}

fn ask_of(instance: &Instance, family: usize, wanted: &WantedBlocks) -> Result<Ask, String> {
    within("duration", wanted.duration, 1, 1440)?;
    within("count", wanted.count, 0, MAX_COUNT)?;
    within("max_per_day", wanted.max_per_day, 0, MAX_COUNT)?;
    within("weight", wanted.weight, 0, MAX_FACTOR)?;
    within("recovery", wanted.recovery, 0, FAR)?;
    let Some(table) = instance.score.get(&wanted.task_type) else {
        return Err(format!("type: '{}' has no table in 'score'", wanted.task_type));
    };
    Ok(Ask {
        duration: wanted.duration as i32,
        count: wanted.count as usize,
        max_per_day: wanted.max_per_day as usize,
        family,
        focused: wanted.category == "focused",
        high_load: wanted.high_load,
        recovery: wanted.recovery as i32,
        earliest: minute(wanted.earliest),
        deadline: minute(wanted.deadline),
        value: values(instance, wanted, table),
        points: 1.0,
        load: 0.0,
        tire: 1.0,
        published: Vec::new(),
    })
}

/// `weight · floor(sum of the block's cells / cells)`, by start cell.
fn values(instance: &Instance, wanted: &WantedBlocks, table: &[[i64; 24]; 7]) -> Vec<i64> {
    let grid = instance.grid;
    let cells = (wanted.duration / grid).max(1);
    let mut week = Vec::with_capacity(7 * DAY_CELLS);
    for hours in table {
        for cell in 0..DAY_CELLS as i64 {
            let minute = cell * 15;
            let last = minute + (cells - 1) * grid;
            week.push(if last >= i64::from(DAY) {
                FORBIDDEN
            } else {
                let sum: i64 = (0..cells).map(|q| hours[((minute + q * grid) / 60) as usize]).sum();
                wanted.weight * sum.div_euclid(cells)
            });
        }
    }
    let length = week.len() * instance.weeks as usize;
    week.into_iter().cycle().take(length).collect()
}

fn minute(value: i64) -> i32 {
    value.clamp(-FAR, FAR) as i32
}

fn within(field: &str, value: i64, low: i64, high: i64) -> Result<(), String> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(format!("{field}: {value} is outside {low} to {high}"))
}

fn at_most(field: &str, length: usize, most: usize) -> Result<(), String> {
    if length <= most { Ok(()) } else { Err(format!("{field}: {length} are more than {most}")) }
}
