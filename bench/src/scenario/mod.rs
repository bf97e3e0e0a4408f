//! What is measured, one file each.

pub mod disk;
pub mod durable;
pub mod durable_tally;
pub mod idle;
pub mod loads;
pub mod start;
