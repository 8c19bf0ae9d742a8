//! Turns of the built binary on a Google account, from the first sign-in over a revoked one to the
//! next: signed out is a state with its cause and cure, and everything else goes on.

use super::support::browser::{agree, browse};
use super::support::google::Fake;
use super::support::google_auth::Server;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

struct Home {
    auth: Server,
    api: Fake,
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        let (auth, api, folder) = (Server::start(), Fake::start(), tempfile::tempdir().unwrap());
        let config = format!(
            "[person]\nid = \"jane\"\ntime_zone = \"Europe/Berlin\"\n\
             [[account]]\nname = \"files\"\nkind = \"vdir\"\npath = \"cal\"\n\
             [[account]]\nname = \"work\"\nkind = \"google\"\n\
             client_secret_file = \"client.json\"\napi_root = \"{}\"\n\
             [store]\npath = \"store\"\n",
            api.root()
        );
        std::fs::create_dir_all(folder.path().join("cal/home")).unwrap();
        std::fs::write(folder.path().join("config.toml"), config).unwrap();
        std::fs::write(folder.path().join("client.json"), auth.client_file()).unwrap();
        api.trust(auth.issuer());
        Self { auth, api, folder }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chronotype"));
        let config = self.folder.path().join("config.toml");
        command.arg("--config").arg(config).args(args).env_clear().env("RUST_LOG", "trace");
        command.env("HOME", self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Exit code, and all that was said.
    fn run(&self, args: &[&str]) -> (i32, String) {
        let Output { status, stdout, stderr } = self.command(args).output().unwrap();
        let said = [stdout, stderr].concat();
        (status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    fn sign_in(&self) {
        let mut command = self.command(&["auth", "google", "--no-browser"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        assert_eq!(browse(&agree(address.trim_end())).status, 200);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn signed_out_is_a_state_with_its_cure() {
    let home = Home::new();
    let cure = "run `chronotype auth google work`";
    let (code, said) = home.run(&["-vv", "sync"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("not signed in to Google: {cure}")), "{said}");
    assert!(home.api.log().is_empty());

    home.sign_in();
    let (code, said) = home.run(&["-vv", "sync"]);
    assert!(code == 0 && !said.contains(cure), "{said}");
    let (_, said) = home.run(&["status"]);
    assert!(said.contains("Jane") && !said.contains("signed"), "{said}");

    // Access is taken away: the API refuses the token, and there is no other.
    home.auth.revoke();
    let (code, out) = home.run(&["-vv", "sync"]);
    assert_eq!(code, 0, "the folder is read all the same: {out}");
    let (_, said) = home.run(&["status"]);
    assert!(said.contains("work: signed out of Google since ") && said.contains(cure), "{said}");
    let asked = (home.auth.log().len(), home.api.log().len());
    let (_, again) = home.run(&["-vv", "sync"]);
    assert_eq!((home.auth.log().len(), home.api.log().len()), asked, "nobody is asked in vain");

    home.sign_in();
    let (code, said) = home.run(&["-vv", "sync"]);
    assert!(code == 0 && !said.contains(cure), "{said}");
    let (_, status) = home.run(&["status"]);
    assert!(!status.contains("signed"), "{status}");
    for secret in home.auth.secrets() {
        let found = [&out, &again, &said, &status].into_iter().find(|s| s.contains(&secret));
        assert_eq!(found, None, "{secret}");
    }
}
