//! The nouns as a whole; a command's own tests are with the commands.

mod boards;
mod items;
mod people;
mod sessions;
