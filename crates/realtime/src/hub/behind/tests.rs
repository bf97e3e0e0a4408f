//! Those who could not follow: whatever is announced, read, joined and left in whatever order, each
//! hears each event of its rooms once, in order.

use std::collections::BTreeSet;
use std::time::Duration;

use chorus_model::Event;
use proptest::prelude::*;

use super::*;
use crate::connection::Connection;
use crate::hub::tests::{Words, attach_with, event_in, heard, presence, user};
use crate::outbox::OutboxLimits;

const LIMITS: OutboxLimits = OutboxLimits { frames: 4, bytes: 1 << 20 };
const PROJECT: Room = Room::Project(ProjectId(1));

/// A log, a hub, and clients that read when they are told to.
#[derive(Default)]
struct Street {
    hub: Hub,
    words: Words,
    log: Vec<Arc<Event>>,
    clients: Vec<Client>,
}

struct Client {
    connection: Arc<Connection>,
    rooms: BTreeSet<i64>,
    /// Rooms that it has left once.
    left: BTreeSet<i64>,
    should_hear: Vec<String>,
    heard: Vec<String>,
}

impl Street {
    fn with(clients: u64) -> Self {
        let mut street = Self::default();
        for id in 0..clients {
            let key = u16::try_from(id % 2).unwrap();
            let user = i64::try_from(id).unwrap();
            let connection = attach_with(&mut street.hub, id, user, key, LIMITS);
            let (rooms, left) = (BTreeSet::new(), BTreeSet::new());
            let (should_hear, heard) = (Vec::new(), Vec::new());
            street.clients.push(Client { connection, rooms, left, should_hear, heard });
        }
        street
    }

    fn publish(&mut self, project: i64) {
        let event = event_in(project, self.log.len() as u64 + 1);
        self.hub.publish(&event, &self.words);
        for client in self.clients.iter_mut().filter(|client| client.rooms.contains(&project)) {
            client.should_hear.push(format!("{}/{}", event.sync_id, client.connection.key().0));
        }
        self.log.push(Arc::new(event));
    }

    fn walk(&mut self, who: usize, project: i64, enters: bool) {
        let client = &mut self.clients[who];
        let (id, room) = (client.connection.id, Room::Project(ProjectId(project)));
        if enters {
            assert_eq!(self.hub.join(id, room), client.rooms.insert(project));
        } else {
            let was_there = client.rooms.remove(&project);
            assert_eq!(self.hub.leave(id, room), was_there);
            client.left.extend(was_there.then_some(project));
        }
    }

    /// Takes a client back to `since` in a room that it is in, or enters. False if it has heard
    /// some of that room already and left it: it would hear that again.
    fn rewind(&mut self, who: usize, project: i64, since: u64) -> bool {
        if self.clients[who].left.contains(&project) {
            return false;
        }
        self.walk(who, project, true);
        let client = &mut self.clients[who];
        let since = since.min(self.log.len() as u64);
        let room = Room::Project(ProjectId(project));
        self.hub.rewind(client.connection.id, &[room], &to(since));
        for event in &self.log[usize::try_from(since).unwrap()..] {
            let told = format!("{}/{}", event.sync_id, client.connection.key().0);
            if event.body.rooms().contains(&room) && !client.should_hear.contains(&told) {
                client.should_hear.push(told);
            }
        }
        true
    }

    fn read(&mut self, who: usize, bytes: usize) {
        let client = &mut self.clients[who];
        let frames = client.connection.outbox.take(bytes);
        let told = frames.iter().map(|frame| String::from_utf8(frame.to_vec()).unwrap());
        client.heard.extend(told);
    }

    /// Serves whoever has been drained, at most so many events each.
    fn serve(&mut self, most: usize) {
        for id in self.hub.drains().take() {
            let Some(question) = self.hub.ask(id) else { continue };
            let rooms = question.rooms();
            let asked = |event: &&Arc<Event>| {
                (question.after.next()..=question.upto).contains(&event.sync_id)
                    && event.body.rooms().iter().any(|room| rooms.contains(room))
            };
            let found: Vec<_> = self.log.iter().filter(asked).take(most).cloned().collect();
            let whole = found.len() < most;
            let last = found.last().map_or(question.upto, |event| event.sync_id);
            let scanned = if whole { question.upto } else { last };
            let answer =
                question.answer((found, scanned), |_, _| true, &self.words, self.hub.made());
            self.hub.feed(id, answer);
        }
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.hub.behind() == 0 {
                break;
            }
            for who in 0..self.clients.len() {
                self.read(who, 20);
            }
            self.serve(3);
        }
        for who in 0..self.clients.len() {
            self.read(who, usize::MAX);
        }
    }
}

/// To be told after an event, of whatever project.
fn to(since: u64) -> Rewind {
    let (memberships, channels, floors) = (Vec::new(), Vec::new(), Vec::new());
    Rewind {
        since: Ok(SyncId(since)),
        memberships,
        channels,
        sees_all: true,
        key: None,
        floors,
        before: None,
    }
}

proptest! {
    #[test]
    fn who_is_taken_back_hears_what_it_missed_once(
        steps in prop::collection::vec((0..9_u8, 0..3_usize, 0..3_i64, 1..40_u64), 0..150)
    ) {
        let mut street = Street::with(3);
        let mut rewinds = [0; 3];
        for (step, who, project, size) in steps {
            match step {
                0..4 => street.publish(project),
                4 => street.walk(who, project, size % 3 > 0),
                5 => rewinds[who] += usize::from(street.rewind(who, project, size)),
                6 => street.read(who, usize::try_from(size).unwrap()),
                _ => street.serve(usize::try_from(size).unwrap()),
            }
        }
        street.settle();
        for (client, rewinds) in street.clients.iter_mut().zip(rewinds) {
            let id = |told: &String| told.split('/').next().unwrap().parse::<u64>().unwrap();
            let back = client.heard.windows(2).filter(|pair| id(&pair[0]) > id(&pair[1])).count();
            prop_assert!(back <= rewinds, "in order, but for those: {:?}", client.heard);
            client.heard.sort_unstable();
            client.should_hear.sort_unstable();
            prop_assert_eq!(&client.heard, &client.should_hear);
        }
    }

    #[test]
    fn each_hears_each_event_of_its_rooms_once_and_in_order(
        steps in prop::collection::vec((0..8_u8, 0..3_usize, 0..3_i64, 1..40_usize), 0..200)
    ) {
        let mut street = Street::with(3);
        for (step, who, project, size) in steps {
            match step {
                0..4 => street.publish(project),
                4 => street.walk(who, project, true),
                5 => street.walk(who, project, size % 3 > 0),
                6 => street.read(who, size),
                _ => street.serve(size),
            }
        }
        street.settle();
        prop_assert_eq!(street.hub.behind(), 0);
        for client in &street.clients {
            prop_assert_eq!(&client.heard, &client.should_hear);
            prop_assert!(!client.connection.is_behind());
        }
    }
}

#[test]
fn who_is_behind_disturbs_nobody_and_is_encoded_for_once() {
    let mut street = Street::with(3);
    // The first and the third share a key, and only the second reads.
    for who in 0..3 {
        street.walk(who, 1, true);
    }
    for _ in 0..20 {
        street.publish(1);
        street.read(1, usize::MAX);
    }
    assert_eq!(street.hub.behind(), 2);
    assert_eq!(street.clients[1].heard, street.clients[1].should_hear);
    street.settle();
    let made = street.words.made.lock().unwrap().len();
    assert_eq!(made, 2 * 20, "once for each event and key");
    assert_eq!(street.clients[0].heard, street.clients[0].should_hear);
}

/// One that is behind in project 1 with nothing read, and what it is told of presence then.
fn told_of(signals: &[(i64, bool)]) -> Missed {
    let mut street = Street::with(2);
    street.walk(0, 1, true);
    for _ in 0..5 {
        street.publish(1);
    }
    for (who, arrived) in signals {
        let mut signal = presence(&[1], &[], Some(99));
        signal.user = chorus_model::UserRef::clone(&user(*who));
        if let SignalBody::Presence { arrived: told, .. } = &mut signal.body {
            *told = *arrived;
        }
        street.hub.signal(&signal, &street.words);
    }
    let connection = Arc::clone(&street.clients[0].connection);
    assert_eq!(heard(&connection).len(), 4, "no signal among the events");
    let question = street.hub.ask(connection.id).unwrap();
    let found = (vec![Arc::clone(&street.log[4])], SyncId(5));
    let answer = question.answer(found, |_, _| true, &street.words, street.hub.made());
    match street.hub.feed(connection.id, answer) {
        (Fed::Live(missed), 1) => missed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn of_presence_the_last_state_is_kept() {
    let missed = told_of(&[(5, true), (5, false), (5, true), (6, false), (7, false), (7, true)]);
    let told = |who| {
        let change = &missed.changes[&(UserId(who), PROJECT)];
        change.is_news().then_some(change.present)
    };
    assert_eq!([told(5), told(6), told(7)], [Some(true), Some(false), None]);
}

#[test]
fn who_reads_nothing_is_given_up_and_who_reads_little_is_not() {
    let mut street = Street::with(2);
    for who in 0..2 {
        street.walk(who, 1, true);
    }
    for _ in 0..6 {
        street.publish(1);
    }
    let most = Duration::from_secs(60);
    for seconds in [0, 30, 59] {
        street.hub.give_up(Duration::from_secs(seconds), most);
        street.read(1, 1);
    }
    street.hub.give_up(Duration::from_secs(60), most);
    let closed = |who: usize| street.clients[who].connection.outbox.closed().is_some();
    assert_eq!([closed(0), closed(1)], [true, false]);
}

#[test]
fn a_task_is_told_to_its_assignee_as_he_belonged_when_it_happened() {
    let mut street = Street::with(1);
    let connection = Arc::clone(&street.clients[0].connection);
    street.hub.join(connection.id, Room::User(connection.user.id));
    for _ in 0..5 {
        street.hub.tell_one(connection.id, Frame::durable("x".into()));
    }
    let about = |id| Arc::new(crate::hub::tests::task_event(id, connection.user.id.0));
    let log = [1, 2, 3].map(about);
    for event in &log {
        street.hub.publish(event, &street.words);
    }
    let question = street.hub.ask(connection.id).unwrap();
    let belonged = |_, at| at == SyncId(2);
    let found = (log.to_vec(), SyncId(3));
    let answer = question.answer(found, belonged, &street.words, street.hub.made());
    assert_eq!(answer.told.iter().map(|(id, _)| id.0).collect::<Vec<_>>(), [2]);
}

#[test]
fn who_resumes_is_told_of_all_his_rooms_and_of_how_far_he_is() {
    let mut street = Street::with(1);
    let id = street.clients[0].connection.id;
    for project in [1, 2, 1, 2] {
        street.publish(project);
    }
    street.walk(0, 1, true);
    street.walk(0, 2, true);
    street.publish(1);
    street.hub.rewind(id, &[], &Rewind { key: Some(FrameKey(7)), ..to(1) });
    street.publish(2);
    street.settle();
    assert_eq!(street.clients[0].heard, ["5/0", "2/7", "3/7", "4/7", "6/7"], "5 was told before");

    street.walk(0, 0, true);
    street.hub.rewind(id, &[PROJECT], &Rewind { key: Some(FrameKey(7)), ..to(1) });
    street.settle();
    assert_eq!(street.clients[0].heard.len(), 5, "nothing is told again");
}

#[test]
fn a_late_room_says_nothing_of_how_far_one_is() {
    let mut street = Street::with(1);
    let id = street.clients[0].connection.id;
    street.hub.rewind(id, &[], &Rewind { key: Some(FrameKey(7)), ..to(0) });
    street.settle();
    for project in [1, 1] {
        street.publish(project);
    }
    street.walk(0, 1, true);
    street.hub.rewind(id, &[PROJECT], &to(0));
    street.publish(1);
    street.settle();
    assert_eq!(street.clients[0].heard, ["1/0", "2/0", "3/7"]);
}

#[test]
fn a_cursor_gives_nothing_from_before_or_between_memberships() {
    let mut street = Street::with(1);
    for _ in 0..9 {
        street.publish(1);
    }
    street.walk(0, 1, true);
    let times = [(2, Some(3)), (6, Some(7)), (9, None)];
    let memberships = times.map(|(from, to)| (ProjectId(1), SyncId(from), to.map(SyncId))).to_vec();
    let rewind = Rewind { sees_all: false, memberships, ..to(0) };
    street.hub.rewind(street.clients[0].connection.id, &[PROJECT], &rewind);
    street.settle();
    assert_eq!(street.clients[0].heard, ["2/0", "3/0", "6/0", "7/0", "9/0"]);
}

#[test]
fn who_leaves_and_enters_between_two_events_is_told_nothing_again() {
    let mut street = Street::with(1);
    street.publish(1);
    street.walk(0, 1, true);
    for _ in 0..7 {
        street.publish(1);
    }
    street.read(0, usize::MAX);
    street.serve(2);
    street.walk(0, 1, false);
    street.walk(0, 1, true);
    assert!(street.rewind(0, 2, 0));
    street.settle();
    assert_eq!(street.clients[0].heard, street.clients[0].should_hear);
}

#[test]
fn an_answer_to_an_old_question_does_not_count() {
    let mut street = Street::with(1);
    let id = street.clients[0].connection.id;
    street.walk(0, 1, true);
    for _ in 0..6 {
        street.publish(1);
    }
    let old = street.hub.ask(id).unwrap();
    street.hub.rewind(id, &[PROJECT], &to(0));
    let found = (vec![Arc::clone(&street.log[5])], SyncId(6));
    let answer = old.answer(found, |_, _| true, &street.words, street.hub.made());
    assert!(matches!(street.hub.feed(id, answer), (Fed::Gone, 0)));
    street.settle();
    assert_eq!(street.clients[0].heard, street.clients[0].should_hear);
}

#[test]
fn who_comes_and_goes_without_reading_is_given_up() {
    let mut street = Street::with(1);
    street.walk(0, 1, true);
    for _ in 0..5 {
        street.publish(1);
    }
    let closed = |street: &mut Street| {
        street.hub.give_up(Duration::ZERO, Duration::from_secs(60));
        street.clients[0].connection.outbox.closed().is_some()
    };
    for _ in 0..4_000 {
        street.walk(0, 2, true);
        street.publish(0);
        street.walk(0, 2, false);
        street.publish(0);
    }
    assert!(!closed(&mut street));
    for _ in 0..100 {
        street.walk(0, 2, true);
        street.publish(0);
        street.walk(0, 2, false);
        street.publish(0);
    }
    assert!(closed(&mut street));
}
