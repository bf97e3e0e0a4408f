//! The commands and their options. Options that are also settings have no default here: it is
//! [`config`](crate::config) that knows what counts when nothing is said.

#![expect(clippy::doc_markdown, reason = "these texts are read at a terminal")]

use std::path::PathBuf;

use chorus_model::WorkspaceRole;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{Args, Parser, Subcommand};

/// The version, with the commit that it was built from.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CHORUS_COMMIT"), ")");

/// The command line of `chorus`.
#[derive(Debug, Parser)]
#[command(name = "chorus", version = VERSION)]
#[command(about = "Keeps every screen of a project app in step")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What `chorus` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve a workspace
    Serve(ServeOptions),
    /// Serve a demo workspace on a temporary database
    Demo(DemoOptions),
    /// Mint an access token for a user
    Token(TokenOptions),
    /// Add, list and change users
    User(UserOptions),
    /// Copy the database of a server that may be running
    Backup(BackupOptions),
    /// Talk to a running server by hand, to see what it says
    Client(chorus_client::options::Options),
    /// Report every mistake in the configuration
    CheckConfig(ServeOptions),
    /// Try a server hard, on a temporary database
    Bench(BenchOptions),
}

/// Settings that may also stand in the environment or in a file.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeOptions {
    /// Where to listen, and in which dialect: ADDR[=DIALECT], repeatable [env: CHORUS_LISTEN,
    /// comma separated] [default: 127.0.0.1:8000]
    #[arg(long, value_name = "ADDR[=DIALECT]")]
    pub listen: Vec<String>,
    /// The database: sqlite:PATH or sqlite::memory: [env: DATABASE_URL] [default:
    /// sqlite:chorus.db]
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// The directory where files of assets are kept [env: CHORUS_FILES] [default: none are kept]
    #[arg(long, value_name = "DIR")]
    pub files: Option<String>,
    /// Who may register: open, invite or closed [env: CHORUS_REGISTRATION] [default: open on
    /// loopback, closed elsewhere]
    #[arg(long, value_name = "WHO")]
    pub registration: Option<String>,
    /// A TOML file with settings [env: CHORUS_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Accept a token secret that everybody knows
    #[arg(long)]
    pub insecure_dev_secret: bool,
}

/// Options of `demo`.
#[derive(Debug, Clone, Args)]
pub struct DemoOptions {
    /// Where to listen; the next free port is taken if this one is in use [default:
    /// 127.0.0.1:8000, with --all 127.0.0.1:8001]
    #[arg(long, value_name = "ADDR[=DIALECT]")]
    pub listen: Option<String>,
    /// Add a listener for every dialect, on the port that its application's clients insist on
    #[arg(long)]
    pub all: bool,
}

/// Options of `token`.
#[derive(Debug, Clone, Args)]
pub struct TokenOptions {
    /// For whom: a username or e-mail address
    pub user: String,
    /// How long it lasts
    #[arg(long, value_name = "MINUTES")]
    pub minutes: Option<u32>,
    /// For another back end, which tells custom events in this user's name
    #[arg(long)]
    pub service: bool,
    /// Where the database and the secret are
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// Options of `backup`.
#[derive(Debug, Clone, Args)]
pub struct BackupOptions {
    /// The file to make; it must not exist yet
    #[arg(value_name = "FILE")]
    pub to: PathBuf,
    /// Where the database is
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// Options of `bench`.
#[derive(Debug, Clone, Args)]
pub struct BenchOptions {
    /// What to try.
    #[command(subcommand)]
    pub action: BenchAction,
}

/// What can be tried.
#[derive(Debug, Clone, Subcommand)]
pub enum BenchAction {
    /// Clients that are dropped, flooded and slow, a server that is killed, and writers; then
    /// hold what each client has heard against the database. Fails if anything was lost, told
    /// twice, out of order, to the wrong client or other than it was written
    Torture(chorus_client::torture::Options),
}

/// Options of `user`.
#[derive(Debug, Clone, Args)]
pub struct UserOptions {
    /// What to do.
    #[command(subcommand)]
    pub action: UserAction,
    /// Where the database is
    #[command(flatten)]
    pub serve: ServeOptions,
}

/// What can be done about users.
#[derive(Debug, Clone, Subcommand)]
pub enum UserAction {
    /// Add a user; the password is read from standard input unless given
    Add {
        /// The name to log in by
        username: String,
        /// An e-mail address
        #[arg(long)]
        email: Option<String>,
        /// The name to show
        #[arg(long)]
        full_name: Option<String>,
        /// The password
        #[arg(long)]
        password: Option<String>,
        /// Make it an admin of the workspace
        #[arg(long)]
        admin: bool,
    },
    /// List all users
    List,
    /// Give a user a role in the workspace
    SetRole {
        /// Whom
        username: String,
        /// Which
        #[arg(value_parser = roles())]
        role: WorkspaceRole,
    },
    /// Close a user's account: nobody can log in to it, and its connections end
    Close {
        /// Whose
        username: String,
    },
    /// Open a closed account again
    Reopen {
        /// Whose
        username: String,
    },
    /// End all tokens of a user, and the connections that were let in with them
    LogOut {
        /// Whose
        username: String,
    },
    /// Give a user a password; it is read from standard input unless given
    SetPassword {
        /// Whom
        username: String,
        /// The password
        #[arg(long)]
        password: Option<String>,
    },
}

/// Every role in the workspace, by its word.
fn roles() -> impl clap::builder::TypedValueParser<Value = WorkspaceRole> {
    PossibleValuesParser::new(WorkspaceRole::WORDS)
        .try_map(|word| WorkspaceRole::parse(&word).map_err(|rule| rule.to_string()))
}
