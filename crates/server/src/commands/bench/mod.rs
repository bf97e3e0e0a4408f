//! `chorus bench`: a server of its own, tried hard on a temporary database.
//!
//! * `kept` – the server, as a process that can be killed;
//! * `audit` – what clients have heard, held against the database.

mod audit;
mod kept;

use std::sync::Arc;

use chorus_client::torture::{self, Options, Outcome};
use chorus_model::Entropy;
use chorus_storage::{Location, Options as StoreOptions, Store};
use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{BenchAction, BenchOptions};
use crate::system::{SystemClock, SystemEntropy};
use crate::{Failure, say};
use kept::Kept;

/// Tries what was asked for, and tells what came of it.
pub fn run(options: &BenchOptions) -> Result<(), Failure> {
    let BenchAction::Torture(options) = &options.action;
    super::runtime()?.block_on(torture(options))
}

async fn torture(options: &Options) -> Result<(), Failure> {
    let seed = options.seed.unwrap_or_else(fresh_seed);
    let directory = TempDir::with_prefix("chorus-bench-").map_err(Failure::new)?;
    let mut server = Kept::start(directory.path()).await?;
    let Options { clients, writers, seconds, kills, .. } = options;
    say(format_args!(
        "seed {seed}: {clients} clients, {writers} writers, {kills} kills in {seconds} s"
    ));
    let url = server.url();
    let outcome = tokio::select! {
        outcome = torture::run(options, seed, &url, &mut server) => outcome.map_err(Failure::new)?,
        told = told_to_stop() => {
            told.map_err(Failure::new)?;
            return Err(Failure::new("stopped before its end"));
        }
    };
    let database = server.database();
    // A last time, so that the audit reads what a crash leaves.
    drop(server);
    tell(&outcome);
    let location = Location::File(database);
    let (clock, entropy) = (Arc::new(SystemClock::new()), Arc::new(SystemEntropy));
    let options =
        StoreOptions { location, readers: 1, serve: false, first_id: None, clock, entropy };
    let (store, _) = Store::open(options).map_err(|error| Failure::because(&error))?;
    let findings = audit::audit(&store, &outcome).await;
    store.close().await;
    let findings = findings.map_err(|error| Failure::because(&error))?;
    let broken = findings.iter().filter(|finding| !finding.holds()).count();
    for finding in &findings {
        say(finding);
    }
    if broken == 0 { Ok(()) } else { Err(Failure::new(format!("{broken} rules are broken"))) }
}

/// Resolves when somebody wants it to end, which must not leave the server behind.
async fn told_to_stop() -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        told = tokio::signal::ctrl_c() => told,
    }
}

/// What happened to the clients meanwhile.
fn tell(Outcome { clients, words, again, behind }: &Outcome) {
    let sum = |count: fn(&torture::Record) -> u64| clients.iter().map(count).sum::<u64>();
    say(format_args!(
        "{words} writes, {again} asked again; clients came {} times, fell behind {behind} times; \
         {} drops, {} naps, {} floods",
        sum(|client| client.came),
        sum(|client| client.drops),
        sum(|client| client.naps),
        sum(|client| client.floods),
    ));
}

fn fresh_seed() -> u64 {
    let mut bytes = [0; 4];
    SystemEntropy.fill(&mut bytes);
    u32::from_le_bytes(bytes).into()
}
