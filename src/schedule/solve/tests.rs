//! An independent reading of the rules, held against plans of random problems.

use super::super::problem::{
    Ask, CELL, DAY, DAY_CELLS, DayLimit, FORBIDDEN, Fatigue, Placed, Problem,
};
use super::{Random, greedy, objective, solve};
use proptest::prelude::*;

/// Every rule a plan breaks, in words; written without the solver's tables.
fn broken(problem: &Problem, plan: &[Placed]) -> Vec<String> {
    let mut found = Vec::new();
    let end = |p: &Placed| p.start + problem.requests[p.ask].duration;
    for p in plan {
        let ask = &problem.requests[p.ask];
        let (day, minute) = (p.start / DAY, p.start % DAY);
        let inside = |&(from, to): &(i32, i32)| minute >= from && minute + ask.duration <= to;
        if p.start % problem.grid != 0 {
            found.push(format!("{p:?} off the grid"));
        }
        if !problem.working[day as usize].iter().any(inside) {
            found.push(format!("{p:?} outside working hours"));
        }
        if p.start < ask.earliest || end(p) > ask.deadline {
            found.push(format!("{p:?} outside its window"));
        }
        if problem
            .busy
            .iter()
            .any(|&(from, to)| !(end(p) + problem.buffer <= from || p.start >= to + problem.buffer))
        {
            found.push(format!("{p:?} too near a busy time"));
        }
        if ask.value[(p.start / CELL) as usize] == FORBIDDEN {
            found.push(format!("{p:?} at a forbidden start"));
        }
    }
    for (index, a) in plan.iter().enumerate() {
        for b in &plan[index + 1..] {
            let (first, second) = if a.start <= b.start { (a, b) } else { (b, a) };
            let (x, y) = (&problem.requests[first.ask], &problem.requests[second.ask]);
            let recovery = if x.high_load && y.high_load { x.recovery } else { 0 };
            let gap = problem.buffer.max(recovery);
            if a.start / DAY == b.start / DAY && second.start < end(first) + gap {
                found.push(format!("{first:?} and {second:?} too near"));
            }
        }
    }
    for day in 0..problem.working.len() as i32 {
        let today: Vec<_> = plan.iter().filter(|p| p.start / DAY == day).collect();
        let focused = today.iter().map(|p| &problem.requests[p.ask]).filter(|a| a.focused);
        let limit = problem.limits.get(day as usize).copied().unwrap_or_default();
        let focus: i32 = focused.map(|a| a.duration).sum();
        let minutes: i32 = today.iter().map(|p| problem.requests[p.ask].duration).sum();
        if focus > limit.focus || minutes > limit.minutes || today.len() > limit.blocks {
            found.push(format!("too much on day {day}"));
        }
        for (index, ask) in problem.requests.iter().enumerate() {
            let kin = |p: &&&Placed| problem.requests[p.ask].family == ask.family;
            let most = today.iter().filter(kin).map(|p| problem.requests[p.ask].max_per_day).min();
            if today.iter().filter(kin).count() > most.unwrap_or(0) {
                found.push(format!("family of ask {index} too often on day {day}"));
            }
        }
    }
    for (index, ask) in problem.requests.iter().enumerate() {
        if plan.iter().filter(|p| p.ask == index).count() > ask.count {
            found.push(format!("ask {index} placed too often"));
        }
    }
    found
}

fn pick(random: &mut Random, from: i32, to: i32) -> i32 {
    from + random.below((to - from).max(1) as usize) as i32
}

fn random_ask(random: &mut Random, family: usize, days: i32) -> Ask {
    let earliest = pick(random, 0, days * DAY / 2);
    let level = i64::from(pick(random, -50, 300));
    Ask {
        duration: pick(random, 1, 13) * CELL,
        count: random.below(6),
        max_per_day: 1 + family % 2,
        family,
        focused: random.unit() < 0.5,
        high_load: random.unit() < 0.5,
        recovery: pick(random, 0, 120),
        earliest,
        deadline: earliest + pick(random, 60, days * DAY),
        value: (0..days as usize * DAY_CELLS)
            .map(|_| match random.below(12) {
                0 => FORBIDDEN,
                n => level + 40 * n as i64,
            })
            .collect(),
        points: 1.0,
        load: random.unit(),
        tire: 1.0 + 120.0 * random.unit(),
        published: (0..random.below(2))
            .map(|_| (pick(random, 0, days * 96) * CELL, i64::from(pick(random, 0, 300))))
            .collect(),
    }
}

fn random_problem(seed: u64) -> Problem {
    let random = &mut Random(seed);
    let days = pick(random, 1, 9);
    let working = (0..days)
        .map(|_| match random.below(4) {
            0 => Vec::new(),
            1 => vec![(pick(random, 300, 700), pick(random, 700, 1441))],
            _ => vec![(480, 720), (pick(random, 760, 800), 1080)],
        })
        .collect();
    let mut busy: Vec<(i32, i32)> = (0..random.below(20))
        .map(|_| (pick(random, 0, days * DAY), pick(random, 0, 200)))
        .map(|(start, length)| (start, start + length))
        .collect();
    busy.sort_unstable();
    let fatigue = random.unit() < 0.5;
    Problem {
        grid: if random.unit() < 0.8 { 15 } else { 30 },
        working,
        busy,
        buffer: pick(random, 0, 30),
        limits: (0..days)
            .map(|_| DayLimit {
                focus: pick(random, 0, 400),
                minutes: pick(random, 60, 800),
                blocks: random.below(9),
            })
            .collect(),
        requests: (0..random.below(7)).map(|n| random_ask(random, n / 2, days)).collect(),
        fatigue: fatigue.then_some(Fatigue { scale: 200.0, reach: 300 }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_rule_is_broken_and_greedy_never_beaten(seed: u64) {
        let problem = random_problem(seed);
        let (plain, plan) = (greedy(&problem), solve(&problem, 1));
        prop_assert_eq!(broken(&problem, &plan), Vec::<String>::new());
        prop_assert_eq!(broken(&problem, &plain), Vec::<String>::new());
        prop_assert!(objective(&problem, &plan) >= objective(&problem, &plain));
        prop_assert_eq!(&plan, &solve(&problem, 1));
    }
}

#[test]
fn the_checker_sees_what_is_wrong() {
    let mut problem = small();
    problem.busy = vec![(600, 630)];
    let at = |start| Placed { start, ask: 0 };
    for (plan, said) in [
        (vec![at(545)], "off the grid"),
        (vec![at(480)], "outside working hours"),
        (vec![at(585)], "too near a busy time"),
        (vec![at(660), at(705)], "too near"),
        (vec![at(660), at(780), at(900)], "placed too often"),
    ] {
        let found = broken(&problem, &plan);
        assert!(found.iter().any(|f| f.contains(said)), "{said}: {found:?}");
    }
}

fn small() -> Problem {
    Problem {
        grid: 15,
        working: vec![vec![(540, 1020)]],
        busy: Vec::new(),
        buffer: 15,
        limits: vec![DayLimit::focus(240)],
        requests: vec![Ask {
            duration: 60,
            count: 2,
            max_per_day: 2,
            family: 0,
            focused: false,
            high_load: false,
            recovery: 0,
            earliest: 0,
            deadline: DAY,
            value: vec![100; DAY_CELLS],
            points: 1.0,
            load: 0.5,
            tire: 60.0,
            published: Vec::new(),
        }],
        fatigue: None,
    }
}

fn starts(problem: &Problem) -> Vec<i32> {
    solve(problem, 1).iter().map(|p| p.start).collect()
}

#[test]
fn equals_go_to_the_earliest() {
    assert_eq!(starts(&small()), [540, 615]);
}

#[test]
fn tired_blocks_keep_apart() {
    let mut problem = small();
    problem.requests[0].value = vec![100_000; DAY_CELLS];
    problem.fatigue = Some(Fatigue { scale: 50_000.0, reach: 300 });
    assert_eq!(starts(&problem), [540, 900], "5 h between them");
}

#[test]
fn a_published_place_is_worth_staying_at() {
    let mut problem = small();
    problem.requests[0].count = 1;
    problem.requests[0].value[60] = 130;
    assert_eq!(starts(&problem), [900]);
    problem.requests[0].published = vec![(780, 40)];
    assert_eq!(starts(&problem), [780]);
}

#[test]
fn lunch_cut_out_is_not_worked_through() {
    let mut problem = small();
    problem.working = vec![vec![(690, 720), (780, 855)]];
    assert_eq!(starts(&problem), [780]);
}

#[test]
fn nothing_to_place_is_no_harm() {
    let mut problem = small();
    problem.requests.clear();
    assert_eq!(starts(&problem), [0; 0]);
    problem = small();
    problem.working.clear();
    problem.requests[0].value.clear();
    assert_eq!(starts(&problem), [0; 0]);
}
