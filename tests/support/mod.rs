//! What tests share: real CalDAV servers on loopback, and a proxy in front that counts and fails.

pub mod peers;
pub mod person;
pub mod proxy;
pub mod quirky;
pub mod tls;
pub mod venv;
