//! A server process: started on its core, read in `/proc`, ended by its own id.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::failure::{Failure, Trying as _};
use crate::machine::Cores;

/// Time for a server to say where it listens.
const START: Duration = Duration::from_secs(20);
/// Seconds for a server to end when it is told to; then it is killed.
const END: i64 = 10;
/// How servers say where they listen.
const LISTENING: &str = "listening on http://";

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
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = fs::read_to_string(&path).trying(&path)?;
        // Fields 14 and 15 of proc(5); the second is a name in brackets that may hold anything.
        let after_name = stat.rsplit_once(") ").map_or("", |(_, after)| after);
        let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>();
        let ticks = ticks.map_err(|_| Failure::Server(format!("has no times in {path}")))?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
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
            let address = line.strip_prefix(LISTENING).and_then(|rest| rest.split(' ').next());
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
