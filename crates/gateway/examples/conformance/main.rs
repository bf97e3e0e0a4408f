//! The engine with a few handlers and nothing else, for suites that test protocols from outside.
//!
//! `PORT=3000 cargo run --release --package chorus-gateway --example conformance`. What it serves
//! and which suites it is made for stands in `docs/protocol/conformance.md`. In reading order:
//!
//! * [`settings`] – what the environment says;
//! * [`listen`] – the accept loop;
//! * [`application`] – who may connect, and to which handlers what is said goes;
//! * [`echo`] – the namespaces `/` and `/custom`;
//! * [`fixture`] – what the test suite of `socket.io-client` expects of its server;
//! * [`rooms`] – who is where;
//! * [`system`] – the clock and randomness.

mod application;
mod echo;
mod fixture;
mod listen;
mod rooms;
mod settings;
mod system;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use chorus_gateway::engine::{Engine, Surroundings};
use chorus_realtime::Counters;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use application::Conformance;
use settings::Settings;
use system::{SystemClock, SystemEntropy};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever reads it is gone if this fails.
            writeln!(io::stderr(), "conformance: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run() -> io::Result<()> {
    let settings = Settings::read()?;
    let tracker = TaskTracker::new();
    let clock = Arc::new(SystemClock::new());
    let application =
        Arc::new(Conformance::new(settings.fixture, settings.recovers, Arc::clone(&clock)));
    let surroundings = Surroundings {
        tracker: tracker.clone(),
        clock,
        entropy: Arc::new(SystemEntropy),
        counters: Arc::new(Counters::default()),
    };
    let engine = Engine::new(application, settings.engine(), surroundings);
    tracker.spawn(engine.clone().turn_wheel(CancellationToken::new()));
    listen::serve(engine, &settings, &tracker).await
}
