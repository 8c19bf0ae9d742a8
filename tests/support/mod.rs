//! What tests share: real CalDAV servers on loopback, a proxy in front that counts and fails, a
//! calendar in memory that lies, and stand-ins for Google Calendar and its sign-in.

pub mod binary;
pub mod google;
pub mod digest;
pub mod dns;
pub mod fake;
pub mod fake_faults;
pub mod fake_server;
pub mod browser;
pub mod google_assertion;
pub mod google_auth;
pub mod google_form;
pub mod google_person;
pub mod chat_endpoint;
pub mod mem0;
pub mod embeddings_endpoint;
pub mod fast_clock;
pub mod neighbours;
pub mod peers;
pub mod person;
pub mod proxy;
pub mod server;
pub mod supervisor;
pub mod quirky;
pub mod tls;
pub mod trace;
pub mod venv;
