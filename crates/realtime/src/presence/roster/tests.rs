//! Presence as a reader would tell it, and a thousand random lives without a ghost.

use chorus_model::ProjectId;
use proptest::prelude::*;

use super::*;

const GRACE: Duration = Duration::from_secs(3);

fn user(id: i64) -> Arc<UserRef> {
    let name = format!("user{id}");
    Arc::new(UserRef { id: UserId(id), username: name.clone(), full_name: name, email: None })
}

fn room(id: i64) -> Room {
    Room::Project(ProjectId(id))
}

fn number(room: Room) -> i64 {
    match room {
        Room::Project(project) => project.0,
        other => panic!("{other}"),
    }
}

#[test]
fn first_in_and_last_out_are_told() {
    let (mut roster, ann, project) = (Roster::default(), user(1), Room::Project(ProjectId(7)));
    let now = Timestamp::default();
    assert!(roster.enter(&ann, project, now));
    assert!(!roster.enter(&ann, project, now), "a second tab is no arrival");
    assert!(!roster.leave(ann.id, project, None));
    assert!(roster.leave(ann.id, project, None));
    assert!(!roster.leave(ann.id, project, None), "nobody leaves twice");
    assert_eq!(roster.places_of(ann.id).len(), 0);
}

#[test]
fn a_lost_connection_has_three_seconds_to_return() {
    let (mut roster, ann, project) = (Roster::default(), user(1), Room::Project(ProjectId(7)));
    let now = Timestamp::default();
    roster.enter(&ann, project, now);
    assert!(!roster.leave(ann.id, project, Some(GRACE)));
    assert_eq!(roster.present(project).count(), 1, "still there for the others");
    assert!(!roster.enter(&ann, project, now), "back in time: nobody noticed");
    assert_eq!(roster.next_expiry(), None);

    roster.leave(ann.id, project, Some(GRACE));
    assert!(roster.expire(GRACE.checked_sub(Duration::from_millis(1)).unwrap()).is_empty());
    let gone = roster.expire(GRACE);
    assert_eq!((gone[0].0.id, gone[0].1.as_slice()), (ann.id, [project].as_slice()));
    assert_eq!(roster.present(project).count(), 0);
}

#[test]
fn a_clean_leave_ends_a_grace() {
    let (mut roster, ann, project) = (Roster::default(), user(1), Room::Project(ProjectId(7)));
    roster.enter(&ann, project, Timestamp::default());
    roster.leave(ann.id, project, Some(GRACE));
    assert!(roster.leave(ann.id, project, None));
    assert!(roster.expire(GRACE * 2).is_empty());
}

#[derive(Debug, Clone)]
enum Step {
    Enter(i64, i64),
    Leave(usize),
    Lose(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4_i64, 0..3_i64).prop_map(|(user, project)| Step::Enter(user, project)),
        any::<usize>().prop_map(Step::Leave),
        any::<usize>().prop_map(Step::Lose),
        (0..5_000_u64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Arrivals and departures alternate per person and project, and once every connection is
    /// gone and the grace is over, nobody is left.
    #[test]
    fn no_ghosts(steps in prop::collection::vec(step(), 0..60)) {
        let mut roster = Roster::default();
        let mut open: Vec<(i64, i64)> = Vec::new();
        let mut there: BTreeSet<(i64, i64)> = BTreeSet::new();
        let mut now = Duration::ZERO;
        let depart = |there: &mut BTreeSet<_>, who: (i64, i64)| there.remove(&who);
        for step in steps {
            match step {
                Step::Enter(who, project) => {
                    open.push((who, project));
                    if roster.enter(&user(who), room(project), Timestamp::default()) {
                        prop_assert!(there.insert((who, project)), "arrived twice");
                    }
                }
                Step::Leave(at) | Step::Lose(at) if !open.is_empty() => {
                    let (who, project) = open.swap_remove(at % open.len());
                    let grace = matches!(step, Step::Lose(_)).then(|| now + GRACE);
                    if roster.leave(UserId(who), room(project), grace) {
                        prop_assert!(depart(&mut there, (who, project)), "left twice");
                    }
                }
                Step::Leave(_) | Step::Lose(_) => {}
                Step::Wait(millis) => {
                    now += Duration::from_millis(millis);
                    for (who, rooms) in roster.expire(now) {
                        for project in rooms {
                            prop_assert!(depart(&mut there, (who.id.0, number(project))), "left twice");
                        }
                    }
                }
            }
            for who in &open {
                prop_assert!(there.contains(who), "connected but not present");
            }
        }
        for (who, project) in open {
            roster.leave(UserId(who), room(project), Some(now + GRACE));
        }
        roster.expire(now + GRACE);
        prop_assert_eq!(roster.next_expiry(), None);
        prop_assert!(roster.stays.is_empty() && roster.places.is_empty());
    }
}
