//! A Chorus server with people, projects and tasks, made over REST like everybody makes them. Made
//! once: every measured server starts anew on what was stored.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::crowd::Door;
use crate::failure::{Failure, Trying as _};
use crate::guests::{COMERS, Guests, HALL, PER_TICKET, ROOMS, Ticket};
use crate::machine::Cores;
use crate::rest::Rest;
use crate::scenario::rooms;
use crate::server::{self, Server};
use crate::tally::NUMBERS;

/// Limits that are for strangers: all load comes from one address.
const UNLIMITED: [&str; 10] = [
    "CHORUS_MESSAGES_PER_SECOND",
    "CHORUS_MESSAGE_BURST",
    "CHORUS_KIB_PER_SECOND",
    "CHORUS_KIB_BURST",
    "CHORUS_HANDSHAKES_PER_SECOND",
    "CHORUS_HANDSHAKE_BURST",
    "CHORUS_USER_REQUESTS_PER_SECOND",
    "CHORUS_USER_REQUEST_BURST",
    "CHORUS_STRANGERS_PER_ADDRESS",
    "CHORUS_STRANGERS",
];
/// What signs the tokens: the peers check them too.
pub const SECRET: &str = "a secret for measurements alone";
const DATABASE: &str = "bench.db";
const PASSWORD: &str = "correct horse battery";
/// Makes a typing event about as long as a change of a task.
const FULL_NAME: &str = "Somebody who types, and types, and types, and never comes to an end";

/// A stored workspace.
#[derive(Debug)]
pub struct Workspace {
    program: PathBuf,
    directory: TempDir,
    /// Who may come in, at every server.
    pub guests: Rc<Guests>,
}

impl Workspace {
    /// Makes one: a hall, rooms, and who comes and goes.
    pub fn make(program: &Path, cores: Cores) -> Result<Self, Failure> {
        let directory = tempfile::tempdir().trying("make a directory")?;
        let server = Server::start(command(program, directory.path())?, cores)?;
        let mut nobody = Rest { address: server.address, token: String::new() };
        let mut accounts = (0..HALL + COMERS + ROOMS)
            .map(|user| register(&nobody, user))
            .collect::<Result<Vec<_>, _>>()?;
        let rooms = accounts.split_off(HALL + COMERS);
        nobody.token.clone_from(&accounts[0].token);
        let hall = project(&nobody, &accounts[1..])?;
        let first_task = tasks(&nobody, hall, NUMBERS)?;
        let in_hall = |account: &Account| account.ticket("hall".into(), hall, first_task);
        let guests = Guests {
            hall: accounts[..HALL].iter().map(in_hall).collect(),
            comers: accounts[HALL..].iter().map(in_hall).collect(),
            rooms: rooms
                .iter()
                .enumerate()
                .map(|(room, account)| room_of(&nobody, room, account))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { program: program.to_owned(), directory, guests: Rc::new(guests) })
    }

    /// Starts a server on it.
    pub fn start(&self, cores: Cores) -> Result<(Server, Door), Failure> {
        let server = Server::start(command(&self.program, self.directory.path())?, cores)?;
        let door = Door { address: server.address, guests: Rc::clone(&self.guests) };
        Ok((server, door))
    }

    /// Where it is stored.
    pub fn database(&self) -> PathBuf {
        self.directory.path().join(DATABASE)
    }

    /// Who made the tasks of the hall.
    pub fn owner(&self, server: &Server) -> Rest {
        Rest { address: server.address, token: self.guests.hall[0].token.clone() }
    }
}

/// How a Chorus server is started on the database in a directory. It gets no environment but this.
pub fn command(program: &Path, directory: &Path) -> Result<Command, Failure> {
    let mut command = server::guarded(program)?;
    command
        .args(["serve", "--listen", "127.0.0.1:0=taskmanager"])
        .args(["--database", &format!("sqlite:{}", directory.join(DATABASE).display())])
        .current_dir(directory)
        .env_clear()
        .env("JWT_SECRET", SECRET)
        .env("ACCESS_TOKEN_EXPIRE_MINUTES", "600")
        .env("CHORUS_CONNECTIONS_PER_USER", PER_TICKET.to_string())
        .env("WS_MAX_CONNECTIONS_PER_USER", PER_TICKET.to_string())
        .envs(UNLIMITED.map(|limit| (limit, "1000000")))
        .env("CHORUS_LOG", "warn");
    Ok(command)
}

struct Account {
    id: i64,
    token: String,
}

impl Account {
    fn ticket(&self, room: String, project: i64, first_task: u64) -> Ticket {
        Ticket { token: self.token.clone(), room, project, first_task }
    }
}

fn register(rest: &Rest, user: usize) -> Result<Account, Failure> {
    let name = format!("bench-{user}");
    let account = json!({ "username": name, "password": PASSWORD, "full_name": FULL_NAME });
    rest.ask("POST", "/auth/register", &account)?;
    let login = json!({ "username": name, "password": PASSWORD });
    let login = rest.ask("POST", "/auth/login", &login)?;
    let token = login["access_token"].as_str().unwrap_or_default().to_owned();
    Ok(Account { id: id_of(&login["user"])?, token })
}

fn project(rest: &Rest, members: &[Account]) -> Result<i64, Failure> {
    let project = id_of(&rest.ask("POST", "/projects", &json!({ "name": "Bench" }))?)?;
    for member in members {
        let path = format!("/projects/{project}/members");
        rest.ask("POST", &path, &json!({ "user_id": member.id }))?;
    }
    Ok(project)
}

fn room_of(rest: &Rest, room: usize, account: &Account) -> Result<Ticket, Failure> {
    let rest = Rest { address: rest.address, token: account.token.clone() };
    let project = project(&rest, &[])?;
    let first_task = tasks(&rest, project, rooms::TASKS)?;
    Ok(account.ticket(format!("room-{room}"), project, first_task))
}

/// Makes a task for every number that events carry; the id of the first.
fn tasks(rest: &Rest, project: i64, count: u64) -> Result<u64, Failure> {
    let new = json!({ "project_id": project, "title": "Measure" });
    let made = rest.ask_often("POST", "/tasks", &new, count)?;
    let ids = made.iter().map(id_of).collect::<Result<Vec<i64>, _>>()?;
    if !ids.windows(2).all(|pair| pair[1] == pair[0] + 1) {
        return Err(Failure::Server("does not number tasks without gaps".into()));
    }
    Ok(ids.first().copied().unwrap_or_default() as u64)
}

fn id_of(noun: &Value) -> Result<i64, Failure> {
    noun["id"].as_i64().ok_or_else(|| Failure::Server(format!("answered without an id: {noun}")))
}
