//! What a person can do about a trouble: one place for `status`, `sync` and `doctor`.
//!
//! An error that is at hand tells by its kind; of a trouble that is kept only its sentence is
//! left, and what that speaks of has to do.

use crate::calendar::Error;

/// The cure that ends a sentence about signing in.
pub(super) const SIGN_IN: &str = "run `chronotype auth google";

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cure {
    /// Others have a right to a file that holds a secret.
    CloseFile,
    /// The keyring is locked, or lacks what is asked for.
    OpenKeyring,
    /// The password does not come to us.
    MendPasswordSource,
    /// A certificate of the config does not do.
    MendCertificate,
    /// Google signed the person out, or nobody signed in.
    SignIn,
    /// The file that names the client to Google does not do.
    MendClientFile,
    /// The server wants another way to sign in.
    ChangeSignIn,
    /// A token is refused.
    RenewToken,
    /// It comes, and is refused.
    CheckPassword,
    /// The server's own certificate does for nobody, in ca_file or elsewhere.
    RemakeCertificate,
    /// The certificate is not trusted.
    TrustCertificate,
    /// The config asks for what is not given.
    ChangeAccount,
    /// The system does not let us.
    GrantPermission,
    /// Nothing is there.
    CheckAddress,
    /// The disk or the quota is full.
    MakeRoom,
    /// It may pass by itself.
    Wait,
}

impl Cure {
    /// For an error at hand.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::NotFound(_) => Self::CheckAddress,
            Error::Later { .. } | Error::Stale | Error::Changed => Self::Wait,
            Error::Unauthorized(said) => match Self::guess(said) {
                Self::Wait | Self::CheckAddress => Self::CheckPassword,
                cure => cure,
            },
            Error::Transient(said) => match Self::guess(said) {
                cure @ (Self::MakeRoom | Self::CheckAddress) => cure,
                _ => Self::Wait,
            },
            Error::Refused(said) => Self::guess(said),
        }
    }

    /// By what a sentence speaks of.
    pub fn guess(sentence: &str) -> Self {
        let sentence = sentence.to_lowercase();
        let speaks_of = |words: &[&str]| words.iter().any(|word| sentence.contains(word));
        if speaks_of(&[SIGN_IN]) {
            Self::SignIn
        } else if speaks_of(&["can be read or changed by others"]) {
            Self::CloseFile
        } else if speaks_of(&["the keyring"]) {
            Self::OpenKeyring
        } else if speaks_of(&["client_secret_file"]) {
            Self::MendClientFile
        } else if speaks_of(&["sign_in", "sign-in"]) {
            Self::ChangeSignIn
        } else if speaks_of(&["password command", "password file", "password_command"]) {
            Self::MendPasswordSource
        } else if speaks_of(&["client certificate", "client key", "client_certificate", "ca_file"])
        {
            Self::MendCertificate
        } else if speaks_of(&["not https", "use https", "reads at once"]) {
            Self::ChangeAccount
        } else if speaks_of(&["refused the token"]) {
            Self::RenewToken
        } else if speaks_of(&["password", "credential", "unauthorized", "401", "403"]) {
            Self::CheckPassword
        } else if speaks_of(&["calls itself an authority"]) {
            Self::RemakeCertificate
        } else if speaks_of(&["certificate"]) {
            Self::TrustCertificate
        } else if speaks_of(&["trusted_hosts", "not served", "another name in the config"]) {
            Self::ChangeAccount
        } else if speaks_of(&["permission"]) {
            Self::GrantPermission
        } else if speaks_of(&["make some room"]) {
            Self::MakeRoom
        } else if speaks_of(&["not found", "no such", "404", "gone", "there is no", "no caldav"]) {
            Self::CheckAddress
        } else {
            Self::Wait
        }
    }

    /// In words.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::SignIn => {
                "sign in with `chronotype auth google`; the next sync goes on where it was"
            }
            Self::MendClientFile => {
                "check client_secret_file in the config with `chronotype config check`"
            }
            Self::CloseFile => {
                "close it, then run `chronotype sync`; if somebody may have read it, change what \
                 it holds"
            }
            Self::OpenKeyring => {
                "unlock the keyring, or put the password there with `chronotype auth keyring`; \
                 then run `chronotype sync`"
            }
            Self::MendPasswordSource => {
                "mend password_command or password_file in the config, then run `chronotype sync`"
            }
            Self::MendCertificate => {
                "mend client_certificate, client_key or ca_file in the config, then run \
                 `chronotype sync`"
            }
            Self::ChangeSignIn => "change sign_in in the config, then run `chronotype sync`",
            Self::RenewToken => {
                "get a new token where password_command or password_file finds it, then run \
                 `chronotype sync`"
            }
            Self::CheckPassword => {
                "check username and password in the config, then run `chronotype sync`"
            }
            Self::RemakeCertificate => {
                "if it is yours, give the server one made with `openssl req -x509 -newkey rsa:2048 \
                 -nodes -days 800 -subj /CN=NAME -addext subjectAltName=DNS:NAME -addext \
                 basicConstraints=critical,CA:FALSE -keyout KEY -out FILE`, and name that FILE in \
                 ca_file; else don't use it"
            }
            Self::TrustCertificate => {
                "if it is yours, name its CA in ca_file, or let this computer trust it; else don't \
                 use it"
            }
            Self::ChangeAccount => "change the account in the config, then run `chronotype sync`",
            Self::GrantPermission => "let chronotype read it, then run `chronotype sync`",
            Self::CheckAddress => {
                "check url, path and calendars in the config; the next sync tries again"
            }
            Self::MakeRoom => "make some room, then run `chronotype sync`",
            Self::Wait => "the next sync tries again",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_an_error_counts_before_its_words() {
        let said = |words: &str| words.to_owned();
        for (error, cure) in [
            (Error::Unauthorized(said("not today")), Cure::CheckPassword),
            (Error::Unauthorized(said("the password file is empty")), Cure::MendPasswordSource),
            (
                Error::Unauthorized(said(
                    "the password file can be read or changed by others on this computer, and is \
                     not used: `chmod 600 p` closes it",
                )),
                Cure::CloseFile,
            ),
            (Error::Unauthorized(said("the keyring has no entry work")), Cure::OpenKeyring),
            (
                Error::Transient(said("there is no server called x, or no network")),
                Cure::CheckAddress,
            ),
            (Error::Transient(said("x did not answer in time")), Cure::Wait),
            (Error::Transient(said("no space is left: make some room")), Cure::MakeRoom),
            (Error::NotFound(said("no permission to say what")), Cure::CheckAddress),
            (Error::Refused(said("no permission for /cal")), Cure::GrantPermission),
            (Error::Refused(said("the certificate of x is not trusted")), Cure::TrustCertificate),
            (
                Error::Refused(said("x points to http://y, which is not https: nothing is sent")),
                Cure::ChangeAccount,
            ),
            (
                Error::Refused(said(
                    "refusing to send the password over plain http to x; use https",
                )),
                Cure::ChangeAccount,
            ),
            (Error::Stale, Cure::Wait),
            (
                Error::Unauthorized(said(
                    "Google no longer accepts the sign-in of the account my work: run \
                     `chronotype auth google -- 'my work'`",
                )),
                Cure::SignIn,
            ),
            (
                Error::Unauthorized(said(
                    "the sign-in of the account work does not allow chronotype to add a block: \
                     run `chronotype auth google work`, and leave all boxes ticked",
                )),
                Cure::SignIn,
            ),
        ] {
            assert_eq!(Cure::of(&error), cure, "{error:?}");
        }
        assert_eq!(Cure::guess("x answered 404"), Cure::CheckAddress);
    }
}
