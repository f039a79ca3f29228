//! Comparisons from outside: how often they are right over many made-up ones, and how one is shown.

mod culprits;
mod document;
mod rule;
mod suite;
mod trials;
mod views;
