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
/// session, into near-equal parts on quarter hours (the last takes what is left over).
pub(super) fn sessions(request: &Request, kind: &TaskType, settings: &Planning) -> Vec<i32> {
    let longest = i32::from(settings.longest_session).max(CELL) / CELL * CELL;
    let typical = f64::from(kind.typical_duration);
    let typical = if typical.is_finite() { typical.clamp(15.0, 480.0) } else { 60.0 };
    let minutes = match request.minutes {
        Some(minutes) => minutes.clamp(1, MAX_MINUTES) as i32,
        None => ((typical / f64::from(CELL)).round() as i32 * CELL).min(longest),
    };
    let wanted = i32::from(request.sessions.max(1)).min(MAX_SESSIONS);
    if wanted > 1 {
        return vec![minutes.min(longest); wanted as usize];
    }
    split(minutes, longest)
}

fn split(minutes: i32, longest: i32) -> Vec<i32> {
    if minutes <= longest {
        return vec![minutes];
    }
    let mut count = minutes.div_euclid(longest) + i32::from(minutes % longest > 0);
    loop {
        let quarters = minutes / CELL;
        let (each, more) = (quarters / count, quarters % count);
        let mut parts: Vec<i32> = (0..count).map(|n| (each + i32::from(n < more)) * CELL).collect();
        if let Some(last) = parts.last_mut() {
            *last += minutes % CELL;
            if *last <= longest {
                return parts;
            }
        }
        count += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn nothing_is_lost_and_nothing_too_long() {
        for (minutes, parts) in [
            (120, vec![120]),
            (130, vec![60, 70]),
            (240, vec![120, 120]),
            (241, vec![90, 75, 76]),
            (250, vec![90, 75, 85]),
            (15, vec![15]),
            (7, vec![7]),
        ] {
            assert_eq!(split(minutes, 120), parts, "{minutes}");
        }
        for minutes in 1..2_000 {
            for longest in [15, 60, 90, 120, 240] {
                let parts = split(minutes, longest);
                assert_eq!(parts.iter().sum::<i32>(), minutes);
                assert!(parts.iter().all(|&p| 0 < p && p <= longest), "{minutes} {parts:?}");
            }
        }
    }
}
