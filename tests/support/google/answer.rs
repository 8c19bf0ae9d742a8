//! Answers, and refusals in the words of Google's error guide.

use serde_json::{Value, json};

/// Of the clock there, unless a test sets it.
const DATE: &str = "Tue, 03 Mar 2026 08:00:00 GMT";

/// What goes back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    /// When, by the clock there.
    pub date: String,
    pub body: String,
}

impl Answer {
    /// JSON.
    pub fn json(value: &Value) -> Self {
        Self::text(200, &value.to_string())
    }

    /// Any text.
    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: Vec::new(), date: DATE.to_owned(), body: body.to_owned() }
    }
}

/// An error.
#[derive(Debug, Clone)]
pub struct Refusal {
    status: u16,
    reason: String,
    location: Option<(&'static str, String)>,
    pause: String,
}

impl Refusal {
    /// With this status and reason.
    pub fn new(status: u16, reason: &str) -> Self {
        Self { status, reason: reason.to_owned(), location: None, pause: String::new() }
    }

    /// A parameter that can't be.
    pub fn parameter(reason: &str, name: &str) -> Self {
        Self { location: Some(("parameter", name.to_owned())), ..Self::new(400, reason) }
    }

    /// With `Retry-After`, unless empty.
    pub fn after(self, pause: &str) -> Self {
        Self { pause: pause.to_owned(), ..self }
    }

    fn domain(&self) -> &'static str {
        match self.reason.as_str() {
            "rateLimitExceeded" | "userRateLimitExceeded" | "quotaExceeded" => "usageLimits",
            "fullSyncRequired" | "forbiddenForNonOrganizer" | "timeRangeEmpty" => "calendar",
            _ => "global",
        }
    }

    /// Words, which nobody should rely on.
    fn message(&self) -> &'static str {
        match self.reason.as_str() {
            "authError" => "Invalid Credentials",
            "rateLimitExceeded" => "Rate Limit Exceeded",
            "userRateLimitExceeded" => "User Rate Limit Exceeded",
            "quotaExceeded" => "Calendar usage limits exceeded.",
            "forbiddenForNonOrganizer" => "Shared properties can only be changed by the organizer.",
            "insufficientPermissions" => "Request had insufficient authentication scopes.",
            "requiredAccessLevel" => "You need to have writer access to this calendar.",
            "notFound" => "Not Found",
            "duplicate" => "The requested identifier already exists.",
            "fullSyncRequired" => "Sync token is no longer valid, a full sync is required.",
            "deleted" => "Resource has been deleted",
            "conditionNotMet" => "Precondition Failed",
            "backendError" => "Backend Error",
            _ => "Bad Request",
        }
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.message();
        let mut one = json!({
            "domain": refusal.domain(), "reason": refusal.reason, "message": message,
        });
        let place = match (refusal.status, &refusal.location) {
            (401, _) => Some(("header", "Authorization".to_owned())),
            (412, _) => Some(("header", "If-Match".to_owned())),
            (_, place) => place.clone(),
        };
        if let Some((kind, name)) = place {
            one["locationType"] = kind.into();
            one["location"] = name.into();
        }
        let body = json!({
            "error": {"errors": [one], "code": refusal.status, "message": message},
        });
        let pause = Some(("Retry-After", refusal.pause)).filter(|(_, v)| !v.is_empty());
        let headers = pause.into_iter().collect();
        Self { headers, ..Self::text(refusal.status, &format!("{body:#}")) }
    }
}
