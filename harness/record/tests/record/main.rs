//! The record crate from outside: views of literal records, totals over random ones, snapshots, the documented format.

mod budgets;
mod comparison;
mod differences;
mod format;
mod literal;
mod phase_matrix;
mod scale_out;
mod side_by_side;
mod snapshots;
mod totals;
mod views;
