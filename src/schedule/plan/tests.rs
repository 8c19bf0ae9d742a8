//! The rules of the plan, one by one, and what no plan may ever do.

mod people;
mod properties;
mod rules;
mod words;
