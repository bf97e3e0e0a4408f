//! A server process: started on its core, read in `/proc`, ended by its own id.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Signal, getppid, kill_process, pidfd_open, set_parent_process_death_signal,
};

use crate::failure::{Failure, Trying as _};
use crate::machine::{self, Cores};
use crate::rest;

/// Time for a server to say where it listens.
const START: Duration = Duration::from_secs(20);
/// Seconds for a server to end when it is told to; then it is killed.
const END: i64 = 4;
/// How servers say where they listen, and how NATS does.
const LISTENING: [&str; 2] = ["listening on http://", "Listening for client connections on "];

/// A command for a server, which ends with this process, however that ends. Who runs a program for
/// somebody else cannot do that for it; so this very program is started, and becomes the other.
pub fn guarded(program: &Path) -> Result<Command, Failure> {
    let mut command = Command::new(env::current_exe().trying("find this program")?);
    command.arg("guard").arg(std::process::id().to_string()).arg(program);
    Ok(command)
}

/// Becomes a program that is killed when the process `parent` ends.
pub fn guard(parent: &str, program: &str, arguments: &[&str]) -> Result<(), Failure> {
    set_parent_process_death_signal(Some(Signal::KILL)).trying("ask for a signal")?;
    let alive = getppid().is_some_and(|pid| pid.as_raw_nonzero().to_string() == parent);
    if !alive {
        return Err(Failure::Program("who started a server has ended".into()));
    }
    let error = Command::new(program).args(arguments).exec();
    Err(error).trying(format!("start {program}"))
}

/// A running server. Ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From its start until it said so.
    pub started_in: Duration,
}

impl Server {
    /// Starts a program that prints `listening on http://ADDRESS` when it is ready.
    pub fn start(mut command: Command, cores: Cores) -> Result<Self, Failure> {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let program = command.get_program().to_string_lossy().into_owned();
        let began = Instant::now();
        let mut child = cores.on_server(|| command.spawn())?.trying(format!("start {program}"))?;
        match listening(&mut child) {
            Ok(address) => Ok(Self { child, address, started_in: began.elapsed() }),
            Err(failure) => {
                child.kill().and_then(|()| child.wait()).trying(format!("end {program}"))?;
                Err(failure)
            }
        }
    }

    /// CPU time so far, user and system.
    pub fn cpu(&self) -> Result<Duration, Failure> {
        machine::cpu_of(&self.child.id().to_string())
    }

    /// One of its own figures.
    pub fn figure(&self, name: &str) -> Result<u64, Failure> {
        let mut told = String::new();
        rest::connect(self.address)
            .and_then(|mut stream| {
                let host = self.address;
                write!(
                    stream,
                    "GET /metrics HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
                )?;
                stream.read_to_string(&mut told)
            })
            .trying("ask for figures")?;
        let mut lines = told.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.ok_or_else(|| Failure::Server(format!("does not tell {name}")))
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> Result<u64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = fs::read_to_string(&path).trying(&path)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| Failure::Server(format!("has no VmRSS in {path}")))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Whatever fails here, it is killed in the end; and nobody is left to tell.
        self.end().ok();
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Server {
    /// Tells it to end, and waits until it has, or until [`END`] is over.
    fn end(&self) -> rustix::io::Result<()> {
        let pid = Pid::from_child(&self.child);
        let ended = pidfd_open(pid, PidfdFlags::empty())?;
        kill_process(pid, Signal::TERM)?;
        let patience = Timespec { tv_sec: END, tv_nsec: 0 };
        poll(&mut [PollFd::new(&ended, PollFlags::IN)], Some(&patience))?;
        Ok(())
    }
}

/// Waits for the line. Whatever else is printed is read and dropped, so that no server waits for
/// a full pipe.
fn listening(child: &mut Child) -> Result<SocketAddr, Failure> {
    let missing = || Failure::Program("a server has no output".into());
    let output = BufReader::new(child.stdout.take().ok_or_else(missing)?);
    let (sender, addresses) = mpsc::sync_channel(1);
    thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let rest = LISTENING.iter().find_map(|words| Some(line.split_once(words)?.1));
            let address = rest.and_then(|rest| rest.split(' ').next());
            if let Some(address) = address.and_then(|address| address.parse().ok()) {
                // Only the first is waited for.
                sender.try_send(address).ok();
            }
        }
    });
    addresses.recv_timeout(START).map_err(|error| {
        Failure::Program(match error {
            RecvTimeoutError::Timeout => format!("a server did not listen within {START:?}"),
            RecvTimeoutError::Disconnected => "a server ended before it listened".into(),
        })
    })
}
