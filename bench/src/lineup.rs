//! The servers that are measured, built and started.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use serde_json::Value;

use crate::crowd::Door;
use crate::failure::{Failure, Trying as _};
use crate::machine::{self, Cores};
use crate::server::Server;
use crate::workspace::Workspace;

/// A path for clients that need no token.
const PATH: &str = "/socket.io/?EIO=4&transport=websocket";

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Name {
    /// The plain lower bound.
    Floor,
    /// The server of this project.
    Chorus,
    /// A Socket.IO library in Rust.
    Socketioxide,
    /// The Socket.IO library, on Node.
    Node,
}

impl Name {
    /// As the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Chorus => "Chorus",
            Self::Socketioxide => "socketioxide",
            Self::Node => "socket.io on Node",
        }
    }
}

/// The programs.
#[derive(Debug)]
pub struct Programs {
    /// The `chorus` binary.
    pub chorus: PathBuf,
    socketioxide: PathBuf,
    /// The script, where there is Node to run it.
    node: Option<PathBuf>,
}

impl Programs {
    /// Builds what is missing. `CHORUS_BIN` names a Chorus that is there already.
    pub fn build() -> Result<Self, Failure> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let chorus = chorus()?;
        let socketioxide = build(here, "peer-socketioxide")?;
        let node = install(&here.join("peers/node"))?;
        Ok(Self { chorus, socketioxide, node })
    }

    /// Who can be measured here.
    pub fn names(&self) -> Vec<Name> {
        let node = self.node.as_ref().map(|_| Name::Node);
        [Name::Floor, Name::Chorus, Name::Socketioxide].into_iter().chain(node).collect()
    }

    /// Starts one. Chorus serves `workspace`.
    pub fn start(
        &self,
        name: Name,
        workspace: &Workspace,
        cores: Cores,
    ) -> Result<(Server, Door), Failure> {
        let command = match (name, &self.node) {
            (Name::Chorus, _) => return workspace.start(cores),
            (Name::Node, None) => return Err(Failure::Usage("there is no Node here".into())),
            (Name::Node, Some(script)) => {
                let mut command = Command::new("node");
                command.arg(script);
                command
            }
            (Name::Socketioxide, _) => Command::new(&self.socketioxide),
            (Name::Floor, _) => {
                let mut command = Command::new(env::current_exe().trying("find this program")?);
                command.arg("floor");
                command
            }
        };
        let server = Server::start(command, cores)?;
        let door = Door { address: server.address, paths: vec![PATH.into()], first_task: 1 };
        Ok((server, door))
    }

    /// What exactly is measured.
    pub fn versions(&self) -> String {
        let locked = include_str!("../Cargo.lock");
        let after = locked.split_once("name = \"socketioxide\"\nversion = \"");
        let socketioxide = after.and_then(|(_, rest)| rest.split('"').next()).unwrap_or("?");
        let mut versions =
            format!("{}, socketioxide {socketioxide}", machine::version(&self.chorus));
        if self.node.is_some() {
            let package: Value = serde_json::from_str(include_str!("../peers/node/package.json"))
                .unwrap_or_default();
            let library = package["dependencies"]["socket.io"].as_str().unwrap_or("?").to_owned();
            let node = machine::version(Path::new("node"));
            versions.push_str(&format!(", socket.io {library} on Node {node}"));
        }
        versions
    }
}

/// The `chorus` binary: the one that `CHORUS_BIN` names, or else built.
pub fn chorus() -> Result<PathBuf, Failure> {
    match env::var_os("CHORUS_BIN") {
        Some(path) => Ok(path.into()),
        None => build(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), "chorus-server"),
    }
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

/// Installs the Node peer; none where there is no Node.
fn install(directory: &Path) -> Result<Option<PathBuf>, Failure> {
    if Command::new("npm").arg("--version").output().is_err() {
        eprintln!("no Node here: measuring without socket.io");
        return Ok(None);
    }
    if !fs::exists(directory.join("node_modules/socket.io")).trying("look for node_modules")? {
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--silent"])
            .current_dir(directory)
            .status()
            .trying("run npm")?;
        if !installed.success() {
            return Err(Failure::Program("the Node peer was not installed".into()));
        }
    }
    Ok(Some(directory.join("server.js")))
}
