//! The servers' programs: found or built, and started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::{env, fs};

use serde_json::Value;

use crate::crowd::Door;
use crate::failure::{Failure, Trying as _};
use crate::lineup::{Ability, Name};
use crate::machine::{self, Cores};
use crate::server::{self, Server};
use crate::workspace::{self, Workspace};

/// The program of NATS.
const NATS: &str = "nats-server";

/// The programs.
#[derive(Debug)]
pub struct Programs {
    /// The `chorus` binary.
    pub chorus: PathBuf,
    socketioxide: Option<PathBuf>,
}

impl Programs {
    /// Builds what Cargo builds of these. `CHORUS_BIN` names a Chorus that is there already.
    pub fn build(names: &[Name]) -> Result<Self, Failure> {
        let chorus = match env::var_os("CHORUS_BIN") {
            Some(path) => path.into(),
            None => build(&here().join(".."), "chorus-server")?,
        };
        let socketioxide = names
            .contains(&Name::Socketioxide)
            .then(|| build(here(), "peer-socketioxide").inspect_err(|why| eprintln!("{why}")).ok());
        Ok(Self { chorus, socketioxide: socketioxide.flatten() })
    }

    /// Why one cannot be measured here; nothing if it can.
    pub fn missing(&self, name: Name) -> Option<String> {
        let there = |path: &str| fs::exists(here().join(path)).unwrap_or(false);
        let needs = |path: &str| (!there(path)).then(|| format!("bench/{path} is not there"));
        match name {
            Name::Floor | Name::Chorus => None,
            Name::Socketioxide => {
                self.socketioxide.is_none().then(|| "it could not be built".to_owned())
            }
            Name::Node => needs("peers/node/node_modules/socket.io"),
            Name::Bun => needs("peers/bun/node_modules/.bin/bun"),
            Name::Uvicorn | Name::Eventlet => needs("peers/python/.venv/bin/python"),
            Name::Nats => {
                let runs = Command::new(NATS).arg("--version").output().is_ok();
                (!runs).then(|| format!("{NATS} is not on the PATH"))
            }
        }
    }

    /// Starts one, which may be asked to do something that it does not always do. Chorus serves
    /// `workspace`.
    pub fn start(
        &self,
        name: Name,
        workspace: &Workspace,
        cores: Cores,
        asked: Option<Ability>,
    ) -> Result<(Server, Door), Failure> {
        if name == Name::Chorus {
            return workspace.start(cores);
        }
        let mut command = self.command(name)?;
        command.env("JWT_SECRET", workspace::SECRET);
        match asked {
            Some(Ability::Presence) => command.env("PRESENCE", "1"),
            Some(Ability::Recovery) => command.env("RECOVERY", "1"),
            _ => &mut command,
        };
        let server = Server::start(command, cores)?;
        let door = Door { address: server.address, guests: Rc::clone(&workspace.guests) };
        Ok((server, door))
    }

    fn command(&self, name: Name) -> Result<Command, Failure> {
        let peers = here().join("peers");
        let (program, script) = match name {
            Name::Floor | Name::Chorus => (env::current_exe().trying("find this program")?, None),
            Name::Socketioxide => (self.socketioxide.clone().unwrap_or_default(), None),
            Name::Node => ("node".into(), Some("node/server.js")),
            Name::Bun => (peers.join("bun/node_modules/.bin/bun"), Some("bun/server.js")),
            Name::Uvicorn => (python(), Some("python/on_uvicorn.py")),
            Name::Eventlet => (python(), Some("python/on_eventlet.py")),
            Name::Nats => (NATS.into(), None),
        };
        let mut command = server::guarded(&program)?;
        match script {
            Some(script) if script.ends_with(".py") => {
                // eventlet warns of itself at each start.
                command.env("PYTHONWARNINGS", "ignore").arg(peers.join(script))
            }
            Some(script) => command.arg(peers.join(script)),
            None if name == Name::Floor => command.arg("floor"),
            None if name == Name::Nats => command
                .args(["--addr", "127.0.0.1", "--port", "-1", "--log", "/dev/stdout"])
                .args(["--auth", workspace::SECRET]),
            None => &mut command,
        };
        Ok(command)
    }

    /// What exactly one is.
    pub fn version(&self, name: Name) -> String {
        let locked = |package: &str| locked_version(include_str!("../Cargo.lock"), package);
        let npm = |package: &str, manifest: &str| {
            let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
            manifest["dependencies"][package].as_str().unwrap_or("?").to_owned()
        };
        let node = |package| npm(package, include_str!("../peers/node/package.json"));
        let bun = |package| npm(package, include_str!("../peers/bun/package.json"));
        let pip =
            |package| pinned_version(include_str!("../peers/python/requirements.txt"), package);
        let runs = |program: &Path| machine::version(program);
        match name {
            Name::Floor => "this program's own loop".into(),
            Name::Chorus => runs(&self.chorus),
            Name::Socketioxide => format!("socketioxide {}", locked("socketioxide")),
            Name::Node => {
                format!("socket.io {}, Node {}", node("socket.io"), runs(Path::new("node")))
            }
            Name::Bun => {
                let engine = bun("@socket.io/bun-engine");
                format!("socket.io {}, bun-engine {engine}, Bun {}", bun("socket.io"), bun("bun"))
            }
            Name::Uvicorn => format!(
                "python-socketio {}, uvicorn {} with websockets {} and uvloop {}, {}",
                pip("python-socketio"),
                pip("uvicorn"),
                pip("websockets"),
                pip("uvloop"),
                runs(&python())
            ),
            Name::Nats => runs(Path::new(NATS)),
            Name::Eventlet => format!(
                "Flask-SocketIO {}, python-socketio {}, eventlet {}",
                pip("flask-socketio"),
                pip("python-socketio"),
                pip("eventlet")
            ),
        }
    }
}

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn python() -> PathBuf {
    here().join("peers/python/.venv/bin/python")
}

fn locked_version(lock: &str, package: &str) -> String {
    let after = lock.split_once(&format!("name = \"{package}\"\nversion = \""));
    let version = after.and_then(|(_, rest)| rest.split('"').next());
    version.unwrap_or("?").to_owned()
}

fn pinned_version(requirements: &str, package: &str) -> String {
    let version =
        requirements.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    version.unwrap_or("?").to_owned()
}

/// Builds a package with Cargo, in release, and finds its program.
fn build(directory: &Path, package: &str) -> Result<PathBuf, Failure> {
    eprintln!("building {package}");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--locked", "--package", package])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(directory)
        .stderr(Stdio::inherit())
        .output()
        .trying("run cargo")?;
    let said = String::from_utf8_lossy(&built.stdout).into_owned();
    let executable = said.lines().rev().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    });
    executable
        .filter(|_| built.status.success())
        .ok_or_else(|| Failure::Program(format!("{package} was not built")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_where_they_are_pinned() {
        let lock = "[[package]]\nname = \"a-b\"\nversion = \"1.2\"\n\n[[package]]\nname = \"b\"\nversion = \"3\"\n";
        assert_eq!([locked_version(lock, "b"), locked_version(lock, "c")], ["3", "?"]);
        assert_eq!(pinned_version("ab==1\nb==2\n", "b"), "2");
    }
}
