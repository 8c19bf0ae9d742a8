//! What tests share: real CalDAV servers on loopback, and a proxy in front that counts and fails.

pub mod digest;
pub mod dns;
pub mod peers;
pub mod person;
pub mod proxy;
pub mod server;
pub mod quirky;
pub mod tls;
pub mod venv;
