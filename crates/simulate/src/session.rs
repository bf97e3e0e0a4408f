//! A connection as a plain model has it: in which rooms it is since when, and what it must
//! therefore be told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chorus_model::{Body, Event, Room, SyncId, Timestamp, UserId, WorkspaceRole};
use chorus_realtime::{Connection, Outbox};

use crate::ledger::Ledger;
use crate::wire::Pipe;
use crate::words::Dialect;

/// A connection, and what should be true of it.
#[derive(Debug)]
pub struct Session {
    /// At which node.
    pub node: usize,
    /// Whose.
    pub user: UserId,
    /// How it speaks.
    pub dialect: Dialect,
    /// The real one.
    pub connection: Arc<Connection>,
    /// The socket; none where answers are polled.
    pub pipe: Option<Arc<Pipe>>,
    /// Whether it was ended from within.
    pub ended: Arc<AtomicBool>,
    /// The client at the other end, unless it is gone.
    pub owner: Option<usize>,
    /// Whether the node still knows it.
    pub attached: bool,
    /// Its rooms, and after which event it is told what happens there.
    pub rooms: BTreeMap<Room, SyncId>,
    /// The role that it was let in with, as events have changed it.
    pub role: WorkspaceRole,
    /// When its token was issued.
    pub issued_at: Timestamp,
}

/// How sure it is that an event is told, from the least sure on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sure {
    /// It is not.
    No,
    /// It may be if the user is an admin by the time that it is told: what that role was before is
    /// kept nowhere.
    IfAdmin,
    /// It may be, or may be told a second time.
    Perhaps,
    /// It is.
    Yes,
}

impl Session {
    /// Whether it was let into its user's own room.
    pub fn is_welcomed(&self) -> bool {
        self.rooms.contains_key(&Room::User(self.user))
    }

    /// Its outbox.
    pub fn outbox(&self) -> &Arc<Outbox> {
        &self.connection.outbox
    }

    /// Whether there is nothing more to come.
    pub fn is_over(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.outbox().closed().is_some()
    }

    /// Whether an event is told in a room, to whoever is there.
    pub fn hears_in(&self, room: Room, event: &Event, truth: &Ledger) -> Sure {
        let audience = self.dialect.audience(event);
        let own = room == Room::User(self.user);
        if own && audience.contains(&Room::Everyone) {
            return Sure::Yes;
        }
        if !audience.contains(&room) {
            return Sure::No;
        }
        match event.body.task() {
            Some(task) if own && !truth.covers(self.user, task.project_id, event.sync_id) => {
                Sure::IfAdmin
            }
            _ => Sure::Yes,
        }
    }

    /// Whether an event is told that happens now.
    pub fn hears(&self, event: &Event, truth: &Ledger) -> Sure {
        surest(self.rooms.keys().map(|room| self.hears_in(*room, event, truth)))
    }

    /// Whether it is told of an event by where it is already, apart from `but`.
    pub fn covers(&self, event: &Event, but: Option<Room>, truth: &Ledger) -> Sure {
        let there = self.rooms.iter().filter(|(room, from)| {
            Some(**room) != but && **from < event.sync_id && self.may_replay(**room, event, truth)
        });
        surest(there.map(|(room, _)| self.hears_in(*room, event, truth)))
    }

    /// Whether what happened in a room may be told to whoever is there only now: not from a time
    /// in which its user did not belong there.
    pub fn may_replay(&self, room: Room, event: &Event, truth: &Ledger) -> bool {
        let admin = self.role == WorkspaceRole::Admin;
        let covers = |project| truth.covers(self.user, project, event.sync_id);
        room.project().is_none_or(|project| admin || covers(project))
    }

    /// Moves it by what an event says of rights. Returns the rooms that it has left by that.
    pub fn apply(&mut self, event: &Event, truth: &Ledger) -> Vec<Room> {
        let at = event.sync_id;
        match &event.body {
            Body::ProjectCreated { project } if project.owner_id == self.user => {
                self.enter_by_itself(project.id, at);
            }
            Body::MemberAdded { member } if member.user_id == self.user => {
                self.enter_by_itself(member.project_id, at);
            }
            Body::MemberRemoved { member } if member.user_id == self.user => {
                return self.leave(|room| room.project() == Some(member.project_id));
            }
            Body::ProjectDeleted { project } => {
                return self.leave(|room| room.project() == Some(project.id));
            }
            Body::TaskDeleted { task } => {
                self.leave(|room| room == Room::Task(task.project_id, task.id));
            }
            Body::UserUpdated { user } if user.id == self.user => {
                return self.change_role(user.role, at, truth);
            }
            Body::UserDeactivated { user } if user.id == self.user => self.forget(),
            Body::UserLoggedOut { user, tokens_from }
                if user.id == self.user && self.issued_at < *tokens_from =>
            {
                self.forget();
            }
            _ => {}
        }
        Vec::new()
    }

    /// The node knows it no more.
    pub fn forget(&mut self) {
        self.attached = false;
        self.rooms.clear();
    }

    fn enter_by_itself(&mut self, project: chorus_model::ProjectId, at: SyncId) {
        if let Some(room) = self.dialect.enters().room(project, self.role)
            && self.is_welcomed()
        {
            self.rooms.entry(room).or_insert(at);
        }
    }

    fn change_role(&mut self, role: WorkspaceRole, at: SyncId, truth: &Ledger) -> Vec<Room> {
        self.role = role;
        let of_role = |room: &Room| matches!(room, Room::Role(_, old) if *old != role);
        let old: Vec<Room> = self.rooms.keys().copied().filter(of_role).collect();
        for room in old {
            self.rooms.remove(&room);
            if let Some(project) = room.project() {
                self.rooms.entry(Room::Role(project, role)).or_insert(at);
            }
        }
        if role == WorkspaceRole::Admin {
            return Vec::new();
        }
        let user = self.user;
        let foreign = |project| !truth.belongs(user, project, at);
        self.leave(|room| room.project().is_some_and(foreign))
    }

    fn leave(&mut self, leaves: impl Fn(Room) -> bool) -> Vec<Room> {
        let left: Vec<Room> = self.rooms.keys().copied().filter(|room| leaves(*room)).collect();
        self.rooms.retain(|room, _| !leaves(*room));
        left
    }
}

/// The surest of some.
pub fn surest(all: impl Iterator<Item = Sure>) -> Sure {
    all.max().unwrap_or(Sure::No)
}
