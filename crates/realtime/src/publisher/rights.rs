//! What events say of rights, applied to the hub at their place in the log.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{Body, Event, Member, ProjectId, Room, SyncId, UserId, WorkspaceRole};

use super::Publisher;
use crate::connection::Connection;
use crate::outbox::CloseReason;

impl Publisher {
    /// Applies what an event says of rights to the hub: the event itself was still delivered
    /// under the old ones.
    pub(super) fn apply(&mut self, event: &Event) {
        let at = event.sync_id;
        match &event.body {
            Body::ProjectCreated { project } => {
                self.clear(Room::named(&Room::Project(project.id).to_string()));
                self.grant(project.owner_id, project.id, at);
            }
            Body::TaskCreated { task } => {
                self.clear(Room::named(&Room::Task(task.project_id, task.id).to_string()));
            }
            Body::TaskDeleted { task } => self.clear(Room::Task(task.project_id, task.id)),
            Body::MemberAdded { member } => self.grant(member.user_id, member.project_id, at),
            Body::MemberUpdated { member: Member { user_id, .. }, .. } => {
                self.hub.rights_changed(*user_id, at);
            }
            Body::MemberRemoved { member } => {
                self.hub.rights_changed(member.user_id, at);
                self.evict(member.user_id, member.project_id);
            }
            Body::ProjectDeleted { project } => {
                for user in self.hub.users_around(project.id) {
                    self.hub.rights_changed(user, at);
                    self.evict(user, project.id);
                }
            }
            Body::UserUpdated { user } => {
                self.hub.rights_changed(user.id, at);
                self.to_check.insert(user.id);
            }
            Body::UserDeactivated { user } => {
                self.hub.rights_changed(user.id, at);
                for id in self.hub.connections_of(user.id) {
                    if let Some(connection) = self.hub.connection(id) {
                        connection.outbox.close(CloseReason::Ended);
                    }
                }
            }
            _ => {}
        }
    }

    /// Takes every connection of a user out of all rooms of a project.
    pub(super) fn evict(&mut self, user: UserId, project: ProjectId) {
        for connection in self.hub.connections_of(user) {
            let rooms = self.hub.rooms_of(connection);
            let there = rooms.into_iter().filter(|room| room.project() == Some(project));
            self.exit(connection, &there.collect::<Rooms>(), None);
        }
    }

    /// Takes a user out of the projects that he is no member of, unless he is an admin of the
    /// workspace, who may hear every project that he asks for.
    pub(super) async fn check_rooms(&mut self, user: UserId) {
        let read = self.store.read(move |reads| {
            let admin = reads.user(user)?.is_some_and(|user| user.role == WorkspaceRole::Admin);
            Ok((admin, reads.memberships_of(user)?))
        });
        let member = match read.await {
            Ok((false, member)) => member,
            Ok((true, _)) => return,
            Err(_) => {
                // The store is busy: what he hears is checked in the next round.
                self.to_check.insert(user);
                return;
            }
        };
        for connection in self.hub.connections_of(user) {
            let is_member = |room: &Room| {
                room.project().is_none_or(|project| member.iter().any(|(own, _)| *own == project))
            };
            let mut rooms = self.hub.rooms_of(connection);
            rooms.retain(|room| !is_member(room));
            self.exit(connection, &rooms, None);
        }
    }

    /// Puts everyone out of a room: what it was named after has come into being, or is gone.
    pub(super) fn clear(&mut self, room: Room) {
        for connection in self.hub.members(room) {
            self.exit(connection, &[room], None);
        }
    }

    pub(super) fn grant(&mut self, user: UserId, project: ProjectId, at: SyncId) {
        self.hub.rights_changed(user, at);
        for connection in self.hub.connections_of(user) {
            // One that has not entered its user's own room yet is about to read its rights.
            let entered = self.hub.is_in(connection, Room::User(user));
            let auto = |one: &Arc<Connection>| one.auto_joins;
            if entered && self.hub.connection(connection).is_some_and(auto) {
                self.enter(connection, &[Room::Project(project)]);
            }
        }
    }
}
