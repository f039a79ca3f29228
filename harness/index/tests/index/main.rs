//! The index over real HTTP: before a fake upstream that the tests command, and with real pip.

mod fake_upstream;
mod files;
mod pages;
mod pip;
mod tokens;
