//! `chronotype auth`: signing in, and keeping passwords: what needs a person.

mod keyring;

use super::{CommandError, Global, account, context, output};
use crate::calendar::google::{Credentials, Notice, SignIn, SignedIn, Successor, WAIT};
use crate::calendar::{Error, Http};
use crate::config::{Account, AccountKind, Config};
use chrono_tz::Tz;
use serde_json::json;
use std::io::BufRead;
use tokio::sync::mpsc;

/// Sign in to Google, or put a password into the desktop's keyring.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Sign in to Google Calendar in a browser
    ///
    /// The browser may run on another machine: open the address there, agree, and paste the address
    /// that it ends on (its page can't be shown there) into this terminal.
    Google {
        /// The account's name in the config; needed where there are several
        account: Option<String>,
        /// Open no browser: print the address alone on stdout, then wait
        #[arg(long)]
        no_browser: bool,
        /// Let another address take over the account
        ///
        /// What was read from the first one, and learned from it, stays with that: it can take over
        /// only an account of which nothing has been read yet. Else give it a name of its own.
        #[arg(long)]
        replace: bool,
    },
    /// Put a password or key into the desktop's keyring
    ///
    /// It is asked for without being shown, or read from stdin, and goes to the platform's own tool
    /// (secret-tool on Linux, security on macOS) under the name given here. The config then says
    /// `password_keyring = "NAME"` in an account, or `key_keyring = "NAME"` elsewhere.
    Keyring {
        /// What to call it there
        name: String,
    },
}

/// Longest line that is read from stdin.
const LINE: u64 = 64 << 10;
/// Lines that wait to be looked at.
const LINES: usize = 4;

/// Runs the command.
///
/// # Errors
/// A config or usage error when there is no such account; a failure when nobody signed in.
pub fn run(args: &Args, global: &Global) -> Result<(), CommandError> {
    let (account, no_browser, replace) = match &args.what {
        What::Google { account, no_browser, replace } => (account, no_browser, replace),
        What::Keyring { name } => return keyring::run(name, global),
    };
    let config = context::config(global)?;
    let (name, credentials) = chosen(&config, account.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|e| CommandError::failure(format!("can't start: {e}")))?;
    let opening = match no_browser {
        true => Opening::Printed,
        false => Opening::Browser,
    };
    let successor = match replace {
        true => Successor::Anybody,
        false => Successor::Same,
    };
    runtime.block_on(sign_in(&name, &credentials, (opening, successor), global))
}

/// The account that is meant.
fn chosen(config: &Config, name: Option<&str>) -> Result<(String, Credentials), CommandError> {
    let is_google = |a: &&Account| matches!(a.kind, AccountKind::Google { .. });
    let all: Vec<&Account> = config.accounts.iter().filter(is_google).collect();
    let names = all.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
    let found = match (name, all.as_slice()) {
        (_, []) => {
            return Err(CommandError::config("the config names no account of kind \"google\"")
                .hint("add an [[account]]; `chronotype config show --defaults` has an example"));
        }
        (None, [only]) => only,
        (None, _) => {
            return Err(CommandError::usage("there are several Google accounts: say which")
                .hint(format!("one of: {names}")));
        }
        (Some(name), _) => all.iter().find(|a| a.name == name).ok_or_else(|| {
            CommandError::usage(format!("no Google account is called '{name}'"))
                .hint(format!("one of: {names}"))
        })?,
    };
    match account::google(config, found) {
        Some(credentials) => Ok((found.name.clone(), credentials)),
        None => Err(CommandError::usage(format!("'{}' is no Google account", found.name))),
    }
}

/// How the address reaches the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    /// In their browser, where there is one.
    Browser,
    /// Alone on stdout.
    Printed,
}

async fn sign_in(
    name: &str,
    credentials: &Credentials,
    (opening, successor): (Opening, Successor),
    global: &Global,
) -> Result<(), CommandError> {
    let http = Http::new().map_err(failure)?;
    let begun = credentials.sign_in(http.clone(), successor).await.map_err(failure)?;
    let Some(sign_in) = begun else {
        return service_account(name, credentials, http, global).await;
    };
    show(&sign_in, opening, global)?;
    let refused = |notice: Notice| output::warn(notice.sentence());
    let signed_in = sign_in.finish(lines(), WAIT, &refused).await.map_err(failure)?;
    told(name, &signed_in, credentials.words.zone, global)
}

fn show(sign_in: &SignIn, opening: Opening, global: &Global) -> Result<(), CommandError> {
    let address = sign_in.address().as_str();
    let paste = "If that browser is on another machine, paste here the address that it ends on.";
    match opening {
        Opening::Printed if global.json => output::json(&json!({ "address": address }))?,
        Opening::Printed => output::data(&format!("{address}\n"))?,
        Opening::Browser if has_browser() && webbrowser::open(&sign_in.door()).is_ok() => {
            output::say(global, "Sign in to Google in the browser that opens. If none does, open");
            output::say(global, address);
        }
        Opening::Browser => {
            output::say(global, "Sign in to Google: open this address in a browser");
            // Without it there is no way on.
            output::say(&Global { quiet: false, ..global.clone() }, address);
        }
    }
    output::say(global, paste);
    Ok(())
}

/// A screen to open a browser on, or one that the person names. Without, only text browsers would
/// be found, which take the terminal and don't get past Google's page.
fn has_browser() -> bool {
    let says = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY", "BROWSER"].iter().any(|n| says(n))
}

/// What the person pastes. A thread of its own: a read that waits for them can't be called off,
/// and must not hold up the end.
fn lines() -> mpsc::Receiver<String> {
    let (send, lines) = mpsc::channel(LINES);
    std::thread::spawn(move || {
        loop {
            let mut line = Vec::new();
            let mut input = std::io::Read::take(std::io::stdin().lock(), LINE);
            match input.read_until(b'\n', &mut line) {
                Ok(read) if read > 0 => {}
                _ => return,
            }
            let line = String::from_utf8_lossy(&line).into_owned();
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn told(name: &str, signed_in: &SignedIn, zone: Tz, global: &Global) -> Result<(), CommandError> {
    if global.json {
        return output::json(&json!({
            "account": name,
            "signed_in": true,
            "address": signed_in.address,
            "scopes": signed_in.scopes,
            "ends_at": signed_in.refresh_expires_at,
        }));
    }
    output::say(
        global,
        &match &signed_in.address {
            Some(address) => format!("Signed in as {address} for the account {name}."),
            None => format!("Signed in to Google for the account {name}."),
        },
    );
    if signed_in.address.is_none() {
        output::warn("Google does not say whose account this is: the next sync asks again");
    }
    if let Some(end) = signed_in.refresh_expires_at {
        let end = end.with_timezone(&zone).format("%a %-d %b %H:%M");
        output::warn(&format!(
            "Google ends this sign-in on {end}, as for all apps in testing: publish the app in \
             Google's console to stay signed in"
        ));
    }
    Ok(())
}

/// Nothing to sign in to: says whether the key works.
async fn service_account(
    name: &str,
    credentials: &Credentials,
    http: Http,
    global: &Global,
) -> Result<(), CommandError> {
    credentials.tokens(http).map_err(failure)?.token().await.map_err(failure)?;
    if global.json {
        return output::json(&json!({ "account": name, "signed_in": true }));
    }
    let sentence = format!("The account {name} is a service account, and its key works.");
    output::say(global, &sentence);
    Ok(())
}

fn failure(error: Error) -> CommandError {
    CommandError::failure(error.to_string())
}
