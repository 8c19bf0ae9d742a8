//! What a quirky server answers.

use super::State;
use super::profile::{Hrefs, Profile, Query, Texts, UidTaken};
use super::shelf::{Object, Shelf, Told};
use super::wire::{Reply, Request, encode, segments};
use roxmltree::Document;

const XML: &str = "application/xml";
const CALENDAR: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";
const FOLDER: &str = "<d:resourcetype><d:collection/></d:resourcetype>";

/// What a path names.
enum Place {
    Home,
    Shelf(String),
    Object(String, String),
    Elsewhere,
}

fn place(state: &State, request: &Request) -> Place {
    let home = segments(state.profile.home);
    let path = &request.path;
    match path.strip_prefix(home.as_slice()) {
        Some([]) => Place::Home,
        Some([shelf]) => Place::Shelf(shelf.clone()),
        Some([shelf, name]) if !request.slash => Place::Object(shelf.clone(), name.clone()),
        _ => Place::Elsewhere,
    }
}

/// Answers one request.
pub fn answer(state: &mut State, request: &Request) -> Reply {
    let place = place(state, request);
    match (request.method.as_str(), &place) {
        ("PROPFIND", _) => propfind(state, request, &place),
        ("REPORT", Place::Shelf(shelf)) => report(state, request, shelf),
        ("MKCALENDAR", Place::Shelf(name)) => {
            if state.shelves.contains_key(name) {
                return Reply::precondition(405, "d:resource-must-be-null");
            }
            let called = tag_text(&request.body, "displayname").unwrap_or_else(|| name.clone());
            state.shelves.insert(name.clone(), Shelf::new(&called));
            Reply::of(201)
        }
        ("GET", Place::Object(shelf, name)) => match state.object(shelf, name) {
            _ if state.stumbles.contains(name) => Reply::of(500),
            None => Reply::of(404),
            Some(object) => Reply {
                status: 200,
                etag: object.etag_on_get(state.profile.etags),
                kind: "text/calendar",
                body: object.body.clone(),
            },
        },
        ("PUT", Place::Object(shelf, name)) => put(state, request, shelf, name),
        ("DELETE", Place::Object(shelf, name)) => delete(state, request, shelf, name),
        _ => Reply::of(405),
    }
}

fn put(state: &mut State, request: &Request, shelf: &str, name: &str) -> Reply {
    let Profile { guards, etags, uid_taken, etag_on_put, .. } = state.profile;
    if let Some((status, precondition)) = state.refuses_writes {
        return Reply::precondition(status, precondition);
    }
    let before = state.object(shelf, name);
    if request.header("if-none-match").is_some() && before.is_some() && guards.create {
        return Reply::of(412);
    }
    if let Some(condition) = request.header("if-match") {
        let fails = match before {
            Some(object) => guards.update && !object.is_version(condition, etags),
            None => guards.missing,
        };
        if fails {
            return Reply::of(412);
        }
    }
    let status = if before.is_some() { 204 } else { 201 };
    let Some(there) = state.shelves.get(shelf) else { return Reply::of(409) };
    if there.holds_uid(name, &request.body) {
        match uid_taken {
            UidTaken::Stored => {}
            UidTaken::Named(status) => return Reply::precondition(status, "c:no-uid-conflict"),
            UidTaken::Words => {
                let body = "Event UID already in use".to_owned();
                return Reply { body, ..Reply::of(409) };
            }
        }
    }
    state.store(shelf, name, &request.body);
    let etag = state.object(shelf, name).and_then(|o| o.etag(etags)).filter(|_| etag_on_put);
    Reply { etag, ..Reply::of(status) }
}

fn delete(state: &mut State, request: &Request, shelf: &str, name: &str) -> Reply {
    let Profile { guards, etags, .. } = state.profile;
    let fits = |object: &Object| {
        request.header("if-match").is_none_or(|condition| object.is_version(condition, etags))
    };
    match state.object(shelf, name) {
        None => {
            Reply::of(if guards.delete && request.header("if-match").is_some() { 412 } else { 404 })
        }
        Some(object) if guards.delete && !fits(object) => Reply::of(412),
        Some(_) => {
            state.remove(shelf, name);
            Reply::of(204)
        }
    }
}

fn propfind(state: &State, request: &Request, place: &Place) -> Reply {
    let deep = request.header("depth") == Some("1");
    let missing = || match state.profile.missing_is_207 {
        true => multistatus(&[row(&format!("/{}", request.path.join("/")), Err(404))], ""),
        false => Reply::of(404),
    };
    let rows = match place {
        Place::Elsewhere => {
            let home = format!("<d:href>{}</d:href>", state.profile.home);
            let address = "<d:href>mailto:alice@example.org</d:href>";
            vec![row(
                "/",
                Ok(format!(
                    "{FOLDER}<d:current-user-principal>{home}</d:current-user-principal>\
                     <c:calendar-home-set>{home}</c:calendar-home-set>\
                     <c:calendar-user-address-set>{address}</c:calendar-user-address-set>"
                )),
            )]
        }
        Place::Home => {
            let shelves = state.shelves.iter().filter(|_| deep);
            let mut rows = vec![row(state.profile.home, Ok(FOLDER.to_owned()))];
            rows.extend(shelves.map(|(path, shelf)| described(state, path, shelf)));
            rows
        }
        Place::Shelf(path) => {
            let Some(shelf) = state.shelves.get(path) else { return missing() };
            let mut rows = vec![described(state, path, shelf)];
            for (name, object) in shelf.objects.iter().filter(|_| deep) {
                rows.push(row(&href(state, path, Some(name)), Ok(etag(state, object))));
            }
            rows
        }
        Place::Object(path, name) => {
            let Some(object) = state.object(path, name) else { return missing() };
            vec![row(&href(state, path, Some(name)), Ok(etag(state, object)))]
        }
    };
    multistatus(&rows, "")
}

fn described(state: &State, path: &str, shelf: &Shelf) -> String {
    let privileges = state.privileges.get(path).copied().or(state.profile.privileges);
    let set = "current-user-privilege-set";
    let privileges =
        privileges.map_or(String::new(), |all| format!("<{set} xmlns=\"DAV:\">{all}</{set}>"));
    let name = &shelf.name;
    let properties = format!("{CALENDAR}<d:displayname>{name}</d:displayname>{privileges}");
    row(&href(state, path, None), Ok(properties))
}

fn report(state: &State, request: &Request, path: &str) -> Reply {
    let Some(shelf) = state.shelves.get(path) else { return Reply::of(404) };
    let document = Document::parse(&request.body).unwrap();
    match document.root_element().tag_name().name() {
        "sync-collection" => sync(state, request, path, shelf),
        "calendar-multiget" => multiget(state, &document, path, shelf),
        "calendar-query" => query(state, path, shelf),
        _ => Reply::of(501),
    }
}

fn query(state: &State, path: &str, shelf: &Shelf) -> Reply {
    let step = match state.profile.query {
        Query::Refused(status) => return Reply::of(status),
        Query::PassesOver => 3,
        Query::Works => usize::MAX,
    };
    if !state.stumbles.is_empty() {
        return Reply::of(500);
    }
    let all = shelf.objects.iter().enumerate().filter(|(i, _)| (i + 1) % step != 0);
    let rows: Vec<String> =
        all.map(|(_, (name, object))| with_text(state, path, name, object)).collect();
    multistatus(&rows, "")
}

/// The row of an object, its text included.
fn with_text(state: &State, path: &str, name: &str, object: &Object) -> String {
    let text = object.body.replace('&', "&amp;").replace('<', "&lt;");
    let data = format!("<c:calendar-data>{text}</c:calendar-data>");
    row(&href(state, path, Some(name)), Ok(format!("{}{data}", etag(state, object))))
}

fn sync(state: &State, request: &Request, path: &str, shelf: &Shelf) -> Reply {
    let profile = &state.profile;
    if let Some(status) = profile.sync.refused {
        return Reply::precondition(status, "d:supported-report");
    }
    let asked = tag_text(&request.body, "sync-token");
    let (told, from, first) = match &asked {
        None => (shelf.all(profile), 0, String::new()),
        Some(token) => match (rest_of(shelf, token, profile), profile.sync.unknown) {
            (Some(rest), _) => (denied(state, rest.0), rest.1, rest.2),
            (None, 0) => (shelf.all(profile), 0, String::new()),
            (None, status) => return Reply::precondition(status, "d:valid-sync-token"),
        },
    };
    let most = profile.sync.most.unwrap_or(usize::MAX);
    let texts = request.body.contains("calendar-data");
    match profile.sync.texts {
        Texts::Refused(status, above) if texts && told.len() > above => return Reply::of(status),
        Texts::Given if texts && told.iter().any(|(name, _)| state.stumbles.contains(name)) => {
            return Reply::of(500);
        }
        _ => {}
    }
    let texts = texts && profile.sync.texts == Texts::Given;
    let next = from.saturating_add(most);
    let cut = told.len() > next;
    let rows = told.iter().skip(from).take(most).map(|(name, there)| {
        let href = href(state, path, Some(name));
        match shelf.objects.get(name).filter(|_| *there) {
            Some(object) if texts => with_text(state, path, name, object),
            Some(object) => row(&href, Ok(etag(state, object))),
            None => row(&href, Err(404)),
        }
    });
    let mut rows: Vec<String> = rows.collect();
    let mut token = shelf.token(profile);
    if cut {
        rows.push(row(&href(state, path, None), Err(507)));
        token = format!("{token}+{first}+{next}");
    }
    multistatus(&rows, &token)
}

/// And what it denies.
fn denied(state: &State, mut told: Vec<Told>) -> Vec<Told> {
    told.extend(state.denies.iter().map(|name| (name.clone(), false)));
    told
}

/// What a token leaves to tell, where to go on, and the token first asked with: a cut listing's
/// token is `now+first+rows told`.
fn rest_of(shelf: &Shelf, token: &str, profile: &Profile) -> Option<(Vec<Told>, usize, String)> {
    let mut parts = token.split('+');
    let (_, first, told) = (parts.next()?, parts.next(), parts.next());
    match (first, told.and_then(|n| n.parse().ok())) {
        (Some(""), Some(told)) => Some((shelf.all(profile), told, String::new())),
        (Some(first), Some(told)) => Some((shelf.since(first, profile)?, told, first.to_owned())),
        _ => Some((shelf.since(token, profile)?, 0, token.to_owned())),
    }
}

fn multiget(state: &State, document: &Document, path: &str, shelf: &Shelf) -> Reply {
    let ways = state.profile.multiget;
    let hrefs = document.descendants().filter(|node| node.tag_name().name() == "href");
    let asked: Vec<Vec<String>> = hrefs.filter_map(|n| n.text()).map(segments).collect();
    match ways.refused {
        Some((status, most)) if asked.len() > most => return Reply::of(status),
        _ => {}
    }
    let mut rows = Vec::new();
    for name in asked.iter().filter_map(|segments| segments.last()) {
        if state.stumbles.contains(name) {
            return Reply::of(500);
        }
        let href = href(state, path, Some(name));
        match shelf.objects.get(name) {
            _ if ways.gives_nothing => {}
            Some(object) => rows.push(with_text(state, path, name, object)),
            None if ways.tells_missing => rows.push(row(&href, Err(404))),
            None => {}
        }
    }
    if ways.reversed {
        rows.reverse();
    }
    multistatus(&rows, "")
}

fn etag(state: &State, object: &Object) -> String {
    let etag = object.etag(state.profile.etags);
    etag.map_or(String::new(), |etag| format!("<d:getetag>{etag}</d:getetag>"))
}

/// An href as this server writes it.
fn href(state: &State, shelf: &str, name: Option<&str>) -> String {
    let Profile { hrefs, home, .. } = state.profile;
    let plain = |c: char| hrefs == Hrefs::Plain && (!c.is_ascii() || "@,;+=!$'()*:".contains(c));
    let before = match hrefs {
        Hrefs::Absolute => format!("http://{}", state.address),
        Hrefs::Escaped | Hrefs::Plain => String::new(),
    };
    let name = name.map(|name| encode(name, &plain)).unwrap_or_default();
    format!("{before}{home}{}/{name}", encode(shelf, &plain))
}

fn row(href: &str, said: Result<String, u16>) -> String {
    let said = match said {
        Err(status) => format!("<d:status>HTTP/1.1 {status} X</d:status>"),
        Ok(properties) => format!(
            "<d:propstat><d:prop>{properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status>\
             </d:propstat>"
        ),
    };
    format!("<d:response><d:href>{href}</d:href>{said}</d:response>")
}

fn multistatus(rows: &[String], token: &str) -> Reply {
    let token = match token {
        "" => String::new(),
        token => format!("<d:sync-token>{token}</d:sync-token>"),
    };
    let rows = rows.concat();
    let body = format!(
        "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\">{rows}{token}\
         </d:multistatus>"
    );
    Reply { status: 207, etag: None, kind: XML, body }
}

/// Text of the first element called so; `None` when it is empty.
fn tag_text(body: &str, name: &str) -> Option<String> {
    let document = Document::parse(body).ok()?;
    let node = document.descendants().find(|node| node.tag_name().name() == name)?;
    node.text().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}
