//! Google Calendar: signing in.

mod token;

pub use token::TokenSource;
