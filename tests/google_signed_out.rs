//! Turns of the built binary on a Google account, from the first sign-in over a revoked one to the
//! next: signed out is a state with its cause and cure, and everything else goes on.

use super::support::google_person::GooglePerson;

/// Exit code, and all that was said.
fn run(jane: &GooglePerson, args: &[&str]) -> (i32, String) {
    let gave = jane.person.run("02T05:00", args);
    (gave.code.unwrap(), gave.out + &gave.err)
}

#[test]
fn signed_out_is_a_state_with_its_cure() {
    let folder = "[[account]]\nname = \"files\"\nkind = \"vdir\"\npath = \"cal\"\n";
    let jane = GooglePerson::beside(folder, "");
    std::fs::create_dir_all(jane.person.path("cal/home")).unwrap();
    let cure = "run `chronotype auth google google`";
    let (code, said) = run(&jane, &["-vv", "sync"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains(&format!("not signed in to Google: {cure}")), "{said}");
    assert!(jane.api.log().is_empty());

    jane.sign_in();
    let (code, said) = run(&jane, &["-vv", "sync"]);
    assert!(code == 0 && !said.contains(cure), "{said}");
    let (_, said) = run(&jane, &["status"]);
    assert!(said.contains("Jane") && !said.contains("signed"), "{said}");

    // Access is taken away: the API refuses the token, and there is no other.
    jane.auth.revoke();
    let (code, out) = run(&jane, &["-vv", "sync"]);
    assert_eq!(code, 0, "the folder is read all the same: {out}");
    let (_, said) = run(&jane, &["status"]);
    let since = "google: signed out of Google since ";
    assert!(said.contains(since) && said.contains(cure), "{said}");
    let asked = (jane.auth.log().len(), jane.api.log().len());
    let (_, again) = run(&jane, &["-vv", "sync"]);
    assert_eq!((jane.auth.log().len(), jane.api.log().len()), asked, "nobody is asked in vain");

    jane.sign_in();
    let (code, said) = run(&jane, &["-vv", "sync"]);
    assert!(code == 0 && !said.contains(cure), "{said}");
    let (_, status) = run(&jane, &["status"]);
    assert!(!status.contains("signed"), "{status}");
    for secret in jane.auth.secrets() {
        let found = [&out, &again, &said, &status].into_iter().find(|s| s.contains(&secret));
        assert_eq!(found, None, "{secret}");
    }
}
