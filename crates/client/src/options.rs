//! What can be asked of the client on the command line.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};

use crate::dialect;

/// Options of `client`.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What the client can do.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Say things by hand and see what comes; reads commands from standard input
    Interactive(InteractiveOptions),
    /// Walk through what a server should do, with a line per step; fails if a step does
    Demo(ServerOptions),
    /// Print what is heard in a room, as it comes, until Ctrl-C
    Watch(WatchOptions),
}

/// Options of `client interactive`.
#[derive(Debug, Clone, Args)]
pub struct InteractiveOptions {
    /// Where and how to connect
    #[command(flatten)]
    pub server: ServerOptions,
    /// As whom
    #[command(flatten)]
    pub account: AccountOptions,
}

/// Options of `client watch`.
#[derive(Debug, Clone, Args)]
pub struct WatchOptions {
    /// Which room: project:7 or 7, task:12, channel:lobby
    pub room: String,
    /// Print one JSON object per line
    #[arg(long)]
    pub json: bool,
    /// Where and how to connect
    #[command(flatten)]
    pub server: ServerOptions,
    /// As whom
    #[command(flatten)]
    pub account: AccountOptions,
}

/// Where the server is, and how to speak to it.
#[derive(Debug, Clone, Args)]
pub struct ServerOptions {
    /// Where the server is
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8000")]
    pub url: String,
    /// Which words to speak
    #[arg(long, default_value = "native", value_parser = PossibleValuesParser::new(dialect::names()))]
    pub dialect: String,
    /// Speak over a raw WebSocket, where the dialect has one
    #[arg(long)]
    pub raw: bool,
    /// The transport of Socket.IO
    #[arg(long, value_enum, default_value_t = Transport::Websocket)]
    pub transport: Transport,
    /// The Socket.IO namespace, if not the dialect's own: / is where an application's own clients
    /// connect
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// A transport of Engine.IO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Transport {
    /// One WebSocket
    Websocket,
    /// HTTP long-polling, without an upgrade
    Polling,
}

/// Who connects.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct AccountOptions {
    /// An access token
    #[arg(long, required_unless_present = "user", conflicts_with_all = ["user", "password"])]
    pub token: Option<String>,
    /// A username or e-mail address to log in by
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The password; asked for at the terminal unless given
    #[arg(long, requires = "user")]
    pub password: Option<String>,
}
