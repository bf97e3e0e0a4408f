//! Connections: entering rooms by right, typing, who is there.

mod lately;

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{
    ChannelId, ConnectionId, Cursor, ProjectId, Room, Signal, TaskId, User, UserId, UserRef,
};
use chorus_realtime::orders::{Greeting, Showing};
use chorus_realtime::publisher::MOST_ROOMS;
use chorus_realtime::{Connection, Enters, Entry, Joined, NotJoined};
use chorus_storage::Reads;

use crate::access::{self, Action};
use crate::chat::{self, Unread};
use crate::collab::Collab;
use crate::fault::{Fault, Noun};
use crate::fields::id_of;
use crate::queries::visible_task;
use crate::recovery::TakenUp;
use crate::resume::enterable;
use crate::tokens::TokenFault;

pub(crate) use lately::Known;
pub use lately::Lately;

/// A room as clients of some dialects name it: `project:7`, `task:12`, `channel:3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomName {
    text: Box<str>,
    entity: Option<Entity>,
    must_exist: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entity {
    Project(ProjectId),
    Task(TaskId),
    Channel(ChannelId),
}

impl RoomName {
    /// Most bytes before and after the colon.
    pub const MAX_ID: usize = 64;

    /// The room of this kind and id. `None` if the id is too long or empty.
    pub fn new(kind: &str, id: &str) -> Option<Self> {
        if id.is_empty() || id.len() > Self::MAX_ID || kind.len() > Self::MAX_ID {
            return None;
        }
        let number = id_of(&id.into());
        let entity = match (kind, number) {
            ("project", Some(id)) => Some(Entity::Project(ProjectId(id))),
            ("task", Some(id)) => Some(Entity::Task(TaskId(id))),
            ("channel", Some(id)) => Some(Entity::Channel(ChannelId(id))),
            _ => None,
        };
        // One name for one thing: the digits may have been written with zeros before them.
        let text = match number {
            Some(number) => format!("{kind}:{number}"),
            None => format!("{kind}:{id}"),
        };
        Some(Self { text: text.into(), entity, must_exist: false })
    }

    /// The same, but only for what is stored: a name that stands for nothing is not found.
    pub fn stored(kind: &str, id: &str) -> Option<Self> {
        Some(Self { must_exist: true, ..Self::new(kind, id)? })
    }

    /// The room of a project, but only while there is one.
    pub fn of(project: ProjectId) -> Self {
        let text = format!("project:{project}").into();
        Self { text, entity: Some(Entity::Project(project)), must_exist: true }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How it is kept.
    pub(crate) fn to_kept(&self) -> String {
        format!("{}{}", if self.must_exist { "=" } else { "" }, self.text)
    }

    /// As it was kept.
    pub(crate) fn from_kept(text: &str) -> Option<Self> {
        let (name, must_exist) = match text.strip_prefix('=') {
            Some(name) => (name, true),
            None => (text, false),
        };
        let (kind, id) = name.split_once(':')?;
        Some(Self { must_exist, ..Self::new(kind, id)? })
    }

    /// The room of the project that it names.
    pub(crate) fn project(&self) -> Option<Room> {
        match self.entity? {
            Entity::Project(id) => Some(Room::Project(id)),
            Entity::Task(_) | Entity::Channel(_) => None,
        }
    }

    /// What the log files under its own name, of what it names.
    pub(crate) fn filed(&self) -> Option<Room> {
        match self.entity? {
            // Rooms of the log are told apart by their names, which leave the project out.
            Entity::Channel(id) => Some(Room::Channel(ProjectId(0), id)),
            _ => self.project(),
        }
    }

    /// What it stands for: what is stored under it, or else just a name.
    pub(crate) fn resolve(&self, reads: &Reads<'_>) -> Result<Room, Fault> {
        let found = match self.entity {
            Some(Entity::Project(id)) => reads.project(id)?.map(|_| Room::Project(id)),
            Some(Entity::Task(id)) => reads.task(id)?.map(|task| Room::Task(task.project_id, id)),
            Some(Entity::Channel(id)) => reads.channel(id)?.map(|channel| channel.room()),
            None => None,
        };
        match (found, self.entity) {
            (Some(room), _) => Ok(room),
            (None, entity) if self.must_exist => Err(Fault::NotFound(match entity {
                Some(Entity::Task(_)) => Noun::Task,
                Some(Entity::Channel(_)) => Noun::Channel,
                _ => Noun::Project,
            })),
            (None, _) => Ok(Room::named(&self.text)),
        }
    }

    /// What the room is called that it was resolved to, if nothing stored says so.
    pub(crate) fn label(&self, room: Room) -> Option<(Room, Arc<str>)> {
        matches!(room, Room::Named(_)).then(|| (room, Arc::from(&*self.text)))
    }
}

/// What a connection begins with, beside its rooms.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The rooms that it was in before and may not be in any more, and why.
    pub lost: Vec<(Room, Fault)>,
    /// What its user has not read, if that is told.
    pub unread: Option<Unread>,
}

/// How often a join is tried again because rights changed between reading them and entering.
const TRIES: usize = 8;

impl Collab {
    /// Lets a new connection into its user's own room, and, if it joins by itself, into the
    /// rooms of his projects; one that is taken up also into those that it had asked for, and it is
    /// told what happened meanwhile. The greeting is the first that it hears. `counts`: it is told
    /// what its user has not read.
    pub async fn connect(
        &self,
        connection: &Arc<Connection>,
        taken_up: Option<TakenUp>,
        counts: bool,
        greeting: impl Fn(Option<Unread>) -> Greeting,
    ) -> Result<Connected, Fault> {
        self.parts.realtime.attach(Arc::clone(connection)).await;
        let (user, issued_at) = (connection.user.id, connection.user.issued_at);
        let (enters, key, taken_up) = (connection.enters, connection.key(), Arc::new(taken_up));
        let (_, connected) = self
            .enter(
                connection.id,
                |connected: &Connected| greeting(connected.unread.clone()),
                move |collab| {
                    let taken_up = Arc::clone(&taken_up);
                    async move {
                        let read = move |reads: &Reads<'_>, user: &User| {
                            // The token was looked at before the publisher knew whom to put out.
                            if issued_at < reads.tokens_from(user.id)? {
                                return Err(TokenFault::Revoked.into());
                            }
                            let entry = arriving(reads, user, enters)?;
                            let unread =
                                counts.then(|| chat::unread(reads, user.id)).transpose()?;
                            let (entry, lost) = match &*taken_up {
                                Some(taken_up) => {
                                    taken_up.go_on(reads, user, enters, key, entry)?
                                }
                                None => (entry, Vec::new()),
                            };
                            Ok((entry, Connected { lost, unread }))
                        };
                        collab.query(user, read).await
                    }
                },
            )
            .await?;
        Ok(connected)
    }

    /// The place in the log up to which events have been announced to connections.
    pub fn announced(&self) -> Cursor {
        let id = self.parts.realtime.tail().published();
        Cursor { epoch: self.parts.store.head().epoch, id }
    }

    /// Lets a connection into the room of a project, if its user may see the project. `asks_who`:
    /// the greeting tells who is there.
    pub async fn join(
        &self,
        connection: ConnectionId,
        user: UserId,
        project: ProjectId,
        asks_who: bool,
        greeting: impl Fn() -> Greeting,
    ) -> Result<(), Fault> {
        self.enter(
            connection,
            |(): &()| greeting(),
            move |collab| async move {
                collab
                    .query(user, move |reads, user| {
                        access::permit(reads, user, project, Action::Read)?;
                        let rooms = Rooms::from_slice(&[Room::Project(project)]);
                        let role = user.role;
                        Ok((Entry { asks_who, role, ..Entry::new(rooms, reads.head()?.id) }, ()))
                    })
                    .await
            },
        )
        .await
        .map(drop)
    }

    /// Whether there is such a project, whoever may see it.
    pub async fn has_project(&self, user: UserId, project: ProjectId) -> Result<bool, Fault> {
        self.query(user, move |reads, _| Ok(reads.project(project)?.is_some())).await
    }

    /// Takes a connection out of the room of a project; whether it was there.
    pub async fn leave(&self, connection: ConnectionId, project: ProjectId) -> bool {
        let rooms = Rooms::from_slice(&[Room::Project(project)]);
        self.parts.realtime.leave(connection, rooms).await
    }

    /// Lets a connection into a room by its name. A name that stands for nothing stored is a
    /// room too: anybody may enter it, and it is gone with its last member.
    pub async fn join_named(
        &self,
        connection: ConnectionId,
        user: UserId,
        name: &RoomName,
        greeting: impl Fn() -> Greeting,
    ) -> Result<(), Fault> {
        let name = name.clone();
        self.enter(
            connection,
            |(): &()| greeting(),
            move |collab| {
                let name = name.clone();
                async move {
                    collab
                        .query(user, move |reads, user| {
                            let room = enterable(reads, user, &name)?;
                            let labels = name.label(room).into_iter().collect();
                            let rooms = Rooms::from_slice(&[room]);
                            let role = user.role;
                            Ok((Entry { labels, role, ..Entry::new(rooms, reads.head()?.id) }, ()))
                        })
                        .await
                }
            },
        )
        .await
        .map(drop)
    }

    /// Takes a connection out of a room by its name; whether it was there.
    pub async fn leave_named(
        &self,
        connection: ConnectionId,
        user: UserId,
        name: &RoomName,
    ) -> Result<bool, Fault> {
        let room = self.resolve(user, name).await?;
        Ok(self.parts.realtime.leave(connection, Rooms::from_slice(&[room])).await)
    }

    pub(crate) async fn resolve(&self, user: UserId, name: &RoomName) -> Result<Room, Fault> {
        let name = name.clone();
        self.query(user, move |reads, _| name.resolve(reads)).await
    }

    /// Tells the others in a task's project that somebody types, or no longer does. `lately` is
    /// where the connection keeps the tasks that it typed on last, so that a key stroke costs no
    /// query; that it still hears the project is asked of the hub every time.
    pub async fn typing(
        &self,
        connection: &Connection,
        lately: &Lately,
        task: TaskId,
        typing: bool,
    ) -> Result<(), Fault> {
        let renamed = self.parts.realtime.tail().renamed();
        let known = self.known.get(task, renamed);
        let task = match known.filter(|task| lately.knows(task.project_id)) {
            Some(task) => task,
            None => {
                let user = connection.user.id;
                let found = self.query(user, move |reads, user| visible_task(reads, user, task));
                let found = found.await?.to_ref();
                self.known.put(&found, renamed);
                lately.note(found.project_id);
                found
            }
        };
        let room = Room::Project(task.project_id);
        let signal = Signal {
            user: UserRef::clone(&connection.user.get()),
            at: self.parts.clock.now(),
            cause: Some(connection.id),
            body: SignalBody::Typing { task, typing },
        };
        self.parts.realtime.signal_within(room, signal);
        Ok(())
    }

    /// Tells a connection who is in a project; without one, in any that its user belongs to. It is
    /// told between what it is told of those who come and go.
    pub async fn show_present(
        &self,
        connection: ConnectionId,
        user: UserId,
        project: Option<ProjectId>,
        showing: Showing,
    ) -> Result<(), Fault> {
        let rooms = self
            .query(user, move |reads, user| match project {
                Some(project) => {
                    access::permit(reads, user, project, Action::Read)?;
                    Ok(vec![Room::Project(project)])
                }
                None => {
                    let all = reads.memberships_of(user.id)?;
                    Ok(all.into_iter().map(|(project, _)| Room::Project(project)).collect())
                }
            })
            .await?;
        self.parts.realtime.present(rooms, Some((connection, showing))).await;
        Ok(())
    }

    /// Enters by rights that are read again if they change meanwhile. `greeting` is made of what
    /// was read beside them.
    pub(crate) async fn enter<R, F, T>(
        &self,
        connection: ConnectionId,
        greeting: impl Fn(&T) -> Greeting,
        rights: R,
    ) -> Result<(Joined, T), Fault>
    where
        R: Fn(Self) -> F,
        F: Future<Output = Result<(Entry, T), Fault>>,
    {
        for _ in 0..TRIES {
            let (entry, read) = rights(self.clone()).await?;
            match self.parts.realtime.join(connection, entry, greeting(&read)).await {
                Ok(joined) => return Ok((joined, read)),
                Err(NotJoined::TooMany) => return Err(Fault::TooManyRooms),
                Err(NotJoined::Stale) => {}
            }
        }
        Err(Fault::Busy)
    }
}

/// Into which rooms somebody comes by himself.
fn arriving(reads: &Reads<'_>, user: &User, enters: Enters) -> Result<Entry, Fault> {
    let mut rooms: Rooms = Rooms::from_slice(&[Room::User(user.id)]);
    let member = reads.memberships_of(user.id)?;
    let projects: Vec<_> = member.into_iter().map(|(id, _)| id).collect();
    let room = |project: &_| enters.room(*project, user.role);
    // Whoever belongs to more is let in all the same: others took him in there.
    let most = MOST_ROOMS - rooms.len();
    rooms.extend(projects.iter().filter_map(room).take(most));
    let (role, projects) = (user.role, Some(projects));
    Ok(Entry { role, projects, ..Entry::new(rooms, reads.head()?.id) })
}
