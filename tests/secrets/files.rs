//! Files that hold a secret: refused where others have a right to them, with the way out; the
//! account stands still for that reason, and everything else goes on.

use super::MARKED;
use crate::support::google_person::busy_morning;
use crate::support::person::{Person, private};
use crate::support::server::{Reply, Server, calendar, rows};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn refused(path: &Path) -> String {
    format!(
        "can be read or changed by others on this computer, and is not used: `chmod 600 {}` \
         closes it",
        path.display()
    )
}

/// A server that lets in who knows the password.
fn server() -> Server {
    Server::start(|asked| match asked.header("authorization") {
        Some(bearer) if bearer == format!("Bearer {MARKED}") => match asked.method.as_str() {
            "REPORT" => rows(&[]),
            _ => calendar(asked),
        },
        _ => Reply::new(401, "").with("WWW-Authenticate", "Bearer"),
    })
}

fn served(server: &Server, file: &str) -> String {
    format!(
        "[[account]]\nname = \"served\"\nkind = \"caldav\"\nurl = \"{}\"\nsign_in = \"bearer\"\n\
         password_file = \"{{home}}/{file}\"\n",
        server.url("127.0.0.1")
    )
}

#[test]
fn an_open_password_file_stops_its_account_alone() {
    let server = server();
    let files = "[[account]]\nname = \"files\"\nkind = \"vdir\"\npath = \"{home}/cal\"\n\
                 suggest_into = \"chronotype\"\n";
    let person = Person::with_accounts(&format!("{}{files}", served(&server, "secret")));
    std::fs::create_dir_all(person.path("cal/work")).unwrap();
    let path = person.path("secret");
    private(&path, format!("{MARKED}\n"));
    set_mode(&path, 0o640);
    let gave = person.ok("02T06:00", &["sync"]);
    let said = format!("account served: the password file {}", refused(&path));
    assert!(gave.err.contains(&said), "{}", gave.err);
    assert_eq!(server.log().len(), 0, "nothing was sent");
    let status = person.ok("02T06:01", &["status"]);
    let cure = "close it, then run `chronotype sync`; if somebody may have read it, change what it";
    assert!(status.out.contains(&refused(&path)) && status.out.contains(cure), "{}", status.out);
    let checked = person.ok("02T06:02", &["config", "check"]);
    let said = format!("account.password_file: 'served': the password file {}", refused(&path));
    assert!(checked.err.contains(&said), "{}", checked.err);
    set_mode(&path, 0o400);
    let gave = person.ok("02T06:10", &["sync"]);
    assert!(!gave.err.contains("account"), "{}", gave.err);
    assert!(server.log().len() > 1, "it is asked");
}

#[test]
fn what_systemd_gives_is_closed_by_its_folder() {
    let server = server();
    let person = Person::with_accounts(&served(&server, "given/secret"));
    std::fs::create_dir(person.path("given")).unwrap();
    private(&person.path("given/secret"), format!("{MARKED}\n"));
    set_mode(&person.path("given/secret"), 0o440);
    let given = |folder: &str| {
        let command = person.command("02T06:00", &["sync", "--observe"]);
        command.env("CREDENTIALS_DIRECTORY", person.path(folder)).output()
    };
    assert_eq!(given("").status.code(), Some(1), "another folder does not count");
    let output = given("given");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_open_client_file_of_google_is_refused() {
    let jane = busy_morning();
    let path = jane.person.path("client.json");
    set_mode(&path, 0o644);
    let gave = jane.person.run("02T05:20", &["sync"]);
    let said = format!("client_secret_file {} {}", path.display(), refused(&path));
    assert!(gave.code == Some(1) && gave.err.contains(&said), "{gave:?}");
    set_mode(&path, 0o600);
    jane.person.ok("02T05:25", &["sync"]);
}

/// The keys of services beside the calendars: done without, and said.
#[test]
fn an_open_key_is_done_without() {
    for (table, said) in [
        ("[assistant]\nenabled = true\nmodel = \"m\"\nurl", "the assistant is not asked"),
        ("[embedder]\nkind = \"endpoint\"\nmodel = \"m\"\nurl", "the embeddings endpoint is not"),
        ("[memory]\nmirror_url", "insights are not mirrored"),
    ] {
        let server = Server::start(|_| Reply::new(500, ""));
        let person = Person::with_folder();
        let path = person.path("key");
        private(&path, format!("{MARKED}\n"));
        set_mode(&path, 0o604);
        let key = if table.contains("mirror") { "mirror_key_file" } else { "key_file" };
        let config = std::fs::read_to_string(person.path("config.toml")).unwrap();
        let url = server.url("127.0.0.1");
        let table = format!("{table} = \"{url}\"\n{key} = \"{}\"\n", path.display());
        std::fs::write(person.path("config.toml"), format!("{config}\n{table}")).unwrap();
        let gave = person.ok("02T06:00", &["sync"]);
        let why = format!("its key can't be had: the file {}", refused(&path));
        assert!(gave.err.contains(said) && gave.err.contains(&why), "{}", gave.err);
        assert_eq!(server.log().len(), 0, "nothing was sent");
        let checked = person.ok("02T06:01", &["config", "check"]);
        assert!(checked.err.contains(&refused(&path)), "{}", checked.err);
    }
}
