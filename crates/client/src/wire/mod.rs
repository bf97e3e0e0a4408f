//! Connections: what is said goes in as [`Say`], what is heard comes out as [`Heard`], whatever the
//! transport.

mod engineio;
mod polling;
mod raw;
mod socketio;
pub(crate) mod websocket;

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use crate::dialect::{self, AnsweredBy, Dialect, Raw, Say, TokenIn};
use crate::options::{ServerOptions, Transport};
use crate::{Failure, Target};

/// How long anything that should come may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A server, and the way to speak to it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) target: Target,
    pub(crate) dialect: &'static dyn Dialect,
    way: Way,
}

#[derive(Debug, Clone)]
enum Way {
    SocketIo { namespace: String, token: TokenIn, transport: Transport },
    Raw(Raw),
}

impl Endpoint {
    /// Reads the options; what contradicts the dialect is refused.
    pub(crate) fn from_options(options: &ServerOptions) -> Result<Self, Failure> {
        let target = Target::parse(&options.url)?;
        let dialect = dialect::named(&options.dialect)?;
        let way = way(options, dialect).map_err(Failure::Usage)?;
        Ok(Self { target, dialect, way })
    }

    /// A connection that shows this token, once the server has let it in.
    pub(crate) async fn connect(&self, token: &str) -> Result<Connection, Failure> {
        let opening = async {
            Ok(match &self.way {
                Way::Raw(raw) => {
                    Link::Raw(Box::new(raw::Link::open(&self.target, *raw, token).await?))
                }
                Way::SocketIo { namespace, token: place, transport } => {
                    let shown = (*place, token);
                    let link =
                        socketio::Link::open(&self.target, *transport, namespace, shown).await?;
                    Link::SocketIo(Box::new(link))
                }
            })
        };
        let link = timeout(PATIENCE, opening).await.map_err(|_| Failure::Late {
            expected: "to be let in or refused".into(),
            waited: PATIENCE,
        })??;
        Ok(Connection { link, last_id: 0 })
    }
}

fn way(options: &ServerOptions, dialect: &dyn Dialect) -> Result<Way, String> {
    let name = dialect.name();
    match (dialect.socketio(), dialect.raw()) {
        (Some(place), _) if !options.raw => {
            let namespace = options.namespace.as_deref().unwrap_or(place.namespace);
            if !namespace.starts_with('/') || namespace.contains(',') {
                return Err(format!(
                    "--namespace {namespace}: must begin with / and have no comma"
                ));
            }
            let namespace = namespace.to_owned();
            Ok(Way::SocketIo { namespace, token: place.token, transport: options.transport })
        }
        (_, Some(_)) if options.transport == Transport::Polling => {
            Err("--transport polling: a raw WebSocket has no other transport".into())
        }
        (_, Some(_)) if options.namespace.is_some() => {
            Err("--namespace: a raw WebSocket has no namespaces".into())
        }
        (_, Some(raw)) => Ok(Way::Raw(raw)),
        (_, None) => Err(format!("--raw: {name} is spoken over Socket.IO alone")),
    }
}

/// Something that came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// The server told something.
    Event { name: String, told: Value },
    /// The answer to what was said under this id.
    Answer { id: u64, told: Value },
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event { name, told } => write!(f, "{name} {told}"),
            Self::Answer { told, .. } => write!(f, "the answer {told}"),
        }
    }
}

/// A connection that was let in.
pub(crate) struct Connection {
    link: Link,
    last_id: u64,
}

enum Link {
    SocketIo(Box<socketio::Link>),
    Raw(Box<raw::Link>),
}

impl Connection {
    /// Says something; the id under which an acknowledgement will come, if one was asked for.
    pub(crate) async fn say(&mut self, say: &Say) -> Result<Option<u64>, Failure> {
        let id = (say.answered_by == AnsweredBy::Acknowledgement).then(|| {
            self.last_id += 1;
            self.last_id
        });
        match &mut self.link {
            Link::SocketIo(link) => link.say(say, id).await?,
            Link::Raw(link) => link.say(say, id).await?,
        }
        Ok(id)
    }

    /// What comes next. Nothing is lost if the caller stops waiting.
    pub(crate) async fn next(&mut self) -> Result<Heard, Failure> {
        match &mut self.link {
            Link::SocketIo(link) => link.next().await,
            Link::Raw(link) => link.next().await,
        }
    }

    /// What comes next, within [`PATIENCE`].
    pub(crate) async fn next_soon(&mut self, expected: &str) -> Result<Heard, Failure> {
        let late = |_| Failure::Late { expected: expected.into(), waited: PATIENCE };
        timeout(PATIENCE, self.next()).await.map_err(late)?
    }

    /// Says something and waits for what answers it. All that comes meanwhile, the answer included,
    /// goes to `hear`.
    pub(crate) async fn ask(
        &mut self,
        dialect: &dyn Dialect,
        say: &Say,
        mut hear: impl FnMut(Heard),
    ) -> Result<(), Failure> {
        let id = self.say(say).await?;
        if say.answered_by.is_nothing() {
            return Ok(());
        }
        let mut awaited = match say.answered_by {
            AnsweredBy::Acknowledgement => &[][..],
            AnsweredBy::Events(events) => events,
        };
        let mut denied = None;
        loop {
            let heard = self.next_soon(&format!("the answer to {}", say.name)).await?;
            let done = match &heard {
                Heard::Answer { id: answered, told } if Some(*answered) == id => {
                    denied = dialect.refusal(told).or(denied);
                    true
                }
                Heard::Event { name, told } if name == dialect::ERROR => {
                    denied = Some(told.to_string());
                    id.is_none()
                }
                Heard::Event { name, .. } if awaited.first() == Some(&name.as_str()) => {
                    awaited = &awaited[1..];
                    awaited.is_empty()
                }
                _ => false,
            };
            hear(heard);
            if done {
                return denied.map_or(Ok(()), |text| Err(Failure::Denied(text)));
            }
        }
    }

    /// Says goodbye, and returns what came before the server said it too. Over long-polling the
    /// server says nothing more.
    pub(crate) async fn close(self) -> Vec<Heard> {
        let closing = async {
            match self.link {
                Link::SocketIo(link) => link.close().await,
                Link::Raw(link) => link.close().await,
            }
        };
        timeout(PATIENCE, closing).await.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        server: ServerOptions,
    }

    fn endpoint(line: &str) -> Result<Endpoint, String> {
        let line = format!("it {line}");
        let parsed = Line::try_parse_from(line.split_whitespace()).map_err(|e| e.to_string())?;
        Endpoint::from_options(&parsed.server).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_dialect_is_spoken_where_it_can_be() {
        let namespace = |line: &str| match endpoint(line).unwrap().way {
            Way::SocketIo { namespace, .. } => Some(namespace),
            Way::Raw(_) => None,
        };
        assert_eq!(namespace(""), Some("/native".into()));
        assert_eq!(namespace("--raw"), None);
        assert_eq!(namespace("--dialect envelope"), None);
        assert_eq!(namespace("--dialect taskmanager --namespace /"), Some("/".into()));
    }

    #[test]
    fn contradictions_are_named() {
        for (line, rule) in [
            ("--dialect taskmanager --raw", "Socket.IO alone"),
            ("--dialect envelope --transport polling", "no other transport"),
            ("--raw --namespace /x", "no namespaces"),
            ("--namespace x", "must begin with /"),
            (
                "--dialect esperanto",
                "possible values: taskmanager, flux, prodsight, skybuild, envelope, native",
            ),
            ("--url https://127.0.0.1", "no TLS"),
        ] {
            let error = endpoint(line).err().unwrap();
            assert!(error.contains(rule), "{line}: {error}");
        }
    }
}
