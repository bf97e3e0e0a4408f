//! `chorus serve`.

use std::sync::Arc;

use chorus_gateway::dialect::Dialect;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::cli::ServeOptions;
use crate::{Failure, logging, say};

/// Serves until told to stop.
pub fn run(options: &ServeOptions, more: &[Arc<dyn Dialect>]) -> Result<(), Failure> {
    let settings = super::settings(options, more)?;
    logging::start(&settings.log, settings.log_format);
    super::runtime()?.block_on(async {
        let app = App::start_with(&settings, None, more).await?;
        announce(&app);
        let outcome = until_told_to_stop(&app).await;
        app.stop().await;
        outcome
    })
}

/// One line per listener, which other programs wait for.
pub(super) fn announce(app: &App) {
    for bound in app.bound() {
        say(format_args!("listening on http://{} ({})", bound.address, bound.dialect));
    }
}

/// Waits for SIGTERM or SIGINT. Fails if the server cannot go on.
pub(super) async fn until_told_to_stop(app: &App) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::new)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        () = app.crippled() => {
            tracing::error!("a task has failed that the server cannot do without; stopping");
            return Err(Failure::new("a task has failed; its panic is in the log"));
        }
    }
    tracing::info!("stopping");
    Ok(())
}
