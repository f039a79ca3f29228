//! Views of a run record, one module per view. Each takes the record alone, so an old record gives the same bytes again.

mod junit;
mod terminal;

pub use junit::junit;
pub use terminal::{Style, compared, comparison, terminal};
