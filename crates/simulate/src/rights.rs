//! What the server reads of somebody's rights before he enters: the same that `collab` reads of the
//! store.

use std::sync::Arc;

use chorus_model::event::Rooms;
use chorus_model::{Cursor, Room, SyncId, UserId, WorkspaceRole};
use chorus_realtime::{Entry, Moment as _, Rewind};
use chorus_storage::Place;

use crate::client::{Ask, Client, Coming};
use crate::ledger::Ledger;
use crate::words::Dialect;

/// Whether what is kept of a client does not count, if it is to be kept: history was rewritten,
/// the log has lost some of what it missed, or its user has another role.
pub fn begins_anew(ledger: &Ledger, client: &Client) -> Option<WorkspaceRole> {
    let role = ledger.users.get(&client.user)?.role;
    let rooms: Vec<Room> = client.kept.keys().copied().collect();
    let since = || back_to(ledger, client, &rooms, client.cursor.clone(), true).since;
    let counts = client.cursor.is_some() && client.kept_role == role && since().is_ok();
    (client.coming == Coming::Recovers && !counts).then_some(role)
}

/// By what right a client enters what it asks for, and the rooms that it may not come back to.
/// None if it is refused.
pub fn read(ledger: &Ledger, client: &Client, ask: &Ask) -> Option<(Entry, Vec<Room>)> {
    let account = ledger.users.get(&client.user).filter(|account| account.active)?;
    let (mut rooms, mut refused, mut projects) = (Rooms::new(), Vec::new(), None);
    let mut rewind = None;
    match ask {
        Ask::Connect => {
            if client.issued_at < account.tokens_from {
                return None;
            }
            let own = ledger.projects_of(client.user);
            rooms.push(Room::User(client.user));
            let enters = client.dialect.enters();
            rooms.extend(own.iter().filter_map(|project| enters.room(*project, account.role)));
            projects = Some(own);
            if client.coming == Coming::Recovers && client.cursor.is_some() {
                let may = |room: Room, from: SyncId| {
                    let there = rooms.contains(&room) || account.role == WorkspaceRole::Admin;
                    may_enter(ledger, client.user, account.role, room)
                        && (there || stayed(ledger, client.user, room, from))
                };
                let (again, lost): (Vec<_>, Vec<_>) =
                    client.kept.iter().partition(|(room, from)| may(**room, **from));
                refused.extend(lost.into_iter().map(|(room, _)| *room));
                let mut floors = Vec::new();
                for (room, from) in again {
                    if !rooms.contains(room) {
                        rooms.push(*room);
                        floors.push((*room, *from));
                    }
                }
                let since = client.cursor.clone();
                rewind = Some(Rewind { floors, ..back_to(ledger, client, &rooms, since, true) });
            }
        }
        Ask::Resume => {
            let may = |room: &&Room| may_enter(ledger, client.user, account.role, **room);
            rooms.extend(client.wanted.iter().filter(may).copied());
            refused.extend(client.wanted.iter().filter(|room| !may(room)));
            let since = client.cursor.clone();
            rewind = Some(back_to(ledger, client, &rooms, since, true));
        }
        Ask::Join(room, since) => {
            if !may_enter(ledger, client.user, account.role, *room) {
                return None;
            }
            rooms.push(*room);
            let since = since.map(|id| Cursor { id, ..ledger.end() });
            rewind = since.map(|since| back_to(ledger, client, &rooms, Some(since), false));
        }
        Ask::Leave(_) | Ask::Who(_) => {}
    }
    let named = rooms.iter().filter(|room| matches!(room, Room::Named(_)));
    let labels = named.map(|room| (*room, Arc::from(room.to_string()))).collect();
    let asks_who = matches!(ask, Ask::Join(..));
    let role = account.role;
    let entry = Entry::new(rooms, ledger.head());
    Some((Entry { labels, asks_who, role, projects, rewind, ..entry }, refused))
}

/// Whether a user has belonged to a room's project ever since an event.
fn stayed(ledger: &Ledger, user: UserId, room: Room, since: SyncId) -> bool {
    let Some(project) = room.project() else { return true };
    (since.0..=ledger.head().0).all(|at| ledger.belongs(user, project, SyncId(at)))
}

fn may_enter(ledger: &Ledger, user: UserId, role: WorkspaceRole, room: Room) -> bool {
    let exists = match room {
        Room::Task(_, task) => ledger.tasks.contains_key(&task),
        _ => true,
    };
    let may = |project| {
        let belongs = ledger.belongs(user, project, ledger.head());
        ledger.projects.contains(&project) && (belongs || role == WorkspaceRole::Admin)
    };
    exists && room.project().is_none_or(may)
}

fn back_to(
    ledger: &Ledger,
    client: &Client,
    rooms: &[Room],
    since: Option<Cursor>,
    whole: bool,
) -> Rewind {
    let intervals = ledger.intervals.get(&client.user).map(Vec::as_slice).unwrap_or_default();
    let mut heard: Rooms = intervals.iter().map(|one| Room::Project(one.project)).collect();
    heard.extend([Room::User(client.user), Room::Everyone]);
    heard.extend(rooms.iter().filter_map(|room| room.project().map(Room::Project)));
    let since = match since.map(|since| ledger.place(&since, &heard)) {
        None => Ok(SyncId(u64::MAX)),
        Some(Ok(Place::At(id))) => Ok(id),
        Some(_) => Err("reset"),
    };
    let role = ledger.users.get(&client.user).map(|account| account.role);
    Rewind {
        channels: Vec::new(),
        since,
        memberships: intervals.iter().map(|one| (one.project, one.from, one.to)).collect(),
        sees_all: role == Some(WorkspaceRole::Admin),
        key: whole.then(|| Dialect::key(client.dialect, true)),
        floors: Vec::new(),
        before: None,
    }
}
