//! The publisher over the real store: order, holes, joins at a place, rights, presence.

mod support;

use std::sync::Arc;
use std::time::Duration;

use chorus_model::{Clock as _, ConnectionId, ProjectId, Room, SyncId, UserId};
use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use chorus_realtime::orders::Showing;
use chorus_realtime::publisher::GRACE;
use chorus_realtime::{CloseReason, Frame, NotJoined, OutboxLimits};
use chorus_storage::Batch;
use smallvec::smallvec;
use support::{House, Node, PATIENCE, WHOLE};

const PROJECT: ProjectId = ProjectId(1);

#[tokio::test]
async fn events_arrive_in_order_and_once() {
    let house = House::build();
    let node = house.node().await;
    let listener = node.connect(UserId(1), &[PROJECT]).await;
    for n in 1..=100 {
        house.append(n).await;
    }
    let heard = listener.hear(100).await;
    assert_eq!(heard, (1..=100).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_node_that_is_handed_nothing_reads_the_log() {
    let house = House::build();
    let (writing, reading) = (house.node().await, house.silent_node(true).await);
    let (here, there) = (
        writing.connect(UserId(1), &[PROJECT]).await,
        reading.connect(UserId(2), &[PROJECT]).await,
    );
    for n in 1..=20 {
        house.append(n).await;
    }
    assert_eq!(here.hear(20).await, there.hear(20).await);
}

#[tokio::test]
async fn a_dead_bus_costs_a_second_and_no_event() {
    let house = House::build();
    let deaf = house.silent_node(false).await;
    let listener = deaf.connect(UserId(1), &[PROJECT]).await;
    house.append(1).await;
    assert_eq!(listener.hear(1).await, ["1"]);
}

#[tokio::test]
async fn a_join_hears_everything_after_its_place_and_nothing_before() {
    let house = House::build();
    let node = house.node().await;
    house.append(1).await;
    let listener = node.connect(UserId(1), &[]).await;
    let place = node.join(&listener, PROJECT).await.unwrap();
    house.append(2).await;
    assert_eq!(listener.hear(1).await, ["2"]);
    assert_eq!(place.id, SyncId(1));
}

#[tokio::test]
async fn a_join_waits_for_the_place_that_its_rights_were_read_at() {
    let house = House::build();
    let deaf = house.silent_node(false).await;
    let listener = deaf.connect(UserId(1), &[]).await;
    let at = house.append(1).await;
    let joined =
        deaf.realtime.join(listener.id, Node::entry(PROJECT, at), Node::no_greeting()).await;
    assert_eq!(joined.unwrap().cursor.id, at, "it read the log first");
}

#[tokio::test]
async fn a_signal_does_not_overtake_the_event_that_it_is_about() {
    let house = House::build();
    let deaf = house.silent_node(false).await;
    let listener = deaf.connect(UserId(1), &[PROJECT]).await;
    let at = house.append(1).await;
    deaf.say_after(at, PROJECT, "done");
    assert_eq!(listener.hear(2).await, ["1", "done"]);
    deaf.say_after(at, PROJECT, "again");
    assert_eq!(listener.hear(1).await, ["again"]);
}

#[tokio::test]
async fn rights_that_are_stale_are_refused() {
    let house = House::build();
    let node = house.node().await;
    let listener = node.connect(UserId(7), &[]).await;
    let read_at = house.append(1).await;
    house.remove_member(PROJECT, UserId(7)).await;
    node.announced(read_at.next()).await;
    let joined =
        node.realtime.join(listener.id, Node::entry(PROJECT, read_at), Node::no_greeting()).await;
    assert_eq!(joined, Err(NotJoined::Stale));
}

#[tokio::test]
async fn membership_moves_connections_at_its_place_in_the_log() {
    let house = House::build();
    let node = house.node().await;
    let listener = node.connect(UserId(7), &[]).await;
    house.append(1).await;
    house.add_member(PROJECT, UserId(7)).await;
    house.append(2).await;
    house.remove_member(PROJECT, UserId(7)).await;
    let last = house.append(3).await;
    node.announced(last).await;
    let heard = listener.hear(3).await;
    assert_eq!(heard, ["2", "removed", "lost"], "the leaver hears of it, and no more");
    assert_eq!(listener.see(1).await, ["+7"]);
    assert!(listener.is_silent());
}

#[tokio::test]
async fn presence_is_told_for_the_first_and_after_the_last() {
    let house = House::build();
    let node = house.node().await;
    let watcher = node.connect(UserId(1), &[PROJECT]).await;
    assert_eq!(watcher.see(1).await, ["+1"]);

    let first = node.connect(UserId(2), &[PROJECT]).await;
    let second = node.connect(UserId(2), &[PROJECT]).await;
    assert_eq!(watcher.see(1).await, ["+2"], "a second connection is no arrival");
    node.realtime.detach(first.id, true).await;
    node.realtime.detach(second.id, false).await;
    let present = node.realtime.present(vec![Room::Project(PROJECT)], None).await;
    assert_eq!(present.len(), 2, "a lost one counts as present for a while");
    assert!(watcher.is_silent());

    house.clock.advance(GRACE + Duration::from_millis(1));
    // Wakes the publisher, which looks at the clock again.
    node.realtime.present(Vec::new(), None).await;
    assert_eq!(watcher.see(1).await, ["-2"]);
    let present = node.realtime.present(vec![Room::Project(PROJECT)], None).await;
    assert_eq!(present.iter().map(|one| one.user.id).collect::<Vec<_>>(), [UserId(1)]);
}

#[tokio::test]
async fn who_asks_who_is_there_hears_of_those_who_come_behind_the_answer() {
    let house = House::build();
    let node = house.node().await;
    let asker = node.connect(UserId(1), &[PROJECT]).await;
    assert_eq!(asker.see(1).await, ["+1"]);
    for n in 2..=20 {
        let showing: Showing = Box::new(|present| {
            smallvec![Frame::durable(Bytes::from(format!("+{} are there", present.len())))]
        });
        let asked = node.realtime.present(vec![Room::Project(PROJECT)], Some((asker.id, showing)));
        tokio::join!(asked, node.connect(UserId(n), &[PROJECT]));
        assert_eq!(asker.see(2).await, [format!("+{} are there", n - 1), format!("+{n}")]);
    }
}

#[tokio::test]
async fn a_connection_that_is_gone_cannot_join() {
    let house = House::build();
    let node = house.node().await;
    let refused = node
        .realtime
        .join(ConnectionId(99), Node::entry(PROJECT, SyncId::ZERO), Node::no_greeting())
        .await;
    assert_eq!(refused, Err(NotJoined::Stale));
}

#[tokio::test]
async fn what_was_committed_before_the_stop_is_announced() {
    let house = House::build();
    let node = house.node().await;
    let listener = node.connect(UserId(1), &[PROJECT]).await;
    for n in 1..=10 {
        house.append(n).await;
    }
    Arc::clone(&node).stop().await;
    assert_eq!(listener.hear(10).await.len(), 10);
}

#[tokio::test]
async fn each_commit_is_timed_once_from_the_disk() {
    let house = House::build();
    let (hand, node) = house.node_by_hand().await;
    let listener = node.connect(UserId(1), &[PROJECT]).await;
    let on_disk = house.clock.monotonic();
    let at = house.append(1).await;
    house.clock.advance(Duration::from_millis(70));
    hand.send(Batch { events: house.log().await.into(), at: on_disk }).await.unwrap();
    node.announced(at).await;
    assert_eq!(listener.hear(1).await, ["1"]);

    let timings = Arc::clone(node.realtime.timings());
    node.stop().await;
    let (fan_out, end_to_end) = (timings.fan_out.read(), timings.end_to_end.read());
    assert_eq!((fan_out.count(), fan_out.sum()), (1, Duration::ZERO));
    assert_eq!((end_to_end.count(), end_to_end.sum()), (1, Duration::from_millis(70)));
}

#[tokio::test]
async fn who_is_no_admin_any_more_leaves_what_he_is_no_member_of() {
    let house = House::build();
    let node = house.node().await;
    let former = node.connect(UserId(7), &[PROJECT]).await;
    let at = house.change_user(UserId(7)).await;
    node.announced(at).await;
    let last = house.append(1).await;
    node.announced(last).await;
    assert_eq!(former.hear(1).await, ["lost"]);
    assert_eq!(former.see(1).await, ["+7"]);
    assert!(former.is_silent());
}

#[tokio::test]
async fn a_role_that_is_lost_closes_rooms_before_the_next_event() {
    let house = House::build();
    let deaf = house.silent_node(false).await;
    let former = deaf.connect(UserId(7), &[PROJECT]).await;
    house.change_user(UserId(7)).await;
    // Both are found in the log at once.
    let last = house.append(1).await;
    deaf.announced(last).await;
    assert_eq!(former.hear(1).await, ["lost"], "and not what came right after");
    assert_eq!(former.see(1).await, ["+7"]);
    assert!(former.is_silent());
}

#[tokio::test]
async fn a_deleted_project_is_told_to_have_ended_and_nothing_after() {
    let house = House::build();
    let node = house.node().await;
    let first = node.connect(UserId(1), &[PROJECT]).await;
    let second = node.connect(UserId(2), &[PROJECT]).await;
    let at = house.delete_project().await;
    node.announced(at).await;
    house.append(1).await;
    for listener in [&first, &second] {
        assert_eq!(listener.hear(1).await, ["ended"]);
    }
    assert_eq!(first.see(2).await, ["+1", "+2"]);
    assert_eq!(second.see(1).await, ["+2"]);
    node.announced(at.next()).await;
    assert!(first.is_silent() && second.is_silent(), "nobody is told to have left");
    assert!(node.realtime.present(vec![Room::Project(PROJECT)], None).await.is_empty());
}

#[tokio::test]
async fn a_join_that_was_decided_before_its_project_was_deleted_is_refused() {
    let house = House::build();
    let node = house.node().await;
    let listener = node.connect(UserId(7), &[]).await;
    let read_at = house.append(1).await;
    let at = house.delete_project().await;
    node.announced(at).await;
    let join = |at| node.realtime.join(listener.id, Node::entry(PROJECT, at), Node::no_greeting());
    assert_eq!(
        join(read_at).await,
        Err(NotJoined::Stale),
        "nobody was in the project to be put out"
    );
    assert!(join(at).await.is_ok(), "whoever has seen the deletion knows better");
}

#[tokio::test]
async fn a_closed_account_ends_its_connections_in_their_own_way() {
    let house = House::build();
    let node = house.node().await;
    let watcher = node.connect(UserId(1), &[PROJECT]).await;
    let closed = node.connect(UserId(7), &[PROJECT]).await;
    let at = house.close_account(UserId(7)).await;
    node.announced(at).await;
    assert_eq!(closed.hear(1).await, ["Closed"]);
    assert_eq!(watcher.see(3).await, ["+1", "+7", "-7"], "he is not expected back");
    let entry = Node::entry(PROJECT, at);
    let joined = node.realtime.join(closed.id, entry, Node::no_greeting()).await;
    assert_eq!(joined, Err(NotJoined::Stale), "the connection is forgotten");
}

#[tokio::test]
async fn a_name_that_is_changed_is_told_from_then_on() {
    let house = House::build();
    let node = house.node().await;
    let renamed = node.connect(UserId(7), &[]).await;
    house.add_member(PROJECT, UserId(7)).await;
    let at = house.rename(UserId(7), "Another").await;
    node.announced(at).await;
    let present = node.realtime.present(vec![Room::Project(PROJECT)], None).await;
    assert_eq!(present[0].user.full_name, "Another");
    assert_eq!(renamed.name(), "Another");
}

#[tokio::test]
async fn only_who_is_in_a_room_speaks_to_it() {
    let house = House::build();
    let node = house.node().await;
    let inside = node.connect(UserId(1), &[]).await;
    let outside = node.connect(UserId(2), &[]).await;
    assert!(node.join_named(&inside, "lobby").await.is_ok());
    assert!(node.relay(&inside, "lobby").await);
    assert!(!node.relay(&outside, "lobby").await);
    assert_eq!(inside.hear(1).await, ["lobby"]);
}

#[tokio::test]
async fn rooms_of_mere_names_are_bounded_and_end_when_they_come_into_being() {
    let house = House::build();
    let node = house.node().await;
    let guest = node.connect(UserId(1), &[]).await;
    for n in 0..31 {
        assert!(node.join_named(&guest, &format!("room {n}")).await.is_ok());
    }
    assert!(node.join_named(&guest, "project:1").await.is_ok());
    assert_eq!(node.join_named(&guest, "one more").await, Err(NotJoined::TooMany));
    assert!(node.join_named(&guest, "room 0").await.is_ok(), "it is there already");

    let at = house.create_project().await;
    node.announced(at).await;
    assert!(!node.relay(&guest, "project:1").await, "the name stands for a project now");
    assert!(node.join_named(&guest, "one more").await.is_ok());
}

const FEW: OutboxLimits = OutboxLimits { frames: 4, bytes: 1 << 20 };

#[tokio::test]
async fn who_stalls_is_served_from_the_log_and_disturbs_nobody() {
    let house = House::build();
    let node = house.node().await;
    let neighbour = node.connect(UserId(1), &[PROJECT]).await;
    let slow = node.connect_with(UserId(2), &[PROJECT], FEW).await;
    assert_eq!(slow.see(1).await, ["+2"]);
    slow.stall();
    // More than the tail holds, and more than one read of the log brings.
    let expected: Vec<_> = (1..=700).map(|n| n.to_string()).collect();
    for n in 1..=600 {
        house.append(n).await;
    }
    assert_eq!(neighbour.hear(600).await, expected[..600]);
    assert!(slow.is_silent() && slow.closed().is_none());
    assert_eq!(node.realtime.gauges().behind.load(Relaxed), 1);

    slow.read_on();
    for n in 601..=700 {
        house.append(n).await;
    }
    assert_eq!(slow.hear(700).await, expected);
    assert_eq!(neighbour.hear(100).await, expected[600..]);
    let counters = node.realtime.counters();
    assert_eq!(counters.fell_behind.load(Relaxed), 1);
    assert!(counters.replayed.load(Relaxed) >= 596, "all but what waited in the outbox");
    assert!(counters.catch_up_reads.load(Relaxed) > 0, "the tail holds eight");
    node.announced(SyncId(700)).await;
    assert_eq!(node.realtime.gauges().behind.load(Relaxed), 0);
}

#[tokio::test]
async fn who_is_behind_hears_a_room_for_as_long_as_he_was_there() {
    let house = House::build();
    let node = house.node().await;
    let slow = node.connect_with(UserId(7), &[], FEW).await;
    house.add_member(PROJECT, UserId(7)).await;
    slow.stall();
    for n in 1..=20 {
        house.append(n).await;
    }
    house.remove_member(PROJECT, UserId(7)).await;
    house.append(21).await;
    house.add_member(PROJECT, UserId(7)).await;
    let last = house.append(22).await;
    node.announced(last).await;

    slow.read_on();
    let mut expected: Vec<_> = (1..=20).map(|n| n.to_string()).collect();
    expected.extend(["removed", "lost", "22"].map(str::to_owned));
    assert_eq!(slow.hear(23).await, expected);
}

#[tokio::test]
async fn who_is_behind_hears_of_a_projects_end_behind_its_events() {
    let house = House::build();
    let node = house.node().await;
    let slow = node.connect_with(UserId(7), &[PROJECT], FEW).await;
    slow.stall();
    for n in 1..=20 {
        house.append(n).await;
    }
    let last = house.delete_project().await;
    node.announced(last).await;

    slow.read_on();
    let mut expected: Vec<_> = (1..=20).map(|n| n.to_string()).collect();
    expected.push("ended".to_owned());
    assert_eq!(slow.hear(21).await, expected);
}

#[tokio::test]
async fn who_is_behind_hears_of_presence_when_he_has_caught_up() {
    let house = House::build();
    let node = house.node().await;
    let slow = node.connect_with(UserId(1), &[PROJECT], FEW).await;
    assert_eq!(slow.see(1).await, ["+1"]);
    slow.stall();
    for n in 1..=20 {
        house.append(n).await;
    }
    let passing = node.connect(UserId(2), &[PROJECT]).await;
    let _stays = node.connect(UserId(3), &[PROJECT]).await;
    node.realtime.detach(passing.id, true).await;
    node.realtime.present(Vec::new(), None).await;

    slow.read_on();
    assert_eq!(slow.hear(20).await.len(), 20);
    assert_eq!(slow.see(1).await, ["+3"], "who came and went is no news");
    assert!(slow.is_silent());
}

#[tokio::test]
async fn who_reads_nothing_is_let_go_in_time() {
    let house = House::build();
    let node = house.node().await;
    let deaf = node.connect_with(UserId(1), &[PROJECT], FEW).await;
    deaf.stall();
    for n in 1..=20 {
        house.append(n).await;
    }
    // An answered order may be in a round that has begun before: the third is in a later one.
    let look = async || {
        for _ in 0..3 {
            node.realtime.present(Vec::new(), None).await;
        }
    };
    house.clock.advance(Duration::from_secs(1));
    look().await;
    house.clock.advance(PATIENCE.saturating_sub(Duration::from_secs(1)));
    look().await;
    assert_eq!(deaf.closed(), None);
    house.clock.advance(Duration::from_secs(2));
    look().await;
    assert_eq!(deaf.closed(), Some(CloseReason::Slow));
    assert_eq!(node.realtime.counters().slow_closed.load(Relaxed), 1);
}

#[test]
fn an_announcement_costs_as_many_allocations_for_many_as_for_few() {
    // Both are flushed in more than one piece: giving way between pieces takes memory of its own,
    // once each time that the runtime is entered.
    let [few, many] = [300, 1_200].map(allocations_of_an_announcement);
    assert!(few > 0);
    assert_eq!(many, few);
}

/// From the change to the sockets of so many, on one thread; the store's own are not counted. The
/// fewest of several: the ticks of the publisher ask for memory too.
#[expect(clippy::unwrap_used, reason = "tests fail by panicking")]
fn allocations_of_an_announcement(hearers: i64) -> u64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let house = House::build();
    let node = runtime.block_on(house.node());
    let connect = async |user| {
        let listener = node.connect(UserId(user), &[PROJECT]).await;
        listener.discard();
        listener
    };
    let listeners: Vec<_> = (1..=hearers).map(|user| runtime.block_on(connect(user))).collect();
    let announce = || {
        runtime.block_on(async {
            let id = house.append(1).await;
            node.announced(id).await;
        });
    };
    announce();
    let before = node.realtime.counters().deliveries.load(Relaxed);
    let fewest = (0..16).map(|_| allocation_counter::measure(announce).count_total).min();
    let delivered = node.realtime.counters().deliveries.load(Relaxed) - before;
    assert_eq!(delivered, 16 * listeners.len() as u64);
    fewest.unwrap()
}

#[tokio::test]
async fn what_events_are_told_with_is_read_before() {
    let house = House::build();
    let node = house.node().await;
    let live = node.connect(UserId(1), &[PROJECT]).await;
    let expected: Vec<_> = (WHOLE..WHOLE + 40).map(|n| n.to_string()).collect();
    for n in WHOLE..WHOLE + 40 {
        house.append(n).await;
    }
    assert_eq!(live.hear(40).await, expected);
    // Who comes back is told from the log and, of the last eight, from memory.
    for since in [0, 39] {
        house.forget();
        let returned = node.connect(UserId(2), &[]).await;
        node.take_up(&returned, PROJECT, SyncId(since)).await;
        let missed = usize::try_from(40 - since).unwrap();
        assert_eq!(returned.hear(missed).await, expected[40 - missed..]);
    }
    // A node that is handed nothing has it read when it reads the log.
    house.forget();
    let there = house.silent_node(true).await;
    let listener = there.connect(UserId(3), &[PROJECT]).await;
    house.append(WHOLE + 40).await;
    assert_eq!(listener.hear(1).await, [(WHOLE + 40).to_string()]);
}
