//! Publisher, hub, outboxes, catch-up and presence, as they are, in a world that a seed decides:
//! with a time of its own, a log that is a list, hints and commits that are lost, doubled or late,
//! reads that fail, nodes that are killed, clients that read slowly, are cut off and come back.
//! After every step the rules of [`broken`] must hold.
//!
//! In reading order:
//!
//! * [`schedule`] – what a seed decides; [`dice`] – its numbers;
//! * [`script`] – a schedule as text;
//! * [`mod@run`] – one run, and how it is shortened when a rule was broken;
//! * [`world`] – everything there is, and each thing that can happen;
//! * [`asks`] – what clients do; [`rights`] – what is read before they may;
//! * [`rest`] – what is looked at when nothing happens any more;
//! * [`ledger`] – the truth; [`commands`] – how it changes;
//! * [`session`] – a connection by a plain model; [`client`] – what its client was told;
//! * [`node`] – the real publisher; [`wire`], [`words`], [`clock`] – what it is given.

pub mod asks;
pub mod broken;
pub mod client;
pub mod clock;
pub mod commands;
pub mod dice;
pub mod ledger;
pub mod node;
pub mod rest;
pub mod rights;
pub mod run;
pub mod schedule;
pub mod script;
pub mod session;
pub mod wire;
pub mod words;
pub mod world;

pub use broken::{Broken, Rule};
pub use run::{Failure, Passed, run, shorten};
pub use schedule::Schedule;
