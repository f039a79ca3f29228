//! Real clients of `seatrial index serve`: they install from it, and they get from it what they get elsewhere. One binary,
//! so that it links once. What a fresh machine lacks is installed on first use, from the index that pip is set up for.

mod conformance;
mod expected;
mod installs;
mod pip;
mod process;
mod replay;
mod resolution;
mod room;
mod server;
mod tools;
mod transfers;
mod uv;
