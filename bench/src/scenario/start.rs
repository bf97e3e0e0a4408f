//! How soon a server listens, and with how much memory.

use crate::failure::{Failure, Trying as _};
use crate::figures::{Measure, Readings};
use crate::lineup::Name;
use crate::scenario::{Scenario, Stage, millis};
use crate::server::Server;
use crate::workspace;

const TIME: Measure = Measure { title: "Until it listens", unit: "ms" };
const RESIDENT: Measure = Measure { title: "Memory then", unit: "MiB" };
const CASE: &str = "start";

pub const SCENARIO: Scenario = Scenario {
    name: "start",
    title: "Start",
    about: "From the start of the process until it says that it listens, and its resident memory \
            then. Chorus makes a new database meanwhile.",
    is_short: true,
    needs: None,
    has_floor: true,
    measures: &[TIME, RESIDENT],
    pictures: &[],
    run,
};

fn run(stage: &Stage, name: Name, readings: &mut Readings) -> Result<(), Failure> {
    let directory = tempfile::tempdir().trying("make a directory")?;
    let server = if name == Name::Chorus {
        let command = workspace::command(&stage.programs.chorus, directory.path())?;
        Server::start(command, stage.cores)?
    } else {
        stage.start(name, None)?.0
    };
    readings.add(name, CASE, TIME, millis(server.started_in));
    readings.add(name, CASE, RESIDENT, server.resident()? as f64 / f64::from(1 << 20));
    Ok(())
}
