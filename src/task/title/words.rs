//! The short lists: what mail programs, calendars and office life use everywhere.

/// Reply and forward prefixes of common mail programs.
const REPLY: [&str; 22] = [
    "re", "fw", "fwd", "aw", "wg", "antw", "antwort", "sv", "vs", "vb", "tr", "rv", "rif", "enc",
    "res", "ref", "odp", "pd", "doorst", "ynt", "ilt", "r",
];

/// What calendars and people put before a title to say how firm it is.
const STATE: [&str; 37] = [
    "hold",
    "tentative",
    "tbc",
    "canceled",
    "cancelled",
    "postponed",
    "accepted",
    "declined",
    "updated",
    "invitation",
    "updated invitation",
    "invite",
    "reminder",
    "save the date",
    "draft",
    "abgesagt",
    "abgelehnt",
    "zugesagt",
    "vorläufig",
    "verschoben",
    "einladung",
    "erinnerung",
    "annulé",
    "reporté",
    "provisoire",
    "cancelado",
    "cancelada",
    "aplazado",
    "provisional",
    "annullato",
    "rinviato",
    "odwołane",
    "geannuleerd",
    "отменено",
    "キャンセル",
    "已取消",
    "취소됨",
];

/// Titles that say nothing, normalised.
pub(super) const USELESS: [&str; 29] = [
    "busy",
    "private",
    "tbd",
    "tba",
    "tbc",
    "untitled",
    "no title",
    "no subject",
    "event",
    "new event",
    "blocked",
    "block",
    "reserved",
    "unavailable",
    "appointment",
    "beschäftigt",
    "gebucht",
    "privat",
    "termin",
    "kein titel",
    "blocker",
    "occupé",
    "privé",
    "sans titre",
    "ocupado",
    "privado",
    "occupato",
    "zajęty",
    "занято",
];

/// Punctuation that is left over at the ends when something was taken off.
pub(super) const DANGLING: [char; 13] =
    ['-', '–', '—', ':', '|', ',', ';', '/', '@', '&', '+', '•', '·'];

/// Ways to write "one on one", longest first.
pub(super) const ONE_ON_ONE: [&str; 8] =
    ["1-on-1", "1 on 1", "1on1", "1:1s", "1:1", "1-1", "1x1", "1-2-1"];

/// One-word abbreviations that mean the same in every office; anything else as it is.
pub(super) fn write_out(word: &str) -> &str {
    match word {
        "mtg" => "meeting",
        "mtgs" => "meetings",
        "appt" | "apt" => "appointment",
        "w" => "with",
        "wfh" => "working from home",
        "ooo" => "out of office",
        "pto" => "paid time off",
        "bday" => "birthday",
        "mgmt" => "management",
        "mgr" => "manager",
        "dept" => "department",
        "qbr" => "quarterly business review",
        "f2f" => "face to face",
        "intvw" => "interview",
        "proj" => "project",
        word => word,
    }
}

/// Whether it is a reply or state prefix; a counter behind it does not matter (`RE[2]`, `AW (3)`).
pub(super) fn is_prefix(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    let word = word.trim_end_matches(|c: char| c.is_ascii_digit() || "[]() ".contains(c));
    REPLY.contains(&word) || STATE.contains(&word)
}

/// Whether it says how firm the event is.
pub(super) fn is_state(word: &str) -> bool {
    STATE.contains(&word.trim().to_lowercase().as_str())
}
