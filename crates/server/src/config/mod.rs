//! Settings: from options, then the environment, then the file, then the defaults. Every mistake
//! is found before the first is reported.

mod sources;
mod values;

use std::net::SocketAddr;

use chorus_collab::accounts::Registration;
use chorus_collab::tokens::TokenSettings;
use chorus_storage::Location;

use crate::cli::ServeOptions;
use sources::Sources;
pub use sources::{Environment, SystemEnvironment};

/// All settings of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; never empty.
    pub listen: Vec<ListenAt>,
    /// Where the database is.
    pub database: Location,
    /// Who may register.
    pub registration: Registration,
    /// The secret that tokens are signed with; none means one that is kept in the database.
    pub secret: Option<String>,
    /// What tokens say, and how long they last.
    pub tokens: TokenSettings,
    /// Origins that may send credentials, beside loopback.
    pub origins: Vec<String>,
    /// Messages per second and session.
    pub messages_per_second: u32,
    /// Messages at once and session.
    pub message_burst: u32,
    /// Whether the dialects of pages that put texts into the page as they come escape `<`.
    pub escape_html: bool,
    /// Which log lines are written, as `tracing` filters say it.
    pub log: String,
    /// How they are written.
    pub log_format: LogFormat,
}

/// One listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenAt {
    /// As it was asked for, for messages.
    pub asked: String,
    /// The addresses: two for `localhost`.
    pub addresses: Vec<SocketAddr>,
    /// The Socket.IO dialect in the namespace `/`.
    pub dialect: String,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {wrong}")]
pub struct Mistake {
    /// The setting, as it was named where it was given.
    pub setting: String,
    /// What is wrong with it.
    pub wrong: String,
}

/// The dialects that a listener can have.
pub const DIALECTS: &[&str] = &["taskmanager"];
/// The dialect of a listener that names none.
pub const DEFAULT_DIALECT: &str = "taskmanager";

impl Settings {
    /// Reads all sources. The mistakes are all there are.
    pub fn read(options: &ServeOptions, env: &dyn Environment) -> Result<Self, Vec<Mistake>> {
        let mut sources = Sources::open(options, env);
        let listen = sources.list(
            &options.listen,
            &["CHORUS_LISTEN"],
            "listen",
            &["127.0.0.1:8000"],
            values::listen_at,
        );
        let loopback = listen.iter().flat_map(|at| &at.addresses).all(|at| at.ip().is_loopback());
        let registration = if loopback { Registration::Open } else { Registration::Closed };
        let escape_html =
            sources.value(None, &["CHORUS_HTML"], "dialect.taskmanager.html", true, values::html);
        let defaults = TokenSettings::default();
        let settings = Self {
            database: sources.value(
                options.database.as_deref(),
                &["DATABASE_URL"],
                "database",
                Location::File("chorus.db".into()),
                values::location,
            ),
            registration: sources.value(
                options.registration.as_deref(),
                &["CHORUS_REGISTRATION"],
                "registration",
                registration,
                values::registration,
            ),
            secret: sources.value(
                None,
                &["JWT_SECRET", "JWT_SECRET_KEY", "SECRET_KEY"],
                "tokens.secret",
                None,
                |text| values::secret(text, options.insecure_dev_secret).map(Some),
            ),
            tokens: TokenSettings {
                issuer: sources.value(
                    None,
                    &["JWT_ISSUER"],
                    "tokens.issuer",
                    defaults.issuer,
                    values::text,
                ),
                audience: sources.value(
                    None,
                    &["JWT_AUDIENCE"],
                    "tokens.audience",
                    defaults.audience,
                    values::text,
                ),
                access_minutes: sources.value(
                    None,
                    &["ACCESS_TOKEN_EXPIRE_MINUTES"],
                    "tokens.access_minutes",
                    defaults.access_minutes,
                    values::count,
                ),
                refresh_minutes: sources.value(
                    None,
                    &["REFRESH_TOKEN_EXPIRE_MINUTES"],
                    "tokens.refresh_minutes",
                    defaults.refresh_minutes,
                    values::count,
                ),
            },
            origins: sources.list(
                &[],
                &["CORS_ALLOWED_ORIGINS", "CORS_ORIGINS"],
                "cors.origins",
                &[],
                values::origin,
            ),
            messages_per_second: sources.value(
                None,
                &["CHORUS_MESSAGES_PER_SECOND"],
                "limits.messages_per_second",
                100,
                values::count,
            ),
            message_burst: sources.value(
                None,
                &["CHORUS_MESSAGE_BURST"],
                "limits.message_burst",
                300,
                values::count,
            ),
            log: sources.value(
                None,
                &["CHORUS_LOG", "RUST_LOG"],
                "log.filter",
                "info".into(),
                values::filter,
            ),
            log_format: sources.value(
                None,
                &["CHORUS_LOG_FORMAT"],
                "log.format",
                LogFormat::Text,
                values::log_format,
            ),
            listen,
            escape_html,
        };
        sources.finish().map(|()| settings)
    }
}

#[cfg(test)]
mod tests;
