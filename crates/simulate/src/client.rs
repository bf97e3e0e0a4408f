//! A client: what it was told, in which order, and what it should have been.

use std::collections::{BTreeMap, BTreeSet};

use chorus_model::{Cursor, Room, SyncId, Timestamp, UserId, WorkspaceRole};
use chorus_realtime::Entry;

use crate::broken::{Broken, Rule};
use crate::session::Sure;
use crate::words::{Dialect, Said};

/// A program of a user, over all its connections.
#[derive(Debug)]
pub struct Client {
    /// Whose.
    pub user: UserId,
    /// How it speaks.
    pub dialect: Dialect,
    /// How it comes back.
    pub coming: Coming,
    /// The last cursor that it has read.
    pub cursor: Option<Cursor>,
    /// The rooms that it takes itself to be in, of those that it has entered by hand.
    pub wanted: BTreeSet<Room>,
    /// Its connection.
    pub session: Option<u64>,
    /// What it has asked and not been answered.
    pub ask: Option<Ask>,
    /// What was read of its rights to ask that, and the rooms that it may not come back to.
    pub entry: Option<(Entry, Vec<Room>)>,
    /// When its token was issued.
    pub issued_at: Timestamp,
    /// Who it takes for being in which room.
    pub view: BTreeMap<String, BTreeSet<UserId>>,
    /// Answers that are on their way.
    pub granted: BTreeMap<u64, Granted>,
    /// What is kept of it for when it comes back: the rooms that it has asked for, each with the
    /// last event before that, and its user's role.
    pub kept: BTreeMap<Room, SyncId>,
    /// The role of its user when it began anew.
    pub kept_role: WorkspaceRole,
    /// Whether it has read that it is welcome, and, if it resumes, from where.
    pub settled: bool,
    /// Rooms that it leaves with an event, and is told so by the event alone.
    leaves: BTreeMap<SyncId, Vec<Room>>,
    dues: BTreeMap<SyncId, Due>,
    /// The last event since the last answer.
    last: SyncId,
    before: Option<SyncId>,
    partial: Vec<u8>,
    /// Events that it was told, of all times.
    pub told: u64,
}

/// How a client comes back when its connection was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coming {
    /// As if it had never been there.
    Anew,
    /// It names its cursor and its rooms when it is there.
    Resumes,
    /// It names its cursor at the door, and its rooms are known.
    Recovers,
}

/// What a client asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// To be let in.
    Connect,
    /// To be told what it missed.
    Resume,
    /// To be let into a room, and told what happened there after an event.
    Join(Room, Option<SyncId>),
    /// To be let out.
    Leave(Room),
    /// Who is in a room.
    Who(Room),
}

/// An answer.
#[derive(Debug)]
pub struct Granted {
    /// To what.
    pub ask: Ask,
    /// Where it takes effect.
    pub cursor: Cursor,
    /// The rooms that it came back to by that, of those that are entered by hand.
    pub rooms: BTreeSet<Room>,
    /// Rooms that it could not come back to.
    pub refused: Vec<Room>,
}

/// An event that a client is to be told.
#[derive(Debug, Clone, Copy)]
struct Due {
    must: bool,
    /// Only if its user was an admin.
    if_admin: bool,
    /// It is told of late, and says nothing of how far the client is.
    late: bool,
    most: u32,
    heard: u32,
}

impl Client {
    /// A client that has not connected yet.
    pub fn new(user: UserId, dialect: Dialect, coming: Coming) -> Self {
        Self {
            user,
            dialect,
            coming,
            kept: BTreeMap::new(),
            kept_role: WorkspaceRole::User,
            cursor: None,
            wanted: BTreeSet::new(),
            session: None,
            ask: None,
            entry: None,
            issued_at: Timestamp::default(),
            view: BTreeMap::new(),
            granted: BTreeMap::new(),
            settled: false,
            leaves: BTreeMap::new(),
            dues: BTreeMap::new(),
            last: SyncId::ZERO,
            before: None,
            partial: Vec::new(),
            told: 0,
        }
    }

    /// It is to be told an event when it happens, or with what it missed.
    pub fn owe(&mut self, event: SyncId, sure: Sure, late: bool) {
        if sure == Sure::No {
            return;
        }
        let must = sure == Sure::Yes;
        let new = Due { must, if_admin: true, late, most: 0, heard: 0 };
        let due = self.dues.entry(event).or_insert(new);
        due.most += 1;
        due.if_admin &= sure == Sure::IfAdmin;
        // A second time is allowed to it, and not demanded.
        due.must |= must && due.most == 1;
    }

    /// Nothing is kept of it that counts: it begins anew.
    pub fn begin_anew(&mut self, role: WorkspaceRole) {
        self.cursor = None;
        self.kept_role = role;
        self.kept.clear();
        self.wanted.clear();
        self.dues.clear();
    }

    /// It leaves rooms with an event. Whoever enters by himself is told of that event alone.
    pub fn leave_with(&mut self, event: SyncId, rooms: Vec<Room>) {
        if !self.dialect.by_hand() && !rooms.is_empty() {
            self.leaves.insert(event, rooms);
        }
    }

    /// It is to load everything anew that happened until now. What happened after `at` is on its
    /// way to it, and may still come.
    pub fn reset(&mut self, at: SyncId) {
        self.dues.retain(|id, _| *id > at);
        self.dues.values_mut().for_each(|due| due.must = false);
    }

    /// Takes bytes of the connection. `was_admin`: whether its user ever was one until now.
    pub fn read(&mut self, bytes: &[u8], was_admin: bool) -> Result<(), Broken> {
        self.partial.extend_from_slice(bytes);
        while let Some(end) = self.partial.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            let text = String::from_utf8_lossy(&line[..end]).into_owned();
            let said = Said::read(&text);
            let said = said.ok_or_else(|| Broken::new(Rule::Whole, format!("told `{text}`")))?;
            self.hear(said, was_admin)?;
        }
        Ok(())
    }

    fn hear(&mut self, said: Said, was_admin: bool) -> Result<(), Broken> {
        let before = self.before.take();
        match said {
            Said::Event(id, epoch) => {
                let two = self.dialect.in_two_words(id);
                if two != (before == Some(id)) {
                    return Err(Broken::new(Rule::Whole, format!("{id} in one of two words")));
                }
                self.hear_event(id, was_admin)?;
                if let Some(epoch) = epoch {
                    self.keep(Cursor { epoch, id })?;
                }
            }
            Said::Before(id) => self.before = Some(id),
            Said::Granted(tag, present) => self.answered(tag, present)?,
            Said::Presence(arrived, user, room) => {
                if let Some(view) = self.view.get_mut(&room) {
                    if arrived {
                        view.insert(user)
                    } else {
                        view.remove(&user)
                    };
                }
            }
            Said::List(room, present) => {
                if let Some(view) = self.view.get_mut(&room) {
                    *view = present.into_iter().collect();
                }
            }
            Said::PutOut(room) => {
                self.view.remove(&room);
                self.wanted.retain(|wanted| wanted.to_string() != room);
            }
            Said::Passing | Said::Bye => {}
        }
        Ok(())
    }

    fn hear_event(&mut self, id: SyncId, was_admin: bool) -> Result<(), Broken> {
        self.told += 1;
        if id <= self.last {
            return Err(Broken::new(Rule::Order, format!("{id} behind {}", self.last)));
        }
        self.last = id;
        for room in self.leaves.remove(&id).unwrap_or_default() {
            self.view.remove(&room.to_string());
        }
        let may = |due: &&mut Due| was_admin || !due.if_admin;
        let Some(due) = self.dues.get_mut(&id).filter(may) else {
            return Err(Broken::new(Rule::Rights, format!("{id} is not its to hear")));
        };
        due.heard += 1;
        if due.heard > due.most {
            return Err(Broken::new(Rule::Once, format!("{id} was told {} times", due.heard)));
        }
        Ok(())
    }

    /// A cursor says that everything up to there was told.
    fn keep(&mut self, cursor: Cursor) -> Result<(), Broken> {
        let missing = self.missing().find(|(id, due)| *id <= cursor.id && !due.late);
        if let Some((id, _)) = missing {
            return Err(Broken::new(
                Rule::Gap,
                format!("cursor {} before {id} was told", cursor.id),
            ));
        }
        self.cursor = Some(cursor);
        Ok(())
    }

    fn missing(&self) -> impl Iterator<Item = (SyncId, &Due)> {
        let missing = self.dues.iter().filter(|(_, due)| due.must && due.heard == 0);
        missing.map(|(id, due)| (*id, due))
    }

    fn answered(&mut self, tag: u64, present: Vec<UserId>) -> Result<(), Broken> {
        let Some(Granted { ask, cursor, rooms, refused }) = self.granted.remove(&tag) else {
            return Err(Broken::new(Rule::Whole, format!("answer {tag} to nothing")));
        };
        match ask {
            Ask::Connect => {
                let recovers = self.coming == Coming::Recovers;
                if recovers {
                    self.wanted = rooms;
                }
                if recovers || (self.coming == Coming::Resumes && self.cursor.is_none()) {
                    self.keep(cursor)?;
                }
                self.settled = self.coming != Coming::Resumes;
            }
            Ask::Resume => {
                self.last = SyncId::ZERO;
                self.settled = true;
                self.wanted.retain(|room| !refused.contains(room));
                self.keep(cursor)?;
            }
            Ask::Join(room, since) => {
                // What it is told of late begins anew.
                self.last = if since.is_some() { SyncId::ZERO } else { self.last };
                self.wanted.insert(room);
                self.view.insert(room.to_string(), present.into_iter().collect());
            }
            Ask::Who(room) => {
                if !self.dialect.by_hand() || self.wanted.contains(&room) {
                    self.view.insert(room.to_string(), present.into_iter().collect());
                }
            }
            Ask::Leave(_) => {}
        }
        Ok(())
    }

    /// It asks to be let out of a room.
    pub fn turn_away(&mut self, room: Room) {
        self.wanted.remove(&room);
        self.view.remove(&room.to_string());
    }

    /// Its connection is gone. What it was told beyond its cursor it will be told again.
    pub fn cut(&mut self) {
        self.session = None;
        self.ask = None;
        self.entry = None;
        self.settled = false;
        self.granted.clear();
        self.view.clear();
        self.leaves.clear();
        self.partial.clear();
        self.before = None;
        self.last = SyncId::ZERO;
        let anew = self.coming == Coming::Anew;
        if anew {
            self.wanted.clear();
        }
        let upto = self.cursor.as_ref().filter(|_| !anew).map(|cursor| cursor.id);
        let upto = upto.unwrap_or(SyncId::ZERO);
        self.dues.retain(|id, due| *id <= upto && (due.heard > 0 || !due.late));
    }

    /// Whether it was told all that it had to be.
    pub fn is_complete(&self) -> Result<(), Broken> {
        match self.missing().next() {
            Some((id, _)) => Err(Broken::new(Rule::Gap, format!("{id} was never told"))),
            None if !self.partial.is_empty() => {
                Err(Broken::new(Rule::Whole, "half a frame at the end".to_owned()))
            }
            None => Ok(()),
        }
    }
}
