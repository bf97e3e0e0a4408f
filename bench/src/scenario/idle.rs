//! What a connection costs that only listens: memory, and the CPU time until it has joined.

use std::time::Duration;

use crate::crowd::{Crowd, Door};
use crate::failure::Failure;
use crate::server::Server;

/// Connections before the first reading: what servers load and allocate only once is not theirs.
const BEFORE: usize = 100;
/// Connections more at the first and at the second reading.
pub const MORE: [usize; 2] = [1000, 5000];
/// When nothing comes for so long, all is said.
const QUIET: Duration = Duration::from_millis(200);

/// What was read.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// Resident bytes per connection, for each of [`MORE`].
    pub bytes: [f64; 2],
    /// Server CPU from the TCP connection to the joined room, over all of them.
    pub connect: Duration,
}

/// Connects, and reads.
pub fn run(server: &Server, door: &Door) -> Result<Idle, Failure> {
    let mut crowd = Crowd::new()?;
    settle(&mut crowd, door, BEFORE)?;
    let (memory, cpu) = (server.resident()?, server.cpu()?);
    let mut bytes = [0.0; 2];
    for (more, bytes) in MORE.iter().zip(&mut bytes) {
        settle(&mut crowd, door, BEFORE + more)?;
        *bytes = server.resident()?.saturating_sub(memory) as f64 / *more as f64;
    }
    let connect = server.cpu()?.saturating_sub(cpu).div_f64(MORE[1] as f64);
    Ok(Idle { bytes, connect })
}

/// Connections that [`run`] makes.
pub const CONNECTIONS: usize = BEFORE + MORE[1];

fn settle(crowd: &mut Crowd, door: &Door, size: usize) -> Result<(), Failure> {
    crowd.grow(door, size)?;
    while crowd.pump(QUIET, &mut |_, _| {})? {}
    Ok(())
}
