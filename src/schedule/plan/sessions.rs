//! How many blocks a request takes, and how long each is.

use super::Planning;
use crate::schedule::problem::CELL;
use crate::schedule::request::Request;
use crate::task::TaskType;

/// Most sessions of one request: a week of full days.
const MAX_SESSIONS: i32 = 40;
/// Longest stated duration that is planned, in minutes: what the sessions above hold at two hours.
const MAX_MINUTES: u32 = 4_800;

/// Minutes of each session. A stated duration is never altered; it is split only above the longest
/// session, into near-equal parts on quarter hours, one more of them with each step `finer`.
pub(super) fn sessions(
    request: &Request,
    kind: &TaskType,
    settings: &Planning,
    finer: u16,
) -> Vec<i32> {
    let longest = i32::from(settings.longest_session).max(CELL) / CELL * CELL;
    let shortest = i32::from(settings.shortest_session).clamp(1, longest);
    let typical = f64::from(kind.typical_duration);
    let typical = if typical.is_finite() { typical.clamp(15.0, 480.0) } else { 60.0 };
    let minutes = match request.minutes {
        Some(minutes) => minutes.clamp(1, MAX_MINUTES) as i32,
        None => ((typical / f64::from(CELL)).round() as i32 * CELL).min(longest),
    };
    let wanted = i32::from(request.sessions.max(1)).min(MAX_SESSIONS);
    if wanted > 1 {
        if !request.door.is_asked() {
            return vec![minutes.min(longest); wanted as usize];
        }
        let one = split(minutes, shortest, longest, finer);
        return one.repeat(wanted as usize).into_iter().take(MAX_SESSIONS as usize).collect();
    }
    split(minutes, shortest, longest, finer)
}

/// Nothing is left over: where a last part would be shorter than `shortest`, its minutes are spread
/// over the others, which then may be longer than `longest`.
fn split(minutes: i32, shortest: i32, longest: i32, finer: u16) -> Vec<i32> {
    if minutes <= longest {
        return vec![minutes];
    }
    let few = minutes.div_euclid(longest) + i32::from(minutes % longest > 0);
    let most = (minutes / shortest).clamp(1, MAX_SESSIONS);
    let fits = |parts: &Vec<i32>| {
        parts.iter().all(|&part| part >= shortest && (part <= longest || few > most))
    };
    let counts = few.min(most)..=most;
    let mut ways: Vec<Vec<i32>> = counts.map(|n| parts(minutes, n)).filter(fits).collect();
    if ways.is_empty() {
        return parts(minutes, few.min(most));
    }
    ways.swap_remove(usize::from(finer).min(ways.len() - 1))
}

/// Near-equal parts on quarter hours, the longer ones first; the last takes the odd minutes.
fn parts(minutes: i32, count: i32) -> Vec<i32> {
    let quarters = minutes / CELL;
    let (each, more) = (quarters / count, quarters % count);
    let mut parts: Vec<i32> = (0..count).map(|n| (each + i32::from(n < more)) * CELL).collect();
    if let Some(last) = parts.last_mut() {
        *last += minutes % CELL;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::split;
    use proptest::prelude::*;

    #[test]
    fn long_tasks_are_cut_into_near_equal_parts() {
        fn check(minutes: i32, finer: u16, expected: &[i32]) {
            assert_eq!(split(minutes, 30, 120, finer), expected, "{minutes} {finer}");
        }
        check(120, 0, &[120]);
        check(120, 1, &[120]);
        check(130, 0, &[60, 70]);
        check(240, 0, &[120, 120]);
        check(241, 0, &[90, 75, 76]);
        check(250, 0, &[90, 75, 85]);
        check(7, 0, &[7]);
        check(240, 1, &[90, 75, 75]);
        check(240, 6, &[30; 8]);
        check(240, 9, &[30; 8]);
    }

    #[test]
    fn a_rest_too_short_for_a_session_is_spread() {
        assert_eq!(split(70, 45, 60, 0), [70]);
        assert_eq!(split(16, 15, 15, 0), [16]);
        assert_eq!(split(130, 45, 60, 0), [60, 70]);
    }

    proptest! {
        #[test]
        fn no_minute_is_left_over(
            minutes in 1..4_800i32,
            (shortest, longest) in (1..17i32, 1..33i32).prop_map(|(a, b)| (a.min(b) * 15, b * 15)),
            finer in 0..6u16,
        ) {
            let parts = split(minutes, shortest, longest, finer);
            prop_assert_eq!(parts.iter().sum::<i32>(), minutes);
            prop_assert!(parts.len() == 1 || parts.iter().all(|&p| p >= shortest), "{:?}", parts);
            let fits = |n: &i32| n * shortest <= minutes && minutes <= n * (longest / 15 * 15);
            let rest = minutes % 15;
            if (1..=40).any(|n| fits(&n) && (minutes - rest) / n + rest <= longest) {
                prop_assert!(parts.iter().all(|&p| p <= longest), "{:?}", parts);
            }
        }
    }
}
