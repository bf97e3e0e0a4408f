//! `chorus serve`.

use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::cli::ServeOptions;
use crate::{Failure, logging, say};

/// Serves until told to stop.
pub fn run(options: &ServeOptions) -> Result<(), Failure> {
    let settings = super::settings(options)?;
    logging::start(&settings.log, settings.log_format);
    super::runtime()?.block_on(async {
        let app = App::start(&settings, None).await?;
        announce(&app);
        until_told_to_stop().await?;
        app.stop().await;
        Ok(())
    })
}

/// One line per listener, which other programs wait for.
pub(super) fn announce(app: &App) {
    for bound in app.bound() {
        say(format_args!("listening on http://{} ({})", bound.address, bound.dialect));
    }
}

/// Waits for SIGTERM or SIGINT.
pub(super) async fn until_told_to_stop() -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::new)?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping");
    Ok(())
}
