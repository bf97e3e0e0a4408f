//! A Chorus server with people, a project and tasks, made over REST like everybody makes them.
//! Made once: every measured server starts anew on what was stored.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::crowd::Door;
use crate::failure::{Failure, Trying as _};
use crate::machine::Cores;
use crate::rest::Rest;
use crate::server::Server;
use crate::tally::NUMBERS;

/// Limits that are for strangers: all load comes from one address.
const UNLIMITED: [&str; 8] = [
    "CHORUS_MESSAGES_PER_SECOND",
    "CHORUS_MESSAGE_BURST",
    "CHORUS_KIB_PER_SECOND",
    "CHORUS_KIB_BURST",
    "CHORUS_HANDSHAKES_PER_SECOND",
    "CHORUS_HANDSHAKE_BURST",
    "CHORUS_USER_REQUESTS_PER_SECOND",
    "CHORUS_USER_REQUEST_BURST",
];

/// Connections that Chorus allows one user.
const PER_USER: usize = 64;
const PASSWORD: &str = "correct horse battery";
/// Makes a typing event about as long as a change of a task.
const FULL_NAME: &str = "Somebody who types, and types, and types, and never comes to an end";

/// A stored workspace.
#[derive(Debug)]
pub struct Workspace {
    program: PathBuf,
    directory: TempDir,
    tokens: Vec<String>,
    first_task: u64,
}

impl Workspace {
    /// Makes one, with users enough for so many connections at once.
    pub fn make(program: &Path, cores: Cores, connections: usize) -> Result<Self, Failure> {
        let directory = tempfile::tempdir().trying("make a directory")?;
        let program = program.to_owned();
        let mut this = Self { program, directory, tokens: Vec::new(), first_task: 0 };
        let server = Server::start(command(&this.program, this.directory.path()), cores)?;
        let mut rest = Rest { address: server.address, token: String::new() };
        let mut ids = Vec::new();
        for user in 0..connections.div_ceil(PER_USER) {
            let (id, token) = register(&rest, user)?;
            ids.push(id);
            this.tokens.push(token);
        }
        rest.token.clone_from(&this.tokens[0]);
        let project = rest.ask("POST", "/projects", &json!({ "name": "Bench" }))?;
        let project = id_of(&project)?;
        for id in &ids[1..] {
            let path = format!("/projects/{project}/members");
            rest.ask("POST", &path, &json!({ "user_id": id }))?;
        }
        this.first_task = tasks(&rest, project)?;
        Ok(this)
    }

    /// Starts a server on it.
    pub fn start(&self, cores: Cores) -> Result<(Server, Door), Failure> {
        let server = Server::start(command(&self.program, self.directory.path()), cores)?;
        let path = |token| format!("/socket.io/?EIO=4&transport=websocket&token={token}");
        let door = Door {
            address: server.address,
            paths: self.tokens.iter().map(path).collect(),
            first_task: self.first_task,
        };
        Ok((server, door))
    }

    /// Who made all tasks.
    pub fn owner(&self, server: &Server) -> Rest {
        Rest { address: server.address, token: self.tokens[0].clone() }
    }
}

/// How a Chorus server is started on the database in a directory. It gets no environment but this.
pub fn command(program: &Path, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .args(["serve", "--listen", "127.0.0.1:0=taskmanager"])
        .args(["--database", &format!("sqlite:{}", directory.join("bench.db").display())])
        .current_dir(directory)
        .env_clear()
        .env("JWT_SECRET", "a secret for measurements alone")
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", "600")
        .envs(UNLIMITED.map(|limit| (limit, "1000000")))
        .env("CHORUS_LOG", "warn");
    command
}

fn register(rest: &Rest, user: usize) -> Result<(i64, String), Failure> {
    let name = format!("bench-{user}");
    let account = json!({ "username": name, "password": PASSWORD, "full_name": FULL_NAME });
    rest.ask("POST", "/auth/register", &account)?;
    let login = json!({ "username": name, "password": PASSWORD });
    let login = rest.ask("POST", "/auth/login", &login)?;
    let token = login["access_token"].as_str().unwrap_or_default().to_owned();
    Ok((id_of(&login["user"])?, token))
}

/// Makes a task for every number that events carry; the id of the first.
fn tasks(rest: &Rest, project: i64) -> Result<u64, Failure> {
    let new = json!({ "project_id": project, "title": "Measure" });
    let first = id_of(&rest.ask("POST", "/tasks", &new)?)?;
    for number in 1..NUMBERS as i64 {
        if id_of(&rest.ask("POST", "/tasks", &new)?)? != first + number {
            return Err(Failure::Server("does not number tasks without gaps".into()));
        }
    }
    Ok(first as u64)
}

fn id_of(noun: &Value) -> Result<i64, Failure> {
    noun["id"].as_i64().ok_or_else(|| Failure::Server(format!("answered without an id: {noun}")))
}
