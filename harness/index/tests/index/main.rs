//! The index over real HTTP: before a fake upstream that the tests command, with worlds and scripts of its own, and with
//! real pip.

mod behind;
mod changed;
mod events;
mod fake_upstream;
mod faults;
mod files;
mod guest;
mod hostile;
mod hostile_upstream;
mod limits;
mod listeners;
mod lock;
mod pages;
mod pip;
mod tokens;
mod wire;
mod worlds;
