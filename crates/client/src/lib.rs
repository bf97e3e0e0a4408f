//! The manual test client: shows developers what a server says, in any dialect.
//!
//! In reading order:
//!
//! * [`options`] – what can be asked of it on the command line;
//! * `target` – where the server is; `rest` – its HTTP door;
//! * `dialect` – the words of each dialect, one file each;
//! * `wire` – the transports and the connection that speaks through them;
//! * `account` – whose token a connection shows;
//! * `screen` – how what comes is shown;
//! * `interactive`, `tour`, `watch` – what the client does;
//! * [`torture`] – many clients that come back and back, and what each of them has heard.

mod account;
mod dialect;
mod failure;
mod interactive;
pub mod options;
mod pause;
mod rest;
mod screen;
mod target;
pub mod torture;
mod tour;
mod watch;
mod wire;

pub use failure::Failure;

use options::{Action, Options};
use target::Target;

/// Runs what was asked for to its end. `word` is a random word, by which a tour names its people.
pub async fn run(options: &Options, word: &str) -> Result<(), Failure> {
    match &options.action {
        Action::Interactive(options) => interactive::run(options).await,
        Action::Demo(options) => tour::run(options, word).await,
        Action::Watch(options) => watch::run(options).await,
    }
}
