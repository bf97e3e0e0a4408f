//! What is measured, one file each.

pub mod caller;
pub mod disk;
pub mod durable;
pub mod durable_tally;
pub mod idle;
pub mod loads;
pub mod stalled;
pub mod stalled_tally;
pub mod start;
