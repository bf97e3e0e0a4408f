//! The nouns as a whole; a command's own tests are with the commands.

mod boards;
mod chat;
mod items;
mod people;
mod sessions;
