//! Connections: entering rooms by right, typing, who is there.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{ConnectionId, ProjectId, Room, Signal, SyncId, TaskId, UserId};
use chorus_realtime::orders::Greeting;
use chorus_realtime::{Connection, Present, Stale};

use crate::access::{self, Action};
use crate::collab::Collab;
use crate::fault::Fault;
use crate::queries::visible_task;

/// How often a join is tried again because rights changed between reading them and entering.
const TRIES: usize = 8;

impl Collab {
    /// Lets a new connection into its user's own room, and, if it joins by itself, into the
    /// rooms of his projects. The greeting is the first that it hears.
    pub async fn connect(
        &self,
        connection: &Arc<Connection>,
        greeting: impl Fn() -> Greeting,
    ) -> Result<(), Fault> {
        self.parts.realtime.attach(Arc::clone(connection)).await;
        let (user, auto) = (connection.user.id, connection.auto_joins);
        self.enter(connection.id, greeting, move |collab| async move {
            collab
                .query(user, move |reads, user| {
                    let mut rooms: Rooms = Rooms::from_slice(&[Room::User(user.id)]);
                    if auto {
                        let projects = reads.memberships_of(user.id)?;
                        rooms.extend(projects.iter().map(|(project, _)| Room::Project(*project)));
                    }
                    Ok((rooms, reads.head()?.id))
                })
                .await
        })
        .await
    }

    /// Lets a connection into the room of a project, if its user may see the project.
    pub async fn join(
        &self,
        connection: ConnectionId,
        user: UserId,
        project: ProjectId,
        greeting: impl Fn() -> Greeting,
    ) -> Result<(), Fault> {
        self.enter(connection, greeting, move |collab| async move {
            collab
                .query(user, move |reads, user| {
                    let permit = access::permit(reads, user, project, Action::Read)?;
                    Ok((Rooms::from_slice(&[Room::Project(project)]), permit.at))
                })
                .await
        })
        .await
    }

    /// Takes a connection out of the room of a project. The greeting comes after the last that
    /// it hears there.
    pub async fn leave(&self, connection: ConnectionId, project: ProjectId, greeting: Greeting) {
        let rooms = Rooms::from_slice(&[Room::Project(project)]);
        self.parts.realtime.leave(connection, rooms, greeting).await;
    }

    /// Tells the others in a task's project that somebody types, or no longer does. `written` is
    /// the task's id as JSON, as the caller wrote it.
    pub async fn typing(
        &self,
        connection: &Connection,
        task: TaskId,
        written: Box<str>,
        typing: bool,
    ) -> Result<(), Fault> {
        let user = connection.user.id;
        let task =
            self.query(user, move |reads, user| visible_task(reads, user, task)).await?.to_ref();
        self.parts.realtime.signal(Signal {
            user: connection.user.as_ref().clone(),
            at: self.parts.clock.now(),
            except: Some(connection.id),
            body: SignalBody::Typing { task, written, typing },
        });
        Ok(())
    }

    /// Who is in a project; without one, in any that the caller belongs to.
    pub async fn present(
        &self,
        user: UserId,
        project: Option<ProjectId>,
    ) -> Result<Vec<Present>, Fault> {
        let projects = self
            .query(user, move |reads, user| match project {
                Some(project) => {
                    access::permit(reads, user, project, Action::Read)?;
                    Ok(vec![project])
                }
                None => {
                    let all = reads.memberships_of(user.id)?;
                    Ok(all.into_iter().map(|(project, _)| project).collect())
                }
            })
            .await?;
        Ok(self.parts.realtime.present(projects).await)
    }

    async fn enter<R, F>(
        &self,
        connection: ConnectionId,
        greeting: impl Fn() -> Greeting,
        rights: R,
    ) -> Result<(), Fault>
    where
        R: Fn(Self) -> F,
        F: Future<Output = Result<(Rooms, SyncId), Fault>>,
    {
        for _ in 0..TRIES {
            let (rooms, read_at) = rights(self.clone()).await?;
            let joined = self.parts.realtime.join(connection, rooms, read_at, greeting()).await;
            if joined != Err(Stale) {
                return Ok(());
            }
        }
        Err(Fault::Busy)
    }
}
