//! The record crate from outside: views of one literal record, totals over random ones, snapshots, the documented format.

mod format;
mod literal;
mod snapshots;
mod totals;
mod views;
