//! What events say of rights, applied to the hub at their place in the log.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{
    Body, ConnectionId, Event, Member, ProjectId, Room, SyncId, UserId, UserRef, WorkspaceRole,
};

use super::Publisher;
use super::attendance::MOST_ROOMS;
use crate::connection::{Connection, Ended};
use crate::frame::Loss;
use crate::mutation::{self, Mutation};

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
            Body::ChannelCreated { channel } => {
                self.clear(Room::named(&channel.room().to_string()));
            }
            Body::ChannelDeleted { channel } => self.close_room(channel.room(), Loss::Channel),
            Body::ChannelMemberAdded { member, .. } => self.hub.rights_changed(member.user_id, at),
            Body::ChannelMemberRemoved { channel, member } => {
                self.hub.rights_changed(member.user_id, at);
                for connection in self.hub.connections_of(member.user_id) {
                    if self.hub.is_in(connection, channel.room()) {
                        self.show_out(connection, &[channel.room()]);
                    }
                }
            }
            Body::MemberAdded { member } => self.grant(member.user_id, member.project_id, at),
            Body::MemberUpdated { member: Member { user_id, .. }, .. } => {
                self.hub.rights_changed(*user_id, at);
            }
            Body::MemberRemoved { .. } if mutation::made(Mutation::EvictionForgotten) => {}
            Body::MemberRemoved { member } => {
                self.hub.rights_changed(member.user_id, at);
                self.evict(member.user_id, member.project_id);
            }
            Body::ProjectDeleted { project } => self.close_project(project.id, at),
            Body::UserUpdated { user } => {
                self.hub.rights_changed(user.id, at);
                self.rename(&Arc::new(user.to_ref()));
                self.change_role(user.id, user.role);
                if user.role != WorkspaceRole::Admin {
                    self.check_rooms(user.id);
                }
            }
            Body::UserDeactivated { user } => {
                self.hub.rights_changed(user.id, at);
                self.end(user.id, Ended::Closed, |_| true);
            }
            Body::UserLoggedOut { user, tokens_from } => {
                self.hub.rights_changed(user.id, at);
                // Who has logged in anew meanwhile has come with a newer token.
                self.end(user.id, Ended::LoggedOut, |one| one.user.issued_at < *tokens_from);
            }
            _ => {}
        }
    }

    /// Takes every connection of a user out of all rooms of a project.
    pub(super) fn evict(&mut self, user: UserId, project: ProjectId) {
        self.hub.belongs(user, project, false);
        for connection in self.hub.connections_of(user) {
            let mut rooms = self.hub.rooms_of(connection);
            rooms.retain(|room| room.project() == Some(project));
            self.show_out(connection, &rooms);
        }
    }

    /// Takes a user who is no admin of the workspace out of the projects that he is no member of:
    /// an admin may hear every project that he asks for.
    fn check_rooms(&mut self, user: UserId) {
        for connection in self.hub.connections_of(user) {
            let mut rooms = self.hub.rooms_of(connection);
            let foreign = |project| !self.hub.belongs_to(user, project);
            rooms.retain(|room| room.project().is_some_and(foreign));
            self.show_out(connection, &rooms);
        }
    }

    /// Takes a connection out of rooms that its user may not hear any more, and tells it so.
    fn show_out(&mut self, connection: ConnectionId, rooms: &[Room]) {
        let Some(key) = self.hub.connection(connection).map(|one| one.key()) else { return };
        let (now, encoder) = (self.clock.now(), Arc::clone(&self.encoder));
        let told =
            |room: &Room| Some((Some(*room), encoder.put_out(*room, Loss::Access, now, key)?));
        let told = rooms.iter().filter_map(told);
        self.hub.tell_in_order(connection, told);
        self.exit(connection, rooms, None);
    }

    /// Takes everybody out of the rooms of a project that was deleted. Nobody is told who else
    /// was there: all that they hear of the project is its end.
    fn close_project(&mut self, project: ProjectId, at: SyncId) {
        self.hub.project_deleted(project, at);
        for room in self.hub.rooms_around(project) {
            self.close_room(room, Loss::Project);
        }
    }

    /// Takes everybody out of a room that is no more, and tells them so.
    fn close_room(&mut self, room: Room, why: Loss) {
        self.hub.put_out(room, why, self.clock.now(), &*self.encoder);
        for connection in self.hub.members(room) {
            let user = self.user_of(connection).map(|user| user.id);
            self.hub.leave(connection, room);
            if let Some(user) = user {
                self.roster.leave(user, room, None);
            }
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

    /// Ends connections of a user: they are told why, and he has left at once.
    fn end(&mut self, user: UserId, why: Ended, ends: impl Fn(&Connection) -> bool) {
        let now = self.clock.now();
        for id in self.hub.connections_of(user) {
            if let Some(connection) = self.hub.connection(id).filter(|one| ends(one)) {
                connection.exit.take(why, now);
                self.detach(id, true);
            }
        }
    }

    /// From now on a user is called so: in signals, and in lists of who is there.
    fn rename(&mut self, user: &Arc<UserRef>) {
        for id in self.hub.connections_of(user.id) {
            if let Some(connection) = self.hub.connection(id) {
                connection.user.rename(user);
            }
        }
        for room in self.roster.rename(user) {
            self.list_later(room, None);
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
