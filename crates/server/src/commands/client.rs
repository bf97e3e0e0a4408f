//! `chorus client`: the manual test client.

use chorus_client::options::Options;
use chorus_model::Entropy;

use crate::Failure;
use crate::system::SystemEntropy;

/// The letters of the word by which a tour names its people.
const WORD: usize = 8;

/// Runs the client to its end.
pub fn run(options: &Options) -> Result<(), Failure> {
    let entropy: &dyn Entropy = &SystemEntropy;
    let word = entropy.word(WORD);
    let runtime = super::runtime()?;
    runtime.block_on(chorus_client::run(options, &word)).map_err(Failure::new)
}
