//! Delivery: who hears what, how often, and what is encoded how often.

use std::sync::Mutex;

use bytes::Bytes;
use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{
    Body, Member, Priority, ProjectId, ProjectRole, Scope, Task, TaskId, TaskStatus, Timestamp,
    UserRef,
};
use proptest::prelude::*;
use smallvec::smallvec;

use super::*;
use crate::connection::{Ended, Enters, Exit, Whose};
use crate::counters::Counters;
use crate::frame::{Deliveries, Delivery};
use crate::outbox::OutboxLimits;

/// Every key has a word for everything; each making of a frame is noted.
#[derive(Default)]
pub(super) struct Words {
    pub(super) made: Mutex<Vec<FrameKey>>,
    /// The key that hears a second word for everything, and lists.
    companions: Option<FrameKey>,
    deaf: Option<FrameKey>,
}

impl Encoder for Words {
    fn audience(&self, event: &Event, key: FrameKey) -> Rooms {
        if self.deaf == Some(key) { Rooms::new() } else { event.body.rooms() }
    }

    fn companion(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        let told = Bytes::from(format!("{}/{}+", event.sync_id, key.0));
        (self.companions == Some(key)).then(|| Frame::ephemeral(told))
    }

    fn lists_present(&self, key: FrameKey) -> bool {
        self.companions == Some(key)
    }

    fn list(&self, room: Room, present: &[Present], key: FrameKey) -> Option<Frame> {
        let told = Bytes::from(format!("{room}/{}", present.len()));
        self.lists_present(key).then(|| Frame::ephemeral(told))
    }

    fn frame(&self, event: &Event, key: FrameKey) -> Option<Frame> {
        self.made.lock().unwrap().push(key);
        Some(Frame::durable(Bytes::from(format!("{}/{}", event.sync_id, key.0))))
    }

    fn signal(&self, signal: &Signal, key: FrameKey) -> Deliveries {
        let SignalBody::Presence { rooms, elsewhere, .. } = &signal.body else {
            return Deliveries::new();
        };
        let (rooms, unless) = (Rooms::from_slice(rooms), Rooms::from_slice(elsewhere));
        let frame = Frame::ephemeral(Bytes::from(format!("signal/{}", key.0)));
        smallvec![Delivery { rooms, unless, except: signal.cause, frame }]
    }
}

/// No test here ends a connection.
#[derive(Debug)]
struct Nowhere;

impl Exit for Nowhere {
    fn take(&self, _: Ended, _: Timestamp) {}
}

pub(super) fn user(id: i64) -> Arc<UserRef> {
    let name = format!("user{id}");
    Arc::new(UserRef { id: UserId(id), username: name.clone(), full_name: name, email: None })
}

fn attach(hub: &mut Hub, id: u64, user_id: i64, key: u16) -> Arc<Connection> {
    attach_with(hub, id, user_id, key, OutboxLimits::default())
}

pub(super) fn attach_with(
    hub: &mut Hub,
    id: u64,
    user_id: i64,
    key: u16,
    limits: OutboxLimits,
) -> Arc<Connection> {
    let outbox = Outbox::new(limits, Arc::new(Counters::default()));
    let connection = Arc::new(Connection::new(
        ConnectionId(id),
        Whose::new(user(user_id), Timestamp::default()),
        FrameKey(key),
        Arc::new(outbox),
        Enters::Projects,
        Box::new(Nowhere),
        Timestamp::default(),
    ));
    hub.attach(Arc::clone(&connection), SyncId::ZERO);
    connection
}

/// An event of project 1 and user 9.
fn event(id: u64) -> Event {
    event_in(1, id)
}

pub(super) fn event_in(project: i64, id: u64) -> Event {
    let member = Member {
        project_id: ProjectId(project),
        user_id: UserId(9),
        user: UserRef::clone(&user(9)),
        role: ProjectRole::Member,
        joined_at: Timestamp::default(),
    };
    Event {
        sync_id: SyncId(id),
        scope: Scope::Project(ProjectId(project)),
        actor: UserRef::clone(&user(1)),
        origin: None,
        at: Timestamp::default(),
        body: Body::MemberAdded { member },
    }
}

pub(super) fn presence(rooms: &[i64], elsewhere: &[i64], cause: Option<u64>) -> Signal {
    let ids = |ids: &[i64]| ids.iter().map(|id| Room::Project(ProjectId(*id))).collect();
    Signal {
        user: UserRef::clone(&user(1)),
        at: Timestamp::default(),
        cause: cause.map(ConnectionId),
        body: SignalBody::Presence {
            arrived: true,
            rooms: ids(rooms),
            names: Vec::new(),
            elsewhere: ids(elsewhere),
        },
    }
}

pub(super) fn heard(connection: &Connection) -> Vec<String> {
    let frames = connection.outbox.take(usize::MAX);
    frames.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap()).collect()
}

const PROJECT: Room = Room::Project(ProjectId(1));
const OTHER: Room = Room::Project(ProjectId(2));

#[test]
fn a_second_word_comes_just_before_the_first() {
    let (mut hub, words) =
        (Hub::default(), Words { companions: Some(FrameKey(1)), ..Words::default() });
    let (plain, both) = (attach(&mut hub, 1, 1, 0), attach(&mut hub, 2, 2, 1));
    for id in [plain.id, both.id] {
        hub.join(id, PROJECT);
    }
    hub.publish(&event(7), &words);
    assert_eq!(
        (heard(&plain), heard(&both)),
        (vec!["7/0".into()], vec!["7/1+".into(), "7/1".into()])
    );
}

#[test]
fn lists_are_for_who_hears_lists() {
    let (mut hub, words) =
        (Hub::default(), Words { companions: Some(FrameKey(1)), ..Words::default() });
    let (plain, one, other) =
        (attach(&mut hub, 1, 1, 0), attach(&mut hub, 2, 2, 1), attach(&mut hub, 3, 3, 1));
    hub.join(plain.id, PROJECT);
    assert!(!hub.wants_lists(PROJECT, &words));
    for id in [one.id, other.id] {
        hub.join(id, PROJECT);
    }
    assert!(hub.wants_lists(PROJECT, &words) && !hub.wants_lists(OTHER, &words));
    hub.list(PROJECT, &[], Some(one.id), &words);
    assert_eq!(heard(&other), ["project:1/0"]);
    assert!(heard(&one).is_empty() && heard(&plain).is_empty());
}

#[test]
fn each_connection_once_and_each_key_encoded_once() {
    let (mut hub, words) = (Hub::default(), Words::default());
    let both = attach(&mut hub, 1, 9, 0);
    let one = attach(&mut hub, 2, 2, 0);
    let foreign = attach(&mut hub, 3, 3, 5);
    let outside = attach(&mut hub, 4, 4, 0);
    for id in [1, 2, 3] {
        assert!(hub.join(ConnectionId(id), PROJECT));
    }
    hub.join(ConnectionId(1), Room::User(UserId(9)));

    assert_eq!(hub.publish(&event(7), &words).frames, 3);
    assert_eq!(heard(&both), ["7/0"], "an event of two of its rooms");
    assert_eq!((heard(&one), heard(&foreign)), (vec!["7/0".into()], vec!["7/5".to_owned()]));
    assert!(heard(&outside).is_empty());
    assert_eq!(*words.made.lock().unwrap(), [FrameKey(0), FrameKey(5)]);
}

#[test]
fn nothing_is_encoded_for_nobody() {
    let (mut hub, words) = (Hub::default(), Words { deaf: Some(FrameKey(5)), ..Words::default() });
    attach(&mut hub, 1, 1, 0);
    attach(&mut hub, 2, 2, 5);
    hub.join(ConnectionId(2), PROJECT);
    assert_eq!(hub.publish(&event(1), &words).frames, 0);
    assert!(words.made.lock().unwrap().is_empty());
}

#[test]
fn signals_pass_over_their_sender_and_those_who_know() {
    let (mut hub, words) = (Hub::default(), Words::default());
    let sender = attach(&mut hub, 1, 1, 0);
    let knows = attach(&mut hub, 2, 2, 0);
    let hears = attach(&mut hub, 3, 3, 0);
    for id in [1, 2, 3] {
        hub.join(ConnectionId(id), PROJECT);
    }
    hub.join(ConnectionId(2), OTHER);
    assert_eq!(hub.signal(&presence(&[1], &[2], Some(1)), &words).frames, 1);
    assert!(heard(&sender).is_empty() && heard(&knows).is_empty());
    assert_eq!(heard(&hears), ["signal/0"]);
}

#[test]
fn a_dirty_outbox_is_listed_once() {
    let (mut hub, words) = (Hub::default(), Words::default());
    let connection = attach(&mut hub, 1, 1, 0);
    hub.join(ConnectionId(1), PROJECT);
    for id in 1..=3 {
        hub.publish(&event(id), &words);
    }
    assert_eq!(hub.dirty().drain(..).len(), 1);
    connection.outbox.flush();
    hub.publish(&event(4), &words);
    assert_eq!(hub.dirty().drain(..).len(), 1);
}

#[test]
fn rights_that_changed_after_they_were_read_do_not_hold() {
    let mut hub = Hub::default();
    attach(&mut hub, 1, 9, 0);
    hub.rights_changed(UserId(9), SyncId(5));
    assert!(hub.rights_hold(ConnectionId(1), &[], SyncId(5)));
    assert!(!hub.rights_hold(ConnectionId(1), &[], SyncId(4)));
    assert!(!hub.rights_hold(ConnectionId(2), &[], SyncId(9)), "an unknown connection has none");
}

proptest! {
    /// After any joins, leaves and detachments the rooms hold exactly who should be in them, and
    /// delivery reaches exactly those.
    #[test]
    fn rooms_are_what_a_plain_model_says(
        steps in prop::collection::vec((0..6_u64, 0..3_i64, 0..4_u8), 0..80)
    ) {
        let mut hub = Hub::default();
        let mut model: std::collections::BTreeSet<(u64, i64)> = std::collections::BTreeSet::new();
        let mut attached: HashMap<u64, Arc<Connection>> = HashMap::new();
        for (id, project, action) in steps {
            let room = Room::Project(ProjectId(project));
            match action {
                0 => {
                    attached.entry(id).or_insert_with(|| {
                        let key = u16::try_from(id % 2).unwrap();
                        attach(&mut hub, id, i64::try_from(id % 3).unwrap(), key)
                    });
                }
                1 => {
                    let joined = hub.join(ConnectionId(id), room);
                    prop_assert_eq!(
                        joined, attached.contains_key(&id) && model.insert((id, project))
                    );
                }
                2 => prop_assert_eq!(hub.leave(ConnectionId(id), room), model.remove(&(id, project))),
                _ => {
                    let known = attached.remove(&id).is_some();
                    prop_assert_eq!(hub.detach(ConnectionId(id)).is_some(), known);
                    model.retain(|(other, _)| *other != id);
                }
            }
            for project in 0..3 {
                let mut found = hub.members(Room::Project(ProjectId(project)));
                found.sort_unstable();
                let expected: Vec<_> = model.iter().filter(|(_, p)| *p == project)
                    .map(|(id, _)| ConnectionId(*id)).collect();
                prop_assert_eq!(found, expected);
            }
        }
        hub.publish(&event(1), &Words::default());
        for (id, connection) in &attached {
            prop_assert_eq!(heard(connection).len(), usize::from(model.contains(&(*id, 1))));
        }
        let rooms = model.iter().map(|(_, project)| project).collect::<std::collections::BTreeSet<_>>();
        let projects = hub.rooms.keys().filter(|room| matches!(room, Room::Project(_))).count();
        let [connections, _, there, of_projects] = hub.sizes();
        prop_assert_eq!((there, of_projects), (rooms.len(), projects));
        prop_assert_eq!(connections, attached.len());
    }
}

#[test]
fn a_task_is_told_in_the_room_of_its_assignee_while_he_belongs_to_the_project() {
    let (mut hub, words) = (Hub::default(), Words::default());
    let assignee = attach(&mut hub, 1, 9, 0);
    hub.join(assignee.id, Room::User(UserId(9)));
    let tell = |hub: &mut Hub, id| {
        hub.publish(&task_event(id, 9), &words);
        heard(&assignee).len()
    };
    assert_eq!(tell(&mut hub, 1), 0);
    hub.set_projects(assignee.id, vec![ProjectId(1)]);
    assert_eq!(tell(&mut hub, 2), 1);
    hub.belongs(UserId(9), ProjectId(1), false);
    assert_eq!(tell(&mut hub, 3), 0);
    hub.publish(&event(4), &words);
    assert_eq!(heard(&assignee), ["4/0"], "what is about him he hears all the same");
    hub.set_role(assignee.id, WorkspaceRole::Admin);
    assert_eq!(tell(&mut hub, 5), 1);
    hub.set_role(assignee.id, WorkspaceRole::User);
    hub.belongs(UserId(9), ProjectId(1), true);
    assert_eq!(tell(&mut hub, 6), 1);
}

pub(crate) fn task_event(id: u64, assignee: i64) -> Event {
    Event { body: Body::TaskDeleted { task: task_of(assignee) }, ..event(id) }
}

fn task_of(assignee: i64) -> Task {
    Task {
        id: TaskId(1),
        project_id: ProjectId(1),
        title: "Pour concrete".into(),
        description: None,
        status: TaskStatus::Todo,
        priority: Priority::Medium,
        assignee_id: Some(UserId(assignee)),
        assignee: Some(UserRef::clone(&user(assignee))),
        creator_id: UserId(1),
        creator: UserRef::clone(&user(1)),
        due_date: None,
        estimated_hours: None,
        category: None,
        position: 1.0,
        version: 1,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
    }
}
