//! Plans of small worlds: every rule, the words, and what holds for any input.

mod check;
mod people;
mod properties;
mod quiet;
mod risks;
mod rules;
mod stability;
mod words;
