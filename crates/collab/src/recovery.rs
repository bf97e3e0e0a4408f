//! Connections that their clients may take up again where they were lost: kept in the store, so
//! that they outlive the server, and consumed by whoever takes them up.
//!
//! A room that a client asks for is on disk before the client is told that it is there:
//! what it believes to hear it hears again, whenever the server is killed.

use chorus_model::event::Rooms;
use chorus_model::{ConnectionId, Room, SyncId, User, UserId, WorkspaceRole};
use chorus_realtime::{Enters, Entry, FrameKey, Rewind};
use chorus_storage::{Hold, Interval, Reads, StoredSession, Tx};

use crate::access;
use crate::collab::Collab;
use crate::fault::{Fault, Noun};
use crate::live::RoomName;
use crate::resume::enterable;
use crate::sync;

/// What a client connects with that can recover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arriving {
    /// The connection.
    pub connection: ConnectionId,
    /// Where: nobody takes a connection up elsewhere than it was made.
    pub space: String,
    /// What it will know itself by if it begins anew.
    pub sid: Box<str>,
    /// The secret of an earlier connection, and the cursor up to which it has heard.
    pub shown: Option<(String, String)>,
}

/// What a connection is kept as.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The hold on it.
    pub hold: Hold,
    /// What its client knows itself by.
    pub sid: Box<str>,
    /// The earlier connection, if this one goes on with it.
    pub taken_up: Option<TakenUp>,
}

/// A connection that was lost, and has come back.
#[derive(Debug, Clone, PartialEq)]
pub struct TakenUp {
    /// What it was before.
    before: ConnectionId,
    /// Its client has heard everything up to this event.
    since: SyncId,
    /// The rooms that it had asked for, each since after an event; and those, without one, that it
    /// had left and stays out of.
    rooms: Vec<(RoomName, Option<SyncId>)>,
}

impl Collab {
    /// Keeps a connection that begins, as the one that its client shows or as a new one. Anything
    /// wrong with what is shown means a new one.
    pub async fn keep_session(&self, user: UserId, arriving: Arriving) -> Result<Kept, Fault> {
        let (run, pid) = (self.parts.store.head().epoch, self.parts.entropy.word(24));
        let (window, began) = (self.parts.recovery, self.began);
        let write = move |tx: &mut Tx<'_>| {
            let actor = access::actor(tx, user)?;
            let Arriving { connection, space, sid, shown } = &arriving;
            if let Some((pid, cursor)) = shown
                && let Some(stored) = tx.session(pid)?
                && (stored.user, stored.role) == (user, actor.role)
                && stored.space == *space
            {
                let lost = match (&stored.held_by, stored.left_at) {
                    (Some(held_by), _) if held_by == run.as_str() => tx.now(),
                    (_, left_at) => left_at.unwrap_or(began),
                };
                let taken_up = taken_up(tx, &actor, stored.connection, pid, cursor)?;
                let held = Hold { pid: pid.as_str().into(), generation: stored.generation };
                if lost >= tx.now().minus(window)
                    && taken_up.is_some()
                    && let Some(hold) = tx.take_session(&held, *connection, &run)?
                {
                    return Ok(Kept { hold, sid: stored.sid.into(), taken_up });
                }
                // Its client will not come back with it: it is given another.
                tx.end_session(&held)?;
            }
            let new = StoredSession {
                sid: sid.to_string(),
                user,
                space: space.clone(),
                role: actor.role,
                connection: *connection,
                generation: 0,
                held_by: Some(run.as_str().to_owned()),
                left_at: None,
            };
            let hold = tx.open_session(&pid, &new)?;
            Ok::<_, Fault>(Kept { hold, sid: sid.clone(), taken_up: None })
        };
        Ok(self.parts.store.write(write).await?.value)
    }

    /// Keeps that a client has asked to be in rooms, if its user may enter all of them. Returns
    /// those that it was not in before.
    pub async fn keep_rooms(
        &self,
        hold: &Hold,
        user: UserId,
        rooms: Vec<RoomName>,
    ) -> Result<Vec<RoomName>, Fault> {
        let hold = hold.clone();
        let write = move |tx: &mut Tx<'_>| {
            let actor = access::actor(tx, user)?;
            rooms.iter().try_for_each(|room| enterable(tx, &actor, room).map(drop))?;
            let (head, mut new) = (tx.head(), Vec::new());
            for room in &rooms {
                if tx.enter_session_room(&hold, &room.to_kept(), head)? {
                    new.push(room.clone());
                }
            }
            Ok::<_, Fault>(new)
        };
        Ok(self.parts.store.write(write).await?.value)
    }

    /// Keeps that a client is in rooms no longer; `stays_out`: which it enters by itself otherwise.
    pub async fn drop_rooms(
        &self,
        hold: &Hold,
        rooms: &[RoomName],
        stays_out: bool,
    ) -> Result<(), Fault> {
        let (hold, rooms) = (hold.clone(), rooms.iter().map(RoomName::to_kept).collect::<Vec<_>>());
        let write = move |tx: &mut Tx<'_>| {
            let mut left = rooms.iter();
            Ok::<_, Fault>(left.try_for_each(|room| tx.leave_session_room(&hold, room, stays_out))?)
        };
        self.parts.store.write(write).await?;
        Ok(())
    }

    /// Lets connections go that were lost, and may be taken up for a while, and those that ended
    /// for good.
    pub async fn let_go(&self, lost: &[Hold], ended: &[Hold]) -> Result<(), Fault> {
        let (lost, ended) = (lost.to_vec(), ended.to_vec());
        let write = move |tx: &mut Tx<'_>| {
            lost.iter().try_for_each(|hold| tx.lose_session(hold))?;
            ended.iter().try_for_each(|hold| tx.end_session(hold))?;
            Ok::<_, Fault>(())
        };
        self.parts.store.write(write).await?;
        Ok(())
    }
}

impl TakenUp {
    /// What it enters by the rights of now beside what it enters by itself, `entry`; and the rooms
    /// that it was in and does not enter again, and why.
    pub(crate) fn go_on(
        &self,
        reads: &Reads<'_>,
        user: &User,
        enters: Enters,
        key: FrameKey,
        mut entry: Entry,
    ) -> Result<(Entry, Vec<(Room, Fault)>), Fault> {
        let intervals = reads.intervals_of(user.id)?;
        let admin = user.role == WorkspaceRole::Admin;
        let channels = reads.channel_intervals_of(user.id)?;
        let (mut floors, mut lost) = (Vec::new(), Vec::new());
        for (name, from) in &self.rooms {
            let Some(from) = *from else {
                entry.rooms.retain(|room| Some(*room) != name.project());
                continue;
            };
            match enterable(reads, user, name) {
                // Where it is by itself anyhow, it was before it asked.
                Ok(room) if entry.rooms.contains(&room) => {}
                Ok(room) if !(admin || stayed(&intervals, room, from)) => {
                    lost.push((room, Fault::Forbidden));
                }
                Ok(room) => {
                    entry.labels.extend(name.label(room));
                    entry.rooms.push(room);
                    floors.push((room, from));
                }
                Err(why @ (Fault::NotFound(_) | Fault::Forbidden)) => {
                    lost.extend(name.project().map(|room| (room, why)));
                }
                Err(fault) => return Err(fault),
            }
        }
        // Where it was by itself until it was put out.
        let ended = |one: &&Interval| one.to.is_some_and(|to| to > self.since);
        let belongs = |project| entry.projects.iter().flatten().any(|own| *own == project);
        for gone in intervals.iter().filter(ended).filter(|one| !belongs(one.project)) {
            let room = Room::Project(gone.project);
            let known = lost.iter().any(|(other, _)| *other == room);
            if enters.room(gone.project, user.role).is_some() && !known {
                let there = reads.project(gone.project)?.is_some();
                let why = if there { Fault::Forbidden } else { Fault::NotFound(Noun::Project) };
                lost.push((room, why));
            }
        }
        entry.rewind = Some(Rewind {
            since: Ok(self.since),
            memberships: intervals.iter().map(|one| (one.project, one.from, one.to)).collect(),
            channels: channels.iter().map(|one| (one.channel, one.from, one.to)).collect(),
            sees_all: admin,
            key: Some(key),
            floors,
            before: Some(self.before),
        });
        Ok((entry, lost))
    }
}

/// Whether somebody has belonged to a room's project ever since an event: whoever was put out must
/// ask for the room again.
fn stayed(intervals: &[Interval], room: Room, since: SyncId) -> bool {
    let Some(project) = room.project() else { return true };
    let (mut began, mut ended) = (None, None);
    for one in intervals.iter().filter(|one| one.project == project) {
        // A change of role ends one interval and begins the next at the same event.
        if began.is_none() || ended != Some(one.from) {
            began = Some(one.from);
        }
        ended = one.to;
    }
    ended.is_none() && began.is_some_and(|began| began <= since)
}

/// What an earlier connection was, if the log still has all that its client has missed.
fn taken_up(
    tx: &Tx<'_>,
    user: &User,
    before: ConnectionId,
    pid: &str,
    cursor: &str,
) -> Result<Option<TakenUp>, Fault> {
    let stored = tx.session_rooms(pid)?.into_iter();
    let rooms: Vec<_> =
        stored.filter_map(|(name, from)| Some((RoomName::from_kept(&name)?, from))).collect();
    let (intervals, channels) = (tx.intervals_of(user.id)?, tx.channel_intervals_of(user.id)?);
    let mut heard: Rooms = sync::rooms(&intervals, &channels, user.id);
    heard.extend(rooms.iter().filter_map(|(name, _)| name.filed()));
    let place = sync::place(tx, cursor, &heard)?;
    Ok(place.ok().map(|since| TakenUp { before, since, rooms }))
}
