//! How soon Chorus serves, and with how much memory.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::failure::{Failure, Trying as _};
use crate::machine::Cores;
use crate::rest::Rest;
use crate::server::Server;
use crate::workspace;

/// What was read.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// From the start of the process until it says where it listens, its database made anew.
    pub time: Duration,
    /// Resident bytes after a first request.
    pub resident: u64,
}

/// Starts a server on an empty directory.
pub fn run(chorus: &Path, cores: Cores) -> Result<Start, Failure> {
    let directory = tempfile::tempdir().trying("make a directory")?;
    let server = Server::start(workspace::command(chorus, directory.path()), cores)?;
    let rest = Rest { address: server.address, token: String::new() };
    rest.ask("GET", "/health", &Value::Null)?;
    Ok(Start { time: server.started_in, resident: server.resident()? })
}
