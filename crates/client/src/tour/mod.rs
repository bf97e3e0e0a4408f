//! `chorus client demo`: a walk through what a server should do, with a line per step.

mod board;
mod frames;
mod own;
mod people;
mod report;
mod visit;

use self::report::Report;
use crate::Failure;
use crate::dialect::Tour;
use crate::options::ServerOptions;
use crate::screen::Screen;
use crate::wire::Endpoint;

/// Takes the dialect's tour. `word` is a random word, so that its people are new.
pub(crate) async fn run(options: &ServerOptions, word: &str) -> Result<(), Failure> {
    let endpoint = Endpoint::from_options(options)?;
    let mut report = Report::new(Screen::stdout());
    // A step without which no other makes sense has said itself why it failed.
    match endpoint.dialect.tour() {
        Tour::Board => board::walk(&endpoint, word, &mut report).await,
        Tour::Own => own::walk(&endpoint, word, &mut report).await,
        Tour::Frames => frames::walk(&endpoint, word, &mut report).await,
    };
    report.end()
}
