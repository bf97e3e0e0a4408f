//! The nouns as a whole; a command's own tests are with the commands.

mod boards;
mod people;
mod sessions;
