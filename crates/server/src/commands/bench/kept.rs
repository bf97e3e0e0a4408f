//! A server as a process of its own, which can be killed and started again.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chorus_client::torture::Keeper;

use crate::Failure;

/// What the clients need that a server of one person's would not allow: raw connections of a user,
/// and tokens that outlive it all.
const SETTINGS: &[(&str, &str)] = &[
    ("CHORUS_LOG", "error"),
    ("WS_MAX_CONNECTIONS_PER_USER", "64"),
    ("ACCESS_TOKEN_EXPIRE_MINUTES", "1440"),
];

/// A server that is ended with this value.
pub(super) struct Kept {
    child: Child,
    directory: PathBuf,
    address: String,
}

impl Kept {
    /// Starts this program's server on a database in `directory`; returns when it listens.
    pub(super) async fn start(directory: &Path) -> Result<Self, Failure> {
        let (child, address) = serve(directory, "127.0.0.1:0").await.map_err(Failure::new)?;
        Ok(Self { child, directory: directory.to_owned(), address })
    }

    /// Where it listens.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where its database is.
    pub(super) fn database(&self) -> PathBuf {
        database(&self.directory)
    }

    fn end(&mut self) -> std::io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }
}

impl Keeper for Kept {
    async fn kill(&mut self) -> Result<(), String> {
        self.end().map_err(|error| format!("the server cannot be killed: {error}"))?;
        (self.child, _) = serve(&self.directory, &self.address).await?;
        Ok(())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.end().ok();
    }
}

fn database(directory: &Path) -> PathBuf {
    directory.join("chorus.db")
}

/// Starts a server, and waits until it says where it listens.
async fn serve(directory: &Path, address: &str) -> Result<(Child, String), String> {
    let cannot = |error: std::io::Error| format!("the server cannot be started: {error}");
    let program = std::env::current_exe().map_err(cannot)?;
    let mut child = Command::new(program)
        .args(["serve", "--listen", address, "--database"])
        .arg(format!("sqlite:{}", database(directory).display()))
        .current_dir(directory)
        .env_clear()
        .envs(SETTINGS.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(cannot)?;
    let said = child.stdout.take();
    let listening = tokio::task::spawn_blocking(move || {
        let mut lines = said.into_iter().flat_map(|said| BufReader::new(said).lines());
        // It says no more than this, so that nobody needs to read on.
        lines.find_map(|line| listens_at(&line.ok()?))
    });
    match listening.await {
        Ok(Some(address)) => Ok((child, address)),
        _ => {
            child.kill().ok();
            child.wait().ok();
            Err("the server ended before it listened".into())
        }
    }
}

/// The address in the line by which a server says where it listens.
fn listens_at(line: &str) -> Option<String> {
    let rest = line.strip_prefix("listening on http://")?;
    Some(rest.split_once(' ')?.0.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_understood() {
        let line = "listening on http://127.0.0.1:8000 (taskmanager)";
        assert_eq!(listens_at(line).as_deref(), Some("127.0.0.1:8000"));
        assert_eq!(listens_at("stopping"), None);
    }
}
