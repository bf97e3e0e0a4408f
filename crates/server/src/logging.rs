//! Where log lines go: standard error, as text or as JSON. Standard output belongs to the lines
//! that other programs wait for.

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Begins to log. Later calls change nothing.
pub(crate) fn start(filter: &str, format: LogFormat) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Text => builder.with_ansi(false).try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    // A second start, as in tests, keeps the first.
    started.ok();
}
