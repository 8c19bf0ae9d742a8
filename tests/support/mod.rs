//! What tests share: real CalDAV servers on loopback, a proxy in front that counts and
//! fails, and Google's sign-in.

pub mod digest;
pub mod dns;
pub mod browser;
pub mod google_assertion;
pub mod google_auth;
pub mod peers;
pub mod person;
pub mod proxy;
pub mod server;
pub mod quirky;
pub mod tls;
pub mod venv;
