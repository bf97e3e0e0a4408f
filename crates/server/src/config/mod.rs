//! Settings: from options, then the environment, then the file, then the defaults. Every mistake
//! is found before the first is reported.

mod audiences;
mod files;
mod limits;
mod realms;
mod recovery;
mod sources;
mod values;

use std::net::SocketAddr;

use chorus_collab::accounts::Registration;
use chorus_collab::tokens::TokenSettings;
use chorus_gateway::dialect::envelope::Refusals;
use chorus_storage::Location;
use ipnet::IpNet;

use crate::cli::ServeOptions;
pub use audiences::Tables;
pub use files::FileSettings;
pub use limits::Limits;
pub use realms::Realms;
pub use recovery::Recovery;
use sources::Sources;
pub use sources::{Environment, SystemEnvironment};

/// All settings of a server.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; never empty.
    pub listen: Vec<ListenAt>,
    /// Where the database is.
    pub database: Location,
    /// Where files of assets are kept, and how much of them; none are kept without.
    pub files: Option<FileSettings>,
    /// Who may register.
    pub registration: Registration,
    /// The secret that tokens are signed with; none means one that is kept in the database.
    pub secret: Option<String>,
    /// What tokens say, and how long they last.
    pub tokens: TokenSettings,
    /// Origins that may send credentials, beside loopback.
    pub origins: Vec<String>,
    /// Networks whose word about a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// What clients may do.
    pub limits: Limits,
    /// How lost connections are taken up.
    pub recovery: Recovery,
    /// Other back ends whose tokens count, each in the dialect of its clients.
    pub realms: Realms,
    /// Who hears what.
    pub audiences: Tables,
    /// How clients of `envelope` are refused.
    pub envelope_refusals: Refusals,
    /// Whether session cookies are for HTTPS only.
    pub secure_cookies: bool,
    /// Whether `taskmanager` escapes `<`, because its pages put texts into the page as they come.
    pub escape_html: bool,
    /// The same of `flux`.
    pub flux_escapes_html: bool,
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
    /// The dialect as it was asked for. `envelope` has no Socket.IO: such a listener speaks
    /// `native` there, beside the raw socket that every listener has.
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
pub const DIALECTS: &[&str] =
    &["native", "taskmanager", "flux", "prodsight", "skybuild", "envelope"];
/// The dialect of a listener that names none.
pub const DEFAULT_DIALECT: &str = "native";
/// Proxies that are trusted unless others are named.
const LOOPBACK: [&str; 2] = ["127.0.0.0/8", "::1/128"];

impl Settings {
    /// Reads all sources. The mistakes are all there are.
    pub fn read(options: &ServeOptions, env: &dyn Environment) -> Result<Self, Vec<Mistake>> {
        Self::read_with(options, env, &[])
    }

    /// The same for a server that speaks `more` dialects: they can have listeners and a secret.
    pub fn read_with(
        options: &ServeOptions,
        env: &dyn Environment,
        more: &[&'static str],
    ) -> Result<Self, Vec<Mistake>> {
        let dialects = [DIALECTS, more].concat();
        let listen_at = |text: &str| values::listen_at(text, &dialects);
        let mut from = Sources::open(options, env);
        let default = ["127.0.0.1:8000"];
        let listen = from.some(&options.listen, &keys::LISTEN, &default, listen_at);
        let loopback = listen.iter().flat_map(|at| &at.addresses).all(|at| at.ip().is_loopback());
        let registration = if loopback { Registration::Open } else { Registration::Closed };
        let (wanted, database) = (options.registration.as_deref(), options.database.as_deref());
        let file = Location::File("chorus.db".into());
        let (secret, realms) = Realms::read(&mut from, &dialects, options.insecure_dev_secret);
        let settings = Self {
            listen,
            database: from.value(database, &keys::DATABASE, file, values::location),
            registration: from.value(
                wanted,
                &keys::REGISTRATION,
                registration,
                values::registration,
            ),
            files: FileSettings::read(&mut from, options.files.as_deref()),
            secret,
            tokens: Self::tokens(&mut from),
            origins: from.list(&[], &keys::ORIGINS, &[], values::origin),
            trusted_proxies: from.list(&[], &keys::PROXIES, &LOOPBACK, values::network),
            limits: Limits::read(&mut from),
            recovery: Recovery::read(&mut from, &dialects),
            realms,
            audiences: Tables::read(&mut from),
            envelope_refusals: from.value(None, &keys::REFUSE, Refusals::Http, values::refusals),
            secure_cookies: from.value(None, &keys::SECURE, false, values::flag),
            escape_html: from.value(None, &keys::HTML, true, values::html),
            flux_escapes_html: from.value(None, &keys::FLUX_HTML, true, values::html),
            log: from.value(None, &keys::LOG, "info".into(), values::filter),
            log_format: from.value(None, &keys::LOG_FORMAT, LogFormat::Text, values::log_format),
        };
        from.finish().map(|()| settings)
    }

    fn tokens(from: &mut Sources<'_>) -> TokenSettings {
        let TokenSettings { issuer, audience, access_minutes, refresh_minutes } =
            TokenSettings::default();
        TokenSettings {
            issuer: from.value(None, &keys::ISSUER, issuer, values::text),
            audience: from.value(None, &keys::AUDIENCE, audience, values::text),
            access_minutes: from.value(None, &keys::ACCESS, access_minutes, values::count),
            refresh_minutes: from.value(None, &keys::REFRESH, refresh_minutes, values::count),
        }
    }
}

/// Where each setting is found: its variables, the first that is set counts, and its place in the
/// file.
mod keys {
    use super::sources::Key;

    const fn key(variables: &'static [&'static str], file: &'static str) -> Key {
        Key { variables, file }
    }

    pub(super) const LISTEN: Key = key(&["CHORUS_LISTEN"], "listen");
    pub(super) const DATABASE: Key = key(&["DATABASE_URL"], "database");
    pub(super) const REGISTRATION: Key = key(&["CHORUS_REGISTRATION"], "registration");
    pub(super) const SECRET: Key =
        key(&["JWT_SECRET", "JWT_SECRET_KEY", "SECRET_KEY"], "tokens.secret");
    pub(super) const ISSUER: Key = key(&["JWT_ISSUER"], "tokens.issuer");
    pub(super) const AUDIENCE: Key = key(&["JWT_AUDIENCE"], "tokens.audience");
    pub(super) const ACCESS: Key = key(&["ACCESS_TOKEN_EXPIRE_MINUTES"], "tokens.access_minutes");
    pub(super) const REFRESH: Key =
        key(&["REFRESH_TOKEN_EXPIRE_MINUTES"], "tokens.refresh_minutes");
    pub(super) const ORIGINS: Key = key(&["CORS_ALLOWED_ORIGINS", "CORS_ORIGINS"], "cors.origins");
    pub(super) const PROXIES: Key = key(&["CHORUS_TRUSTED_PROXIES"], "http.trusted_proxies");
    pub(super) const REFUSE: Key = key(&["CHORUS_ENVELOPE_REFUSE"], "dialect.envelope.refuse");
    pub(super) const FILES: Key = key(&["CHORUS_FILES"], "files.directory");
    pub(super) const FILE_MIB: Key = key(&["CHORUS_FILE_MIB"], "files.file_mib");
    pub(super) const PROJECT_MIB: Key = key(&["CHORUS_PROJECT_MIB"], "files.project_mib");
    pub(super) const SECURE: Key = key(&["CHORUS_SECURE_COOKIES"], "http.secure_cookies");
    pub(super) const HTML: Key = key(&["CHORUS_HTML"], "dialect.taskmanager.html");
    pub(super) const FLUX_HTML: Key = key(&["CHORUS_FLUX_HTML"], "dialect.flux.html");
    pub(super) const LOG: Key = key(&["CHORUS_LOG", "RUST_LOG"], "log.filter");
    pub(super) const LOG_FORMAT: Key = key(&["CHORUS_LOG_FORMAT"], "log.format");
}

#[cfg(test)]
mod tests;
