//! How long the solver takes: a week and four crowded weeks, made up here.

use chronotype::schedule::problem::{Ask, DAY_CELLS, DayLimit, Problem};
use chronotype::schedule::solve::solve;

fn main() {
    divan::main();
}

/// So many weeks, six kinds of work, so many blocks of each, two meetings a day.
fn weeks(weeks: i32, blocks: usize) -> Problem {
    let days = weeks * 7;
    let working = |day: i32| if day % 7 < 5 { vec![(540, 1080)] } else { Vec::new() };
    let ask = |kind: i32| Ask {
        duration: 60 + 15 * (kind % 4),
        count: blocks,
        max_per_day: 1 + (kind % 2) as usize,
        family: kind as usize,
        focused: kind % 2 == 0,
        high_load: kind % 2 == 0,
        recovery: 60,
        earliest: 0,
        deadline: days * 1440,
        value: (0..days as usize * DAY_CELLS)
            .map(|cell| (cell / DAY_CELLS % 7, cell % DAY_CELLS / 4))
            .map(|(weekday, hour)| 400 + (30 * weekday) as i64 - 40 * hour.abs_diff(10) as i64)
            .collect(),
        points: 1.0,
        load: 0.5,
        tire: 60.0,
        published: Vec::new(),
    };
    Problem {
        grid: 15,
        working: (0..days).map(working).collect(),
        busy: (0..days * 2)
            .map(|n| (n * 720 + 600 - n % 2 * 240, n * 720 + 655 - n % 2 * 240))
            .collect(),
        buffer: 15,
        limits: vec![DayLimit::focus(240); days as usize],
        requests: (0..6).map(ask).collect(),
        fatigue: None,
    }
}

/// Budget: 5 ms.
#[divan::bench]
fn twelve_blocks_in_a_week(bencher: divan::Bencher<'_, '_>) {
    let problem = weeks(1, 2);
    bencher.bench(|| solve(divan::black_box(&problem), 1));
}

/// Budget: 5 ms.
#[divan::bench]
fn sixty_blocks_in_four_weeks(bencher: divan::Bencher<'_, '_>) {
    let problem = weeks(4, 10);
    bencher.bench(|| solve(divan::black_box(&problem), 1));
}
