//! chronotype learns when you do your best work from the calendars you already keep, and writes
//! suggested blocks back into them.
//!
//! This file is the map: modules in the order data flows. A module names only modules above it;
//! `tests/tidy.rs` holds that table. [`cycle`] tells the whole story in twelve steps: read it
//! first.

// -- core: pure values and decisions
/// TIER 1: what is on the calendar (RFC 5545).
pub mod event;
/// TIER 2: task types: classify, infer, learn.
pub mod task;
/// TIER 3: insights.
pub mod memory;
/// Free-busy, slot, solve, suggestion.
pub mod schedule;

// -- edges: everything that touches the world
/// The collections (RFC 4791): CalDAV, Google, vdir.
pub mod calendar;
/// Status, poll, diff, reconcile, apply (RFC 6578).
pub mod sync;
/// The embedders, the search index, the assistant, the mirror of insights.
pub mod text;
/// sled; one keyspace a principal.
pub mod store;

// -- one turn, and the shell around it
/// One turn: the twelve steps.
pub mod cycle;
/// The config file.
pub mod config;
/// What is seen from outside: numbers for Prometheus.
pub mod dashboard;
/// The background service.
pub mod daemon;
/// The command line.
pub mod cli;
