//! What events say of rights, applied to the hub at their place in the log.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{Body, Event, Member, ProjectId, Room, SyncId, UserId, WorkspaceRole};

use super::Publisher;
use super::attendance::MOST_ROOMS;
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
                self.change_role(user.id, user.role);
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
        self.hub.belongs(user, project, false);
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
        self.hub.belongs(user, project, true);
        for connection in self.hub.connections_of(user) {
            // One that has not entered its user's own room yet is about to read its rights.
            let entered = self.hub.is_in(connection, Room::User(user));
            let role = self.hub.role_of(connection);
            let room = |one: &Arc<Connection>| one.enters.room(project, role);
            if let Some(room) = self.hub.connection(connection).and_then(room)
                && entered
                && self.hub.rooms_of(connection).len() < MOST_ROOMS
            {
                self.enter(connection, &[room], self.clock.now());
            }
        }
    }

    /// Moves the connections of a user from the rooms of one role to those of another.
    fn change_role(&mut self, user: UserId, role: WorkspaceRole) {
        for connection in self.hub.connections_of(user) {
            self.hub.set_role(connection, role);
            let of_role = |room: &Room| matches!(room, Room::Role(_, old) if *old != role);
            let mut old = self.hub.rooms_of(connection);
            old.retain(|room| of_role(room));
            let new = old.iter().filter_map(|room| Some(Room::Role(room.project()?, role)));
            let new: Rooms = new.collect();
            self.exit(connection, &old, None);
            self.enter(connection, &new, self.clock.now());
        }
    }
}
