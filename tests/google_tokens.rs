//! Access tokens against Google's token endpoint: fresh ahead of time, fetched once for all who
//! wait, and "signed out" told from "no network".

use super::support::browser::{agree, browse};
use super::support::google::Fake;
use super::support::google_assertion::SUBJECT;
use super::support::google_auth::{Consent, Fault, Server};
use super::support::person::private;
use chronotype::calendar::google::{
    Credentials, SignedIn, Successor, TokenFile, TokenSource, WAIT, Words, Writing,
};
use chronotype::calendar::{Error, Http, Secret};
use chronotype::event::PrincipalId;
use std::sync::Arc;

struct Place {
    server: Server,
    _api: Fake,
    folder: tempfile::TempDir,
    credentials: Credentials,
}

const REFRESH: &str = "refresh_token";
const SIGN_IN: &str = "authorization_code";

impl Place {
    fn new() -> Self {
        let (server, folder) = (Server::start(), tempfile::tempdir().unwrap());
        let api = Fake::start();
        api.trust(server.issuer());
        let client_secret_file = folder.path().join("client.json");
        private(&client_secret_file, server.client_file());
        let jane = PrincipalId::new("jane").unwrap();
        let credentials = Credentials {
            words: Words { account: "work".to_owned(), zone: chrono_tz::UTC },
            client_secret_file,
            auth_uri: None,
            token_uri: None,
            api_root: Some(api.root()),
            subject: None,
            login_hint: None,
            writing: Writing::OwnCalendar,
            file: TokenFile::beside(&folder.path().join("store"), &jane, "work"),
        };
        Self { server, _api: api, folder, credentials }
    }

    /// Signed in, with access tokens that live for so many seconds.
    async fn signed_in(expires_in: i64) -> Self {
        let place = Self::new();
        place.server.state().expires_in = expires_in;
        place.sign_in().await;
        place
    }

    async fn sign_in(&self) {
        let (page, signed_in) = self.try_to_sign_in().await;
        assert_eq!((page, signed_in.is_ok()), (200, true), "{signed_in:?}");
    }

    /// The status of the page the browser ends on, and what came of it.
    async fn try_to_sign_in(&self) -> (u16, Result<SignedIn, Error>) {
        let http = Http::new().unwrap();
        let sign_in = self.credentials.sign_in(http, Successor::Same).await.unwrap().unwrap();
        let address = sign_in.address().to_string();
        let browser = tokio::task::spawn_blocking(move || browse(&agree(&address)));
        let (_open, lines) = tokio::sync::mpsc::channel(1);
        let signed_in = sign_in.finish(lines, WAIT, &|_| {}).await;
        (browser.await.unwrap().status, signed_in)
    }

    /// As a process that has just started sees them.
    fn tokens(&self) -> Arc<dyn TokenSource> {
        self.credentials.tokens(Http::new().unwrap()).unwrap()
    }

    fn refreshes(&self) -> usize {
        self.server.log().iter().filter(|grant| *grant == REFRESH).count()
    }

    fn kept(&self) -> String {
        std::fs::read_to_string(self.credentials.file.path()).unwrap()
    }
}

#[track_caller]
fn unauthorized(found: Result<Secret, Error>) -> String {
    match found {
        Err(Error::Unauthorized(sentence)) => sentence,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_not_kept_and_what_is_kept_is_not_shown() {
    let place = Place::new();
    for consent in [Consent::Declined, Consent::Without("events.readonly")] {
        place.server.state().consent = consent;
        let (page, signed_in) = place.try_to_sign_in().await;
        assert_eq!(page, 400);
        assert!(matches!(signed_in, Err(Error::Refused(_))), "{signed_in:?}");
        assert!(!place.credentials.file.path().exists());
    }
    place.server.state().consent = Consent::Given;
    let (_, signed_in) = place.try_to_sign_in().await;
    let shown =
        format!("{signed_in:?} {:?} {:?}", place.credentials, place.credentials.file.read());
    assert!(signed_in.is_ok(), "{shown}");
    for secret in place.server.secrets() {
        assert!(!shown.contains(&secret), "{secret} in {shown}");
    }
}

#[tokio::test]
async fn the_wait_has_an_end() {
    let place = Place::new();
    let http = Http::new().unwrap();
    let sign_in = place.credentials.sign_in(http, Successor::Same).await.unwrap().unwrap();
    // Nobody pastes, nobody comes.
    let (_, lines) = tokio::sync::mpsc::channel(1);
    let ended = sign_in.finish(lines, std::time::Duration::ZERO, &|_| {}).await;
    let sentence = ended.unwrap_err().to_string();
    assert!(sentence.starts_with("nobody signed in within"), "{sentence}");
    assert!(sentence.ends_with("run `chronotype auth google work` again"), "{sentence}");
}

#[tokio::test]
async fn a_good_token_is_used_and_an_ended_one_refreshed() {
    let place = Place::signed_in(3599).await;
    let tokens = place.tokens();
    let first = tokens.token().await.unwrap();
    assert_eq!(tokens.token().await.unwrap(), first);
    assert_eq!(place.refreshes(), 0);

    // What ends within five minutes is not begun with.
    let place = Place::signed_in(0).await;
    place.server.state().expires_in = 3599;
    let tokens = place.tokens();
    let fresh = tokens.token().await.unwrap();
    assert!(place.server.accepts(fresh.expose()));
    assert_eq!(place.tokens().token().await.unwrap(), fresh, "the next process has it too");
    assert_eq!(place.refreshes(), 1);
    assert_eq!(place.server.complaints(), [""; 0]);
}

/// So many calls at the same time.
async fn together(tokens: &Arc<dyn TokenSource>, calls: usize) -> Vec<Result<Secret, Error>> {
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..calls {
        let tokens = Arc::clone(tokens);
        all.spawn(async move { tokens.token().await });
    }
    all.join_all().await
}

#[tokio::test]
async fn all_who_wait_share_one_refresh() {
    let place = Place::signed_in(0).await;
    place.server.state().expires_in = 3599;
    let tokens = place.tokens();
    let found = together(&tokens, 20).await;
    let first = found[0].clone().unwrap();
    assert!(found.into_iter().all(|found| found.unwrap() == first));
    assert_eq!(place.refreshes(), 1);
}

#[tokio::test]
async fn all_who_wait_share_one_failure() {
    let place = Place::signed_in(0).await;
    place.server.state().faults.push_back(Fault::Answer(503, "busy"));
    let tokens = place.tokens();
    // One thread: all ask before the first is answered.
    let found = together(&tokens, 20).await;
    assert!(found.iter().all(|found| matches!(found, Err(Error::Transient(_)))), "{found:?}");
    assert_eq!(place.server.state().faults.len(), 0);
    assert_eq!(place.refreshes(), 0, "the server never got to it");
    // Who asks later, asks anew.
    assert!(tokens.token().await.is_ok());
}

#[tokio::test]
async fn a_caller_that_gives_up_loses_nothing() {
    let place = Place::signed_in(0).await;
    place.server.state().expires_in = 3599;
    place.server.state().rotates = true;
    let tokens = place.tokens();
    // Polled once and dropped: the refresh has begun.
    tokio::select! {
        biased;
        _ = tokens.token() => panic!("nothing can be that fast"),
        () = std::future::ready(()) => {}
    }
    assert!(tokens.token().await.is_ok());
    assert_eq!(place.refreshes(), 1);
}

#[tokio::test]
async fn trouble_on_the_way_is_no_sign_out() {
    let place = Place::signed_in(0).await;
    let (tokens, before) = (place.tokens(), place.kept());
    for fault in [
        Fault::Answer(503, "{\"error\":\"invalid_grant\"}"),
        Fault::Answer(500, "<html>"),
        Fault::Answer(429, ""),
        Fault::Answer(200, "{\"access_token\":\"half"),
        Fault::Answer(200, "<html>Log in to the train's network</html>"),
        Fault::Answer(200, "{}"),
        Fault::Answer(302, ""),
        Fault::Answer(403, "<html>proxy"),
        Fault::Drop,
    ] {
        place.server.state().faults.push_back(fault.clone());
        let found = tokens.token().await;
        assert!(matches!(found, Err(Error::Transient(_))), "{fault:?}: {found:?}");
        assert_eq!(place.kept(), before, "{fault:?}");
    }
    assert!(tokens.token().await.is_ok());
}

#[tokio::test]
async fn a_client_that_google_does_not_know_is_said() {
    let place = Place::signed_in(0).await;
    let file = place.server.client_file().replace("canary-client-secret", "mistyped");
    std::fs::write(&place.credentials.client_secret_file, file).unwrap();
    let sentence = unauthorized(place.tokens().token().await);
    assert!(sentence.contains("client_secret_file (invalid_client)"), "{sentence}");
    assert!(place.kept().contains("refresh_token"), "the sign-in itself is kept");

    let file = place.server.client_file().replace("1234-abcd", "5678");
    std::fs::write(&place.credentials.client_secret_file, file).unwrap();
    let sentence = unauthorized(place.tokens().token().await);
    assert!(sentence.starts_with("signed in to Google with another client"), "{sentence}");
}

#[tokio::test]
async fn signed_out_is_said_once_asked_once_and_ends_with_the_next_sign_in() {
    let place = Place::new();
    let tokens = place.tokens();
    let cure = "run `chronotype auth google work`";
    assert_eq!(unauthorized(tokens.token().await), format!("not signed in to Google: {cure}"));

    place.server.state().expires_in = 0;
    place.sign_in().await;
    assert!(tokens.token().await.is_ok());
    place.server.revoke();
    let sentence = unauthorized(tokens.token().await);
    assert!(sentence.starts_with("signed out of Google since "), "{sentence}");
    assert!(sentence.ends_with(&format!(": {cure}")), "{sentence}");
    assert!(!sentence.contains("testing"), "a week has not passed: {sentence}");
    let asked = place.server.log().len();
    assert_eq!(unauthorized(tokens.token().await), sentence);
    assert_eq!(unauthorized(place.tokens().token().await), sentence, "the next process");
    assert_eq!(place.server.log().len(), asked, "nobody is asked in vain");

    place.sign_in().await;
    assert!(tokens.token().await.is_ok(), "the same source goes on at once");
    assert_eq!(place.server.log().iter().filter(|grant| *grant == SIGN_IN).count(), 2);
}

#[tokio::test]
async fn apps_in_testing_are_named_when_google_tells() {
    let place = Place::new();
    place.server.state().expires_in = 0;
    place.server.state().refresh_expires_in = Some(0);
    place.sign_in().await;
    place.server.revoke();
    let sentence = unauthorized(place.tokens().token().await);
    assert!(sentence.contains("(Google signs apps in testing out after 7 days)"), "{sentence}");
}

#[tokio::test]
async fn a_refused_token_is_not_used_again() {
    let place = Place::signed_in(3599).await;
    let tokens = place.tokens();
    let first = tokens.token().await.unwrap();
    tokens.refused(&first).await;
    let second = tokens.token().await.unwrap();
    assert_ne!(first, second);
    // Late word of the first one changes nothing.
    tokens.refused(&first).await;
    assert_eq!(tokens.token().await.unwrap(), second);
    assert_eq!(place.refreshes(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn refresh_tokens_that_rotate_are_not_lost_between_processes() {
    let place = Place::signed_in(0).await;
    place.server.state().rotates = true;
    let sources = [place.tokens(), place.tokens(), place.tokens()];
    for round in 0..10 {
        // Each token ends at once, so each call refreshes, and each ends the last refresh token.
        let [a, b, c] = &sources;
        let (a, b, c) = tokio::join!(together(a, 2), together(b, 2), together(c, 2));
        for found in a.into_iter().chain(b).chain(c) {
            assert!(found.is_ok(), "round {round}: {found:?}");
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_sign_in_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::signed_in(3599).await;
    let path = place.credentials.file.path();
    assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(path.starts_with(place.folder.path().join("store.sign-in")));
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let sentence = unauthorized(place.tokens().token().await);
    assert!(sentence.contains("can be read or changed by others on this computer"), "{sentence}");
    assert!(sentence.contains("`chmod 600 /"), "{sentence}");
    // It may have been read: a new one is the better cure, and closes the file.
    assert!(sentence.ends_with("run `chronotype auth google work`"), "{sentence}");
    place.sign_in().await;
    assert!(place.tokens().token().await.is_ok());
}

#[tokio::test]
async fn service_accounts() {
    let mut place = Place::new();
    let file = place.server.service_account_file();
    std::fs::write(&place.credentials.client_secret_file, file).unwrap();
    place.credentials.subject = Some(SUBJECT.to_owned());
    let tokens = place.tokens();
    for fault in [
        Fault::Answer(503, "{\"error\":\"internal_failure\"}"),
        Fault::Answer(503, "{\"error\":{\"code\":503}}"),
        Fault::Answer(200, "<html>"),
        Fault::Drop,
    ] {
        place.server.state().faults.push_back(fault.clone());
        let found = tokens.token().await;
        assert!(matches!(found, Err(Error::Transient(_))), "{fault:?}: {found:?}");
    }
    let first = tokens.token().await.unwrap();
    assert!(place.server.accepts(first.expose()));
    assert_eq!(tokens.token().await.unwrap(), first);
    assert_eq!(place.server.subjects(), [Some(SUBJECT.to_owned())]);
    tokens.refused(&first).await;
    assert_ne!(tokens.token().await.unwrap(), first);
    assert_eq!(place.server.complaints(), [""; 0]);
    assert!(!place.credentials.file.path().exists(), "nothing is kept of it");

    place.credentials.subject = Some("joe@example.org".to_owned());
    let sentence = unauthorized(place.tokens().token().await);
    assert!(sentence.contains("may the account act for it"), "{sentence}");
    assert!(sentence.contains("(unauthorized_client)"), "{sentence}");
}
