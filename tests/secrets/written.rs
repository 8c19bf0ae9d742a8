//! Secrets in the config: refused, unless the person insists and nobody else can read it; never
//! repeated, whatever else is wrong with the file.

use crate::config::{check, origin};
use chronotype::config::{Config, Origin};

#[test]
fn a_password_in_plain_text_is_refused_and_not_repeated() {
    fn account(value: &str) -> String {
        format!(
            "[[account]]\nname = \"a\"\nkind = \"caldav\"\nurl = \"cal.example.org\"\n\
             password = {value}\n"
        )
    }
    check(
        &account("\"hunter2\""),
        &["line 5: account.password: secrets don't belong into this file (password_keyring, \
           password_command or password_file says where it is; or insist: in_this_file = true in \
           [secrets])"],
    );
    check(&account("22"), &["line 5: account.password: a secret is text, in quotes"]);
    for value in
        ["[\"hunter2\"]", "{ hunter2 = 1 }", "hunter2", "\"hunter2", "'hunter2\"", "hun=ter2"]
    {
        let said = Config::parse(&account(value), &origin()).unwrap_err().to_string();
        assert!(said.contains("line 5: ") && !said.contains("ter2"), "{said}");
    }
    // A line that broke, or that is no TOML at all.
    for line in ["password: hunter2=", "password hunter2=", "hunter2=", "pass\"hunter2\"="] {
        let text = account("\"x\"").replace("password = \"x\"", line);
        let said = Config::parse(&text, &origin()).unwrap_err().to_string();
        assert!(said.contains("line 5: ") && !said.contains("hunter2"), "{said}");
    }
}

#[test]
fn a_password_in_the_config_takes_insistence_and_a_private_file() {
    let text = "[[account]]\nname = \"a\"\nkind = \"caldav\"\nurl = \"cal.example.org\"\n\
                password = \"hunter2\"\n[secrets]\nin_this_file = true\n";
    let file = "/h/jane/.config/chronotype/config.toml";
    check(
        text,
        &[&format!(
            "line 5: account.password: others can read this file, and a secret stands in it \
             (chmod 600 {file})"
        )],
    );
    let private = Origin { is_private: true, ..origin() };
    let config = Config::parse(text, &private).unwrap();
    assert_eq!(config.accounts[0].password().unwrap().expose(), "hunter2");
    let shown = format!("{config:?} {} {:?}", config.to_toml(), config.to_table());
    assert!(shown.contains("\n# password: set, not shown\n") && !shown.contains("hunter2"));
    let unmeant = text.replace("true", "false");
    let said = Config::parse(&unmeant, &private).unwrap_err().to_string();
    assert!(said.contains("don't belong into this file") && !said.contains("hunter2"), "{said}");
    for (value, expected) in [("", "is empty"), ("a\\nb", "control characters")] {
        let text = text.replace("hunter2", value);
        let said = Config::parse(&text, &private).unwrap_err().to_string();
        assert!(said.contains(expected), "{said}");
    }
    let folder =
        text.replace("caldav", "vdir").replace("url = \"cal.example.org\"", "path = \"c\"");
    let said = Config::parse(&folder, &private).unwrap_err().to_string();
    assert!(said.contains("line 5: account.password: means nothing for kind \"vdir\""), "{said}");
    let both = text.replace("[secrets]", "password_keyring = \"b\"\n[secrets]");
    let said = Config::parse(&both, &private).unwrap_err().to_string();
    assert!(said.contains("password and password_keyring can't both be given"), "{said}");
}
