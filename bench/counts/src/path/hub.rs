//! Through the hub: an event to those who hear it, a connection in and out.

use std::hint::black_box;
use std::io::{self, IoSlice};
use std::sync::Arc;

use chorus_model::{ConnectionId, Room, SyncId, UserId};
use chorus_realtime::hub::Hub;
use chorus_realtime::{
    Connection, Counters, Ended, Enters, Exit, FrameKey, Link, Outbox, OutboxLimits, Whose,
};

use super::material::{PROJECT, event, instant, lexicon, person, there};
use crate::failure::Failure;

/// Connections in the room.
pub const CROWD: u64 = 1_000;

/// An event to everyone in a room, as the publisher does it.
pub fn push(turns: u64) -> Result<(), Failure> {
    let (lexicon, event) = (lexicon(), event());
    let mut hub = crowd("push")?;
    for _ in 0..turns {
        let tally = hub.publish(black_box(&event), &lexicon);
        if tally.frames != CROWD {
            return Err(Failure::walk("push", format!("{} heard it", tally.frames)));
        }
        while let Some(outbox) = hub.dirty().pop_front() {
            outbox.flush();
        }
    }
    Ok(())
}

/// Guests in turn: tables are hashed with another seed in each process, and one guest alone may
/// have a place that is far or near.
const GUESTS: u64 = 500;

/// A connection that comes and goes.
pub fn join(turns: u64) -> Result<(), Failure> {
    let (mut hub, key) = (crowd("join")?, key("join")?);
    let guests: Vec<_> = (0..GUESTS).map(|guest| connection(CROWD + guest, key)).collect();
    for (_, guest) in (0..turns).zip(guests.iter().cycle()) {
        enter(&mut hub, black_box(guest));
        black_box(there("join", hub.detach(guest.id))?);
    }
    Ok(())
}

fn crowd(path: &'static str) -> Result<Hub, Failure> {
    let (mut hub, key) = (Hub::default(), key(path)?);
    for id in 0..CROWD {
        enter(&mut hub, &connection(id, key));
    }
    Ok(hub)
}

fn key(path: &'static str) -> Result<FrameKey, Failure> {
    there(path, lexicon().spoken("taskmanager", "/").map(|(_, key)| key))
}

fn enter(hub: &mut Hub, connection: &Arc<Connection>) {
    hub.attach(Arc::clone(connection), SyncId::ZERO);
    hub.join(connection.id, Room::User(connection.user.id));
    hub.join(connection.id, Room::Project(PROJECT));
}

/// A connection of the user with this number.
fn connection(id: u64, key: FrameKey) -> Arc<Connection> {
    let outbox = Arc::new(Outbox::new(OutboxLimits::default(), Arc::new(Counters::default())));
    outbox.attach(Arc::new(Sink));
    let user = UserId(i64::try_from(id).unwrap_or(i64::MAX));
    let user = Whose::new(Arc::new(person(user.0)), instant());
    let exit = Box::new(NoExit);
    let id = ConnectionId(id);
    Arc::new(Connection::new(id, user, key, outbox, Enters::Projects, exit, instant()))
}

/// A socket that takes everything at once.
struct Sink;

impl Link for Sink {
    fn try_write(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(black_box(slices).iter().map(|slice| slice.len()).sum())
    }

    fn wake(&self) {}
}

/// Nobody is put out here.
#[derive(Debug)]
struct NoExit;

impl Exit for NoExit {
    fn take(&self, _: Ended, _: chorus_model::Timestamp) {}
}
