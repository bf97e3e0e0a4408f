//! The machine: what it is, and which core does what.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Resource, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::failure::{Failure, Trying as _};

/// Which core the servers run on, and which the clients.
#[derive(Debug, Clone, Copy)]
pub struct Cores {
    server: usize,
    client: usize,
}

impl Cores {
    /// Takes the first two cores that this process may use, and puts this thread on the clients'.
    pub fn take() -> Result<Self, Failure> {
        let all = sched_getaffinity(None).trying("cores")?;
        let mut usable = (0..CpuSet::MAX_CPU).filter(|core| all.is_set(*core));
        let (Some(server), Some(client)) = (usable.next(), usable.next()) else {
            return Err(Failure::Usage("two cores are needed: one serves, one listens".into()));
        };
        let cores = Self { server, client };
        pin(cores.client)?;
        Ok(cores)
    }

    /// Does something on the servers' core: a process that is spawned meanwhile stays there, and
    /// counts no other core when it asks how many there are.
    pub fn on_server<T>(self, work: impl FnOnce() -> T) -> Result<T, Failure> {
        pin(self.server)?;
        let outcome = work();
        pin(self.client)?;
        Ok(outcome)
    }
}

fn pin(core: usize) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set).trying(format!("run on core {core}"))
}

/// Allows this process, and the servers it starts, as many open files as it may have.
pub fn open_many_files() -> Result<(), Failure> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).trying("raise the limit of open files")
}

/// CPU time of a process so far, user and system: by its number, or `self`.
pub fn cpu_of(process: &str) -> Result<Duration, Failure> {
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path).trying(&path)?;
    // Fields 14 and 15 of proc(5); the second is a name in brackets that may hold anything.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, after)| after);
    let ticks = after_name.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks = ticks.sum::<Result<u64, _>>();
    let ticks = ticks.map_err(|_| Failure::Server(format!("has no times in {path}")))?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_secs_f64(ticks as f64 / per_second as f64))
}

/// The machine in a line.
pub fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let name = name.map_or("unnamed CPU", |(_, name)| name);
    format!("{cores} cores of {name}, Linux {}", kernel.trim())
}

/// The load average of the last minute: what else was running.
pub fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// The file system that a path is on.
pub fn file_system(path: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mount = |line: &str| -> Option<(String, String)> {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?.to_owned(), words.next()?.to_owned()))
    };
    let over = mounts.lines().filter_map(mount).filter(|(at, _)| path.starts_with(at));
    over.max_by_key(|(at, _)| at.len()).map_or_else(|| "unknown".into(), |(_, kind)| kind)
}

/// What a program prints as its version; its first line.
pub fn version(program: &Path) -> String {
    let said = Command::new(program).arg("--version").output().map(|output| output.stdout);
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    said.lines().next().unwrap_or("unknown").to_owned()
}
