//! What must be true after each step, and when nothing happens any more.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chorus_model::{Room, UserId};
use chorus_realtime::Turn;
use futures_util::FutureExt as _;

use crate::broken::{Broken, Rule};
use crate::client::Client;
use crate::dice::Dice;
use crate::node::{Node, look};
use crate::session::Session;
use crate::world::World;

/// The largest frame of the script, with room for long ids.
const FRAME: u64 = 80;
/// Time that passes between two looks: more than nodes wait before they look at the head.
const PAUSE: Duration = Duration::from_millis(600);
/// Pauses until whoever was lost counts as gone.
const QUIET: usize = 8;
/// What a client does in one pause, at most.
const TRIES: usize = 20;
/// Pauses after which something is wrong.
const MOST: usize = 400;

impl World {
    /// What waits for each client is bounded, and nodes know the connections that they should.
    pub(crate) fn look_at_bounds(&self) -> Result<(), Broken> {
        let most = self.setting.limits.bytes as u64;
        for (id, session) in &self.sessions {
            let waits = session.outbox().end() - session.outbox().gone();
            if waits > most + most / 4 + FRAME {
                let how = format!("{waits} bytes wait for connection {id}, and {most} may");
                return Err(Broken::new(Rule::Bounds, how));
            }
        }
        Ok(())
    }

    /// Nothing happens any more: nodes learn what they were not told, clients come back and read.
    pub(crate) fn rest(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        self.note(|| "nothing happens any more".to_owned());
        let forget = dice.chance(60);
        for at in 0..self.nodes.len() {
            let inbox = self.nodes[at].as_mut().map(|node| std::mem::take(&mut node.inbox));
            // What was handed over may as well be lost: the log has it.
            for batch in inbox.into_iter().flatten().filter(|_| !forget) {
                self.take(at, Turn::Commit(batch))?;
            }
        }
        let mut quiet = 0;
        for _ in 0..MOST {
            quiet = if self.come_to_rest()? { quiet + 1 } else { 0 };
            if quiet == QUIET {
                return self.look_at_all();
            }
        }
        self.look_at_nodes()?;
        let who = self.clients.iter().position(|client| client.ask.is_some());
        let how = format!("after {MOST} pauses; client {who:?} still asks");
        Err(Broken::new(Rule::Rest, how))
    }

    /// Whether nothing happened in a while.
    fn come_to_rest(&mut self) -> Result<bool, Broken> {
        let mut quiet = true;
        self.clock.advance(PAUSE);
        for id in self.orphans() {
            self.detach(id, false)?;
        }
        for at in 0..self.nodes.len() {
            let before = self.nodes[at].as_ref().map(Node::published);
            self.take(at, Turn::Poll)?;
            self.answer(at)?;
            let node = self.nodes[at].as_ref();
            quiet &= before == node.map(Node::published);
            quiet &= node.is_none_or(|node| node.behind() == 0);
        }
        for who in 0..self.clients.len() {
            quiet &= self.finish(who)?;
        }
        Ok(quiet)
    }

    /// A client ends what it has begun, and reads all that comes; whether there was nothing of
    /// either. One after the other: clients that always come together, and find their queues full
    /// of each other's coming, would do so for ever.
    fn finish(&mut self, who: usize) -> Result<bool, Broken> {
        let mut quiet = true;
        for _ in 0..TRIES {
            let before = (self.clients[who].session, self.clients[who].ask.clone());
            self.go_on_as(who, None)?;
            let after = (self.clients[who].session, self.clients[who].ask.clone());
            quiet &= before == after;
            while self.read_as(who, usize::MAX)? > 0 {
                quiet = false;
            }
            if after.1.is_none() {
                break;
            }
        }
        Ok(quiet && self.clients[who].ask.is_none())
    }

    /// Whatever was committed is announced.
    fn look_at_nodes(&self) -> Result<(), Broken> {
        let head = look(&self.truth).head();
        for (at, node) in self.nodes.iter().enumerate() {
            if node.as_ref().is_some_and(|node| node.published() != head) {
                let how = format!("node {at} has not announced {head}");
                return Err(Broken::new(Rule::Gap, how));
            }
        }
        Ok(())
    }

    fn look_at_all(&mut self) -> Result<(), Broken> {
        self.look_at_nodes()?;
        let connected = |(_, client): &(usize, &Client)| client.session.is_some();
        for (who, client) in self.clients.iter().enumerate().filter(connected) {
            client.is_complete().map_err(|broken| broken.of(&format!("client {who}")))?;
        }
        self.look_at_rooms()?;
        self.look_at_presence()
    }

    /// Whoever takes himself to be somewhere is there, and nowhere else.
    fn look_at_rooms(&self) -> Result<(), Broken> {
        for (who, client) in self.clients.iter().enumerate() {
            let session = client.session.and_then(|id| self.sessions.get(&id));
            let Some(session) = session.filter(|session| session.dialect.by_hand()) else {
                continue;
            };
            let own = |room: &&Room| **room != Room::User(session.user);
            let there: BTreeSet<Room> = session.rooms.keys().filter(own).copied().collect();
            // Nobody is told that a task is gone but by the event.
            let told = |room: &Room| !matches!(room, Room::Task(..)) || there.contains(room);
            let wanted: BTreeSet<Room> = client.wanted.iter().copied().filter(told).collect();
            if wanted != there {
                let how =
                    format!("client {who} takes itself to be in {wanted:?}, and is in {there:?}");
                return Err(Broken::new(Rule::Rooms, how));
            }
        }
        Ok(())
    }

    fn look_at_presence(&mut self) -> Result<(), Broken> {
        for at in 0..self.nodes.len() {
            let there = self.there(at);
            for (room, users) in &there {
                let Some(found) = self.present(at, *room) else { continue };
                if found != *users {
                    let how =
                        format!("node {at} shows {found:?} in {room}, and there is {users:?}");
                    return Err(Broken::new(Rule::Presence, how));
                }
            }
            self.look_at_views(at, &there)?;
        }
        Ok(())
    }

    fn look_at_views(
        &self,
        at: usize,
        there: &BTreeMap<Room, BTreeSet<UserId>>,
    ) -> Result<(), Broken> {
        for (who, client) in self.clients.iter().enumerate() {
            let session = client.session.and_then(|id| self.sessions.get(&id));
            let Some(session) = session.filter(|session| session.node == at) else { continue };
            for room in session.rooms.keys() {
                let Some(view) = client.view.get(&room.to_string()) else { continue };
                let others = |users: &BTreeSet<UserId>| {
                    users.iter().copied().filter(|user| *user != client.user).collect::<Vec<_>>()
                };
                let (shown, truth) =
                    (others(view), there.get(room).map(others).unwrap_or_default());
                if shown != truth {
                    let how =
                        format!("client {who} sees {shown:?} in {room}, and there is {truth:?}");
                    return Err(Broken::new(Rule::Presence, how));
                }
            }
        }
        Ok(())
    }

    /// Who is where at a node, by the model; empty rooms that somebody was in are not forgotten.
    fn there(&self, at: usize) -> BTreeMap<Room, BTreeSet<UserId>> {
        let ledger = look(&self.truth);
        let projects = (1..=ledger.last_id).map(|id| Room::Project(chorus_model::ProjectId(id)));
        let mut there: BTreeMap<Room, BTreeSet<UserId>> =
            projects.chain([Room::named("table:1")]).map(|room| (room, BTreeSet::new())).collect();
        let here = |session: &&Session| session.node == at && session.attached;
        for session in self.sessions.values().filter(here) {
            for room in session.rooms.keys() {
                if !matches!(room, Room::User(_) | Room::Role(..)) {
                    there.entry(*room).or_default().insert(session.user);
                }
            }
        }
        there
    }

    fn present(&mut self, at: usize, room: Room) -> Option<BTreeSet<UserId>> {
        let node = self.nodes[at].as_mut()?;
        let realtime = node.realtime.clone();
        let mut asking = async move { realtime.present(vec![room], None).await }.boxed();
        let early = (&mut asking).now_or_never();
        node.take(Turn::Nothing);
        let present = early.or_else(|| asking.now_or_never())?;
        Some(present.iter().map(|one| one.user.id).collect())
    }
}
