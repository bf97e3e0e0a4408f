//! How each kind of setting is written. A mistake is told as the rule that it breaks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use chorus_collab::accounts::Registration;
use chorus_gateway::dialect::envelope::Refusals;
use chorus_storage::Location;
use ipnet::IpNet;

use super::{DEFAULT_DIALECT, ListenAt, LogFormat};

/// Secrets that stand in the examples of the applications, so that everybody knows them.
const KNOWN_SECRETS: &[&str] = &[
    "changeme",
    "change_me",
    "jwt-secret-key",
    "dev-secret-key",
    "jwt-secret-string",
    "CHANGE_ME_SUPER_SECRET",
    "development_secret_change_in_production",
];
/// Bytes of a secret below which it can be guessed.
const SHORT_SECRET: usize = 16;

pub(super) fn listen_at(text: &str, dialects: &[&str]) -> Result<ListenAt, String> {
    let (address, dialect) = text.split_once('=').unwrap_or((text, DEFAULT_DIALECT));
    if !dialects.contains(&dialect) {
        return Err(format!("no dialect {dialect}; there is: {}", dialects.join(", ")));
    }
    let port = |text: &str| text.parse::<u16>().map_err(|_| format!("no port {text}"));
    let addresses = match address.strip_prefix("localhost:") {
        Some(text) => {
            let port = port(text)?;
            let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
            both.map(|host| SocketAddr::new(host, port)).to_vec()
        }
        None => {
            let address = address.parse::<SocketAddr>();
            vec![address.map_err(|_| "must be HOST:PORT with an IP address or localhost")?]
        }
    };
    Ok(ListenAt { asked: address.to_owned(), addresses, dialect: dialect.to_owned() })
}

pub(super) fn location(text: &str) -> Result<Location, String> {
    Location::parse(text).map_err(|error| error.to_string())
}

pub(super) fn registration(text: &str) -> Result<Registration, String> {
    match text {
        "open" => Ok(Registration::Open),
        "invite" => Ok(Registration::Invite),
        "closed" => Ok(Registration::Closed),
        _ => Err("must be one of: open, invite, closed".into()),
    }
}

pub(super) fn secret(text: &str, insecure: bool) -> Result<String, String> {
    if insecure {
        Ok(text.to_owned())
    } else if KNOWN_SECRETS.contains(&text) {
        Err("is a secret that everybody knows; --insecure-dev-secret accepts it".into())
    } else if text.len() < SHORT_SECRET {
        Err(format!("must be at least {SHORT_SECRET} bytes; --insecure-dev-secret accepts it"))
    } else {
        Ok(text.to_owned())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "has the form of the others")]
pub(super) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

pub(super) fn count(text: &str) -> Result<u32, String> {
    let wrong = || "must be a whole number from 1 to 4294967295".to_owned();
    text.parse().ok().filter(|count| *count > 0).ok_or_else(wrong)
}

pub(super) fn origin(text: &str) -> Result<String, String> {
    let origin = text.trim_end_matches('/').to_ascii_lowercase();
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains('/') => Ok(origin),
        _ => Err("must be an origin such as https://app.example".into()),
    }
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse().map(|address: IpAddr| address.into());
    text.parse()
        .or_else(|_| address())
        .map_err(|_| "must be an IP address or a network such as 10.0.0.0/8".into())
}

pub(super) fn refusals(text: &str) -> Result<Refusals, String> {
    match text {
        "http" => Ok(Refusals::Http),
        "close" => Ok(Refusals::Close),
        _ => Err("must be one of: http, close".into()),
    }
}

pub(super) fn flag(text: &str) -> Result<bool, String> {
    text.parse().map_err(|_| "must be one of: true, false".into())
}

pub(super) fn html(text: &str) -> Result<bool, String> {
    match text {
        "escape" => Ok(true),
        "raw" => Ok(false),
        _ => Err("must be one of: escape, raw".into()),
    }
}

pub(super) fn filter(text: &str) -> Result<String, String> {
    let valid = tracing_subscriber::EnvFilter::try_new(text).is_ok();
    valid.then(|| text.to_owned()).ok_or_else(|| "is no log filter such as info".into())
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be one of: text, json".into()),
    }
}
