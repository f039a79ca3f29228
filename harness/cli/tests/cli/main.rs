//! The seatrial binary as its users meet it: files and exit codes, whole runs on the stub image, hostile containers,
//! kills, and the real contract on the stand-in image. One binary, so that it links once.

mod comparison;
mod files;
mod hostile;
mod outcomes;
mod project;
mod sampling;
mod scale_out;
mod stand_in;
mod survival;
