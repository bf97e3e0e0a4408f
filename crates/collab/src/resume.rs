//! Coming back: a connection is told what its rooms heard since it was last there.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{ConnectionId, Cursor, Room, SyncId, User, UserId, WorkspaceRole};
use chorus_realtime::orders::Greeting;
use chorus_realtime::{Entry, FrameKey, Joined, Rewind};
use chorus_storage::Reads;

use crate::access::{self, Action};
use crate::chat::visible_channel;
use crate::collab::Collab;
use crate::fault::Fault;
use crate::live::RoomName;
use crate::sync;

/// Rooms that one resumption may name.
pub const MOST_ROOMS: usize = 256;

/// What somebody comes back with.
#[derive(Debug, Clone, PartialEq)]
pub struct Resume {
    /// The cursor after which he is told; none: from now on.
    pub since: Option<String>,
    /// Rooms to enter.
    pub rooms: Vec<RoomName>,
    /// If he is told of all his rooms, those that he is in already too: the key of his frames
    /// from now on. He enters those rooms that he may, and is told of the others. Without it he is
    /// told of the rooms that he enters, and must be allowed all of them.
    pub key: Option<FrameKey>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resumed {
    /// After which event he is told.
    pub cursor: Cursor,
    /// Why he is not told what happened since the cursor that he named: it must be loaded anew.
    pub reset: Option<&'static str>,
    /// Rooms that he did not enter.
    pub refused: Vec<RoomName>,
}

impl Resumed {
    /// As of the place where it takes effect.
    pub fn at(
        place: &Cursor,
        resumes: Option<Result<SyncId, &'static str>>,
        refused: Vec<RoomName>,
    ) -> Self {
        let (id, reset) = match resumes {
            Some(Ok(since)) => (since.min(place.id), None),
            Some(Err(reason)) => (place.id, Some(reason)),
            None => (place.id, None),
        };
        Self { cursor: Cursor { id, ..place.clone() }, reset, refused }
    }
}

impl Collab {
    /// What became of it, without the rooms that were not entered; the greeting has those too.
    ///
    /// Lets a connection into rooms and has it told what happened there after a cursor: first the
    /// greeting, made of the rooms that it did not enter, then each event that it has not heard and
    /// might see, in order, then what happens.
    pub async fn resume(
        &self,
        connection: ConnectionId,
        user: UserId,
        resume: Resume,
        greeting: impl Fn(Vec<RoomName>) -> Greeting,
    ) -> Result<Resumed, Fault> {
        let resume = Arc::new(resume);
        let greeting = |refused: &Vec<RoomName>| greeting(refused.clone());
        let joined = self.enter(connection, greeting, move |collab| {
            let resume = Arc::clone(&resume);
            async move { collab.query(user, move |reads, user| rights(reads, user, &resume)).await }
        });
        let (Joined { cursor, resumes }, _) = joined.await?;
        Ok(Resumed::at(&cursor, resumes, Vec::new()))
    }
}

fn rights(
    reads: &Reads<'_>,
    user: &User,
    resume: &Resume,
) -> Result<(Entry, Vec<RoomName>), Fault> {
    let head = reads.head()?;
    let (mut rooms, mut labels, mut refused) = (Rooms::new(), Vec::new(), Vec::new());
    for name in &resume.rooms {
        match enterable(reads, user, name) {
            Ok(room) => {
                labels.extend(name.label(room));
                rooms.push(room);
            }
            Err(Fault::NotFound(_) | Fault::Forbidden) if resume.key.is_some() => {
                refused.push(name.clone());
            }
            Err(fault) => return Err(fault),
        }
    }
    let intervals = reads.intervals_of(user.id)?;
    let channels = reads.channel_intervals_of(user.id)?;
    let since = match &resume.since {
        Some(since) => {
            let mut heard = sync::rooms(&intervals, &channels, user.id);
            heard.extend(
                rooms
                    .iter()
                    .flat_map(|room| [*room].into_iter().chain(room.project().map(Room::Project))),
            );
            sync::place(reads, since, &heard)?
        }
        None => Ok(SyncId(u64::MAX)),
    };
    let rewind = Rewind {
        since,
        memberships: intervals.iter().map(|one| (one.project, one.from, one.to)).collect(),
        channels: channels.iter().map(|one| (one.channel, one.from, one.to)).collect(),
        sees_all: user.role == WorkspaceRole::Admin,
        key: resume.key,
        floors: Vec::new(),
        before: None,
    };
    let (role, rewind) = (user.role, Some(rewind));
    Ok((Entry { labels, role, rewind, ..Entry::new(rooms, head.id) }, refused))
}

/// The room of this name, if this user may enter it.
pub(crate) fn enterable(reads: &Reads<'_>, user: &User, name: &RoomName) -> Result<Room, Fault> {
    let room = name.resolve(reads)?;
    match (room, room.project()) {
        (Room::Channel(_, channel) | Room::Private(_, channel), _) => {
            visible_channel(reads, user, channel)?;
        }
        (_, Some(project)) => drop(access::permit(reads, user, project, Action::Read)?),
        _ => {}
    }
    Ok(room)
}
