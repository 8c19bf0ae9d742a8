//! Google Calendar: signing in.

mod client_secret;
mod grant;
mod scope;
mod token_file;
mod token;
mod redirect;
mod sign_in;
mod service_account;
mod credentials;

pub use credentials::Credentials;
pub use grant::endpoint;
pub use scope::{Scope, Writing, scopes};
pub use sign_in::{Notice, SignIn, WAIT};
pub use token::{TokenSource, Words};
pub use token_file::{SignedIn, TokenFile};
