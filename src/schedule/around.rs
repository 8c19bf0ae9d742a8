//! Time to prepare for meetings and to recover from them, where the config asks for it.

use super::plan::Planning;
use super::request::{Door, Reach, Request, RequestKey};
use crate::event::{Event, Events, Role, Span, Standing};
use chrono::{DateTime, TimeDelta, Utc};

/// A meeting is worth preparing for from this length on.
const MEETING: TimeDelta = TimeDelta::minutes(45);
/// One is tiring from this length on.
const TIRING: TimeDelta = TimeDelta::minutes(90);
/// How long before it one prepares, and after it one recovers, at most.
const NEAR: (TimeDelta, TimeDelta) = (TimeDelta::hours(24), TimeDelta::hours(3));

/// Requests around the meetings that begin within the horizon, in order of UID.
pub fn requests(events: &Events, settings: &Planning, now: DateTime<Utc>) -> Vec<Request> {
    let (prepare, recover) = (settings.preparation_minutes, settings.recovery_minutes);
    if prepare == 0 && recover == 0 {
        return Vec::new();
    }
    let until = now + TimeDelta::days(settings.horizon_days.into());
    let mut requests = Vec::new();
    for event in events.values().filter(|event| is_meeting(event)) {
        let Span::Timed { start, end } = event.span else { continue };
        if start <= now || start > until {
            continue;
        }
        if prepare > 0 && end - start >= MEETING {
            let window = (start - NEAR.0, start);
            requests.push(request("prepare", event, prepare, window, settings));
        }
        if recover > 0 && end - start >= TIRING {
            let window = (end, end + NEAR.1);
            requests.push(request("recover", event, recover, window, settings));
        }
    }
    requests
}

fn is_meeting(event: &Event) -> bool {
    let stands = event.standing == Standing::Scheduled && event.busy;
    stands && event.role != Role::Suggested && event.attendees > 0
}

fn request(
    kind: &str,
    event: &Event,
    minutes: u16,
    (earliest, deadline): (DateTime<Utc>, DateTime<Utc>),
    settings: &Planning,
) -> Request {
    Request {
        key: RequestKey(format!("{kind}:{}", event.id.short())),
        title: settings.wording.language.say(kind, &[("title", &event.title)]),
        door: Door::Around,
        task_type: None,
        minutes: Some(minutes.into()),
        sessions: 1,
        weekly: 0,
        earliest: Some(earliest),
        deadline: Some(deadline),
        weight: 1,
        related_to: Some(event.id.uid.clone()),
        after: Vec::new(),
        reach: Reach::WORK,
    }
}
