//! Small worlds to plan in: Monday 2026-03-02, 06:00 UTC, working Mon-Fri 09:00-17:00.

use super::super::*;
use crate::event::{CollectionId, Event, EventId, Role, Span, Standing};
use crate::schedule::request::Door;
use crate::schedule::suggestion::{Intent, State};
use crate::task::{Category, Hours, TaskType};

pub(super) fn utc(text: &str) -> DateTime<Utc> {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

/// Everything a test may bend.
pub(super) struct World {
    pub(super) now: DateTime<Utc>,
    pub(super) zone: Tz,
    pub(super) types: Types,
    pub(super) events: Events,
    pub(super) suggestions: BTreeMap<Uid, Suggestion>,
    pub(super) requests: Vec<Request>,
    pub(super) settings: Planning,
    pub(super) voices: Voices,
}

impl World {
    /// Type 1 is deep work (best at 10), type 2 is mail; nothing is learned, nothing planned.
    pub(super) fn new() -> Self {
        let mut types = Types::default();
        let hump = |peak: f32| std::array::from_fn(|h| 0.8 - 0.03 * (h as f32 - peak).abs());
        types.by_id.insert(1, kind(1, "Deep work", Category::Focused, 0.9, hump(10.0)));
        types.by_id.insert(2, kind(2, "Mail", Category::Administrative, 0.25, hump(14.0)));
        Self {
            now: utc("02T06:00"),
            zone: Tz::UTC,
            types,
            events: Events::new(),
            suggestions: BTreeMap::new(),
            requests: Vec::new(),
            settings: Planning {
                working: Some(WorkingHours::parse(&["Mon-Fri 09:00-17:00"]).unwrap()),
                lunch: Lunch::Off,
                ..Planning::default()
            },
            voices: Voices::new(),
        }
    }

    pub(super) fn plan(&self) -> Plan {
        plan(&PlanInput {
            now: self.now,
            zone: self.zone,
            types: &self.types,
            events: &self.events,
            suggestions: &self.suggestions,
            requests: &self.requests,
            principal: &PrincipalId::new("ann").unwrap(),
            settings: &self.settings,
            voices: &self.voices,
        })
    }

    pub(super) fn todo(&mut self, name: &str, due: Option<&str>) -> &mut Request {
        self.request(Door::Todo, name, due)
    }

    pub(super) fn request(&mut self, door: Door, name: &str, due: Option<&str>) -> &mut Request {
        self.requests.push(Request {
            key: RequestKey(name.to_owned()),
            title: name.to_owned(),
            door,
            task_type: Some(1),
            minutes: Some(60),
            sessions: 1,
            weekly: 0,
            earliest: None,
            deadline: due.map(utc),
            weight: 1,
            related_to: None,
        });
        self.requests.last_mut().unwrap()
    }

    pub(super) fn meeting(&mut self, from: &str, to: &str) {
        let id = EventId { uid: Uid::new(format!("{from}/{to}")), recurrence_id: None };
        self.events.insert(id.clone(), event(id, utc(from), utc(to)));
    }

    /// Applies a plan the way a turn does, all writes confirmed.
    pub(super) fn settle(&mut self, plan: &Plan) {
        for block in &plan.suggestions {
            let intent = None;
            self.suggestions.insert(block.uid.clone(), Suggestion { intent, ..block.clone() });
        }
        for (uid, _) in &plan.withdrawn {
            self.suggestions.get_mut(uid).unwrap().state = State::Withdrawn;
        }
    }

    /// Plans, applies, and gives back the one block that stands for a request.
    pub(super) fn turn(&mut self, request: &str) -> Option<Suggestion> {
        let plan = self.plan();
        self.settle(&plan);
        let mut own = plan.suggestions.into_iter().filter(|s| s.request.0 == request);
        let found = own.find(|s| s.stands() && s.end > self.now);
        assert_eq!(own.filter(|s| s.stands() && s.end > self.now).count(), 0, "two blocks");
        found
    }

    pub(super) fn mark(&mut self, block: &Suggestion, state: State) {
        let since = self.now;
        self.suggestions.get_mut(&block.uid).unwrap().state = state;
        self.suggestions.get_mut(&block.uid).unwrap().since = since;
    }
}

pub(super) fn kind(
    id: TypeId,
    name: &str,
    category: Category,
    load: f32,
    prior: [f32; 24],
) -> TaskType {
    TaskType {
        id,
        name: name.to_owned(),
        category,
        category_votes: [0.0; 3],
        hours: Hours {
            prior,
            score: prior,
            confidence: [0.1; 24],
            performance: [0.0; 24],
            performance_count: [0; 24],
            placement: [0.0; 24],
        },
        cognitive_load: load,
        recovery_hours: 1.0,
        depletion_curve: [1.0, 0.8, 0.6, 0.4, 0.2],
        typical_duration: 60.0,
        duration_count: 0,
        exemplars: Vec::new(),
        events: 0,
    }
}

pub(super) fn event(id: EventId, start: DateTime<Utc>, end: DateTime<Utc>) -> Event {
    Event {
        id,
        collection: CollectionId::new("home/work"),
        title: "secret title".to_owned(),
        span: Span::Timed { start, end },
        time_zone: None,
        busy: true,
        role: Role::Own,
        standing: Standing::Scheduled,
        recurring: false,
        attendees: 0,
        answered: false,
        created_at: start,
        first_seen: start,
        last_modified: None,
        sequence: 0,
        related_to: None,
        trail: Vec::new(),
        settled: Vec::new(),
        closed: false,
        task_type: None,
        completed: None,
        success_rating: None,
        energy_after: None,
    }
}

pub(super) fn is_new(block: &Suggestion) -> bool {
    block.intent == Some(Intent::Create) && block.sequence == 0
}
