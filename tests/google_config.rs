//! `[[account]]` tables of kind "google": what they need, and where secrets may go.

use chronotype::config::{AccountKind, Config, ConfigError, Origin};
use std::path::PathBuf;

fn read(account: &str) -> Result<Config, Vec<String>> {
    let origin = Origin { file: PathBuf::from("/c/config.toml"), ..Origin::default() };
    match Config::parse(&format!("[[account]]\nname = \"a\"\n{account}"), &origin) {
        Ok(config) => Ok(config),
        Err(ConfigError::Bad { problems, .. }) => {
            Err(problems.iter().map(ToString::to_string).collect())
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    #[track_caller]
    fn check(account: &str, expected: &[&str]) {
        assert_eq!(read(account).unwrap_err(), expected);
    }
    check(
        "kind = \"google\"\n",
        &["line 1: account.client_secret_file: kind \"google\" needs a client_secret_file \
           (the file that Google's console gives out; README.md says how to get one)"],
    );
    let where_to = "(https, or http to this computer, such as \"http://127.0.0.1:8080/\")";
    let plain = "secrets would travel in plain http: use https";
    check(
        "kind = \"google\"\nclient_secret_file = \"c.json\"\n\
         api_root = \"http://calendar.example.org/\"\nauth_uri = \"example.org\"\n\
         token_uri = \"http://127.0.0.1:8080/token\"\npassword_file = \"x\"\n",
        &[
            &format!("line 5: account.api_root: {plain} {where_to}"),
            &format!("line 6: account.auth_uri: this is no URL {where_to}"),
            "line 8: account.password_file: means nothing for kind \"google\" (take it out)",
        ],
    );
    check(
        "kind = \"caldav\"\nurl = \"https://x.org\"\nsubject = \"b\"\n",
        &["line 5: account.subject: means nothing for kind \"caldav\" (take it out)"],
    );
}

#[test]
fn what_is_right_is_read() {
    let account = "kind = \"google\"\nclient_secret_file = \"client.json\"\n\
                   token_uri = \" http://[::1]:8080/token \"\nsubject = \"jane@example.org\"\n";
    let config = read(account).unwrap();
    assert_eq!(config.notes.iter().filter(|n| n.key.starts_with("account")).count(), 0);
    let AccountKind::Google { client_secret_file, api_root, token_uri, subject, .. } =
        &config.accounts[0].kind
    else {
        panic!("{config:?}")
    };
    assert_eq!(client_secret_file.as_deref(), Some(std::path::Path::new("/c/client.json")));
    assert_eq!((api_root, token_uri.as_deref()), (&None, Some("http://[::1]:8080/token")));
    assert_eq!(subject.as_deref(), Some("jane@example.org"));
}
