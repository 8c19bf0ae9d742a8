//! What `status` says of insights that are mirrored, and taking one back at once.

use super::output::{FAINT, WARN, styled};
use super::status::{self, Clock};
use super::table::{plain, wrap};
use super::{account, output};
use crate::config::Config;
use crate::cycle::take_back;
use crate::memory::graph::Graph;
use crate::memory::mirror::Mirror;
use serde_json::{Value, json};

/// A line while a server is configured; further ones for what can't be done there.
pub fn summary(mirror: &Mirror, graph: &Graph, config: &Config, clock: &Clock) -> String {
    if config.mirror.is_none() {
        return String::new();
    }
    let waiting = mirror.errands(graph).len();
    let sent = output::count(mirror.sent.len(), "insight");
    let line = format!("mirror: {sent} at the Mem0 server; {waiting} to send or to take back");
    let mut text = styled(FAINT, &wrap(&line, 0, output::columns()));
    let mut warn = |line: &str| {
        text.push_str(&styled(WARN, &wrap(line, 0, output::columns())));
    };
    let server = &mirror.server;
    if server.stuck > 0 {
        let stuck = output::count(server.stuck as usize, "insight");
        warn(&format!("mirror: {stuck} can't be taken back: the server never named it"));
    }
    if let Some(trouble) = &server.trouble {
        let mut line = format!("mirror: {}", plain(trouble));
        if let Some(until) = server.not_before.filter(|until| *until > clock.now) {
            line.push_str(&format!("; it is not asked before {}", clock.at(until)));
        }
        warn(&line);
    }
    text
}

/// The same as values; `null` while none is configured.
pub fn document(mirror: &Mirror, graph: &Graph, config: &Config) -> Value {
    if config.mirror.is_none() {
        return Value::Null;
    }
    json!({
        "sent": mirror.sent.len(),
        "waiting": mirror.errands(graph).len(),
        "stuck": mirror.server.stuck,
        "trouble": mirror.server.trouble,
        "not_before": mirror.server.not_before.map(status::utc),
    })
}

/// Takes an insight back at the server right away; what lies there of it that could not be taken
/// back, in one sentence.
pub fn forget(config: &Config, mirror: &mut Mirror, insight: u32) -> Result<(), String> {
    let Some(sent) = mirror.sent.get(&insight) else { return Ok(()) };
    let unnamed = sent.names.is_empty();
    let server = account::mem0(config, None)?;
    let Some(server) = server.filter(|server| mirror.server.id == Some(server.id())) else {
        return Err("it was mirrored to a server that the config no longer names".to_owned());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| e.to_string())?;
    runtime.block_on(take_back(&server, mirror, insight)).map_err(|failure| failure.why)?;
    match unnamed {
        true => Err("the server never said under which name it keeps it".to_owned()),
        false => Ok(()),
    }
}
