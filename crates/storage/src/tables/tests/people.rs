use std::time::Duration;

use chorus_model::{Clock as _, ProjectRole, SyncId, Timestamp, User, UserId, WorkspaceRole};

use super::boards::project_of;
use crate::fixture::Scratch;
use crate::{Interval, KeptAnswer, NewUser, Page, StoreError, Taken};

pub(super) fn new_user(name: &str) -> NewUser {
    NewUser {
        id: None,
        username: name.to_owned(),
        email: Some(format!("{name}@example.org")),
        full_name: name.to_uppercase(),
        role: WorkspaceRole::User,
        password_hash: format!("hash of {name}"),
    }
}

pub(super) fn user(scratch: &Scratch, name: &str) -> User {
    scratch.tx(|tx| tx.insert_user(&new_user(name))).unwrap()
}

#[test]
fn names_and_addresses_belong_to_one_person() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let insert = |new: &NewUser| scratch.tx(|tx| tx.insert_user(new));
    assert_eq!(insert(&new_user("ann")), Err(Taken::Username));
    let address = NewUser { username: "anne".into(), ..new_user("ann") };
    assert_eq!(insert(&address), Err(Taken::Email));
    let none = |name: &str| NewUser { email: None, ..new_user(name) };
    assert!(insert(&none("bob")).is_ok() && insert(&none("cid")).is_ok());
    assert_eq!(scratch.tx(|tx| tx.user_count()), 3);

    let bob = scratch.tx(|tx| tx.user_by_username(" BOB ")).unwrap();
    let update = |user: User| scratch.tx(|tx| tx.update_user(&user));
    let claimed = User { email: ann.email.clone(), ..bob.clone() };
    assert_eq!(update(claimed), Err(Taken::Email));
    assert_eq!(update(User { username: "ann".into(), ..bob.clone() }), Err(Taken::Username));
    scratch.clock.advance(Duration::from_secs(1));
    let changed = User { full_name: "Bob B.".into(), is_active: false, ..bob };
    let changed = update(changed).unwrap();
    assert_eq!((changed.full_name.as_str(), changed.is_active), ("Bob B.", false));
    assert!(changed.updated_at > changed.created_at);
    let names = scratch.tx(|tx| tx.users(Page { limit: 2, offset: 1 }));
    let names: Vec<_> = names.into_iter().map(|user| user.username).collect();
    assert_eq!(names, ["bob", "cid"]);
}

#[test]
fn tokens_end_once_and_for_all_that_were_issued() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let from = || scratch.tx(|tx| tx.tokens_from(ann.id));
    assert_eq!(from(), Timestamp::default());
    let now = scratch.tx(|tx| Ok(tx.now()));
    let first = scratch.tx(|tx| tx.end_tokens(ann.id));
    assert!(first > now && first.micros() % 1_000_000 == 0, "what was issued this second ends too");
    assert_eq!(from(), first);
    let second = scratch.tx(|tx| tx.end_tokens(ann.id));
    assert!(second > first, "what was issued since then ends too, in the same second");
    assert!(matches!(scratch.tx(|tx| Ok(tx.end_tokens(UserId(77)))), Err(StoreError::Missing)));
}

#[test]
fn logs_in_by_name_or_address() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    scratch.tx(|tx| tx.set_password(ann.id, "new hash"));
    for login in ["ann", " ANN", "Ann@Example.org"] {
        let (found, hash) = scratch.tx(|tx| tx.credentials(login)).unwrap();
        assert_eq!((found.id, hash.as_str()), (ann.id, "new hash"), "{login}");
    }
    assert_eq!(scratch.tx(|tx| tx.credentials("ben")), None);
    assert_eq!(scratch.tx(|tx| tx.user_by_email("ANN@example.org")).unwrap().id, ann.id);

    // An address that is another's name does not stand in its way.
    let name = NewUser { username: "ann@example.org".into(), email: None, ..new_user("x") };
    let other = scratch.tx(|tx| tx.insert_user(&name)).unwrap();
    let (found, _) = scratch.tx(|tx| tx.credentials("ann@example.org")).unwrap();
    assert_eq!(found.id, other.id);
    scratch.tx(|tx| {
        assert!(matches!(tx.set_password(UserId(77), "h"), Err(StoreError::Missing)));
        Ok(())
    });
}

#[test]
fn refresh_tokens_expire_and_are_revoked() {
    let scratch = Scratch::new();
    let ann = user(&scratch, "ann");
    let expires = Timestamp::default().plus(Duration::from_secs(60));
    let valid = |n: u8| scratch.tx(|tx| tx.refresh_token_valid(&[n; 32], tx.now()));
    let insert = |n: u8| scratch.tx(|tx| tx.insert_refresh_token(&[n; 32], ann.id, expires));
    (1..=3).for_each(insert);
    assert_eq!((valid(1), valid(9)), (Some(ann.id), None));
    assert!(scratch.tx(|tx| tx.revoke_refresh_token(&[1; 32])));
    assert!(!scratch.tx(|tx| tx.revoke_refresh_token(&[1; 32])));
    assert_eq!((valid(1), valid(2)), (None, Some(ann.id)));

    let closed = User { is_active: false, ..ann.clone() };
    scratch.tx(|tx| tx.update_user(&closed)).unwrap();
    assert_eq!(valid(2), None);
    scratch.tx(|tx| tx.update_user(&ann)).unwrap();

    scratch.clock.advance(Duration::from_secs(60));
    assert_eq!(valid(2), None);
    // The next one sweeps the expired ones out.
    insert(4);
    assert_eq!(scratch.tx(|tx| tx.revoke_refresh_tokens_of(ann.id)), 1);
}

#[test]
fn memberships_are_intervals_of_the_log() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let project = project_of(&scratch, &ann);
    let open = |role, from| {
        scratch.tx(|tx| tx.open_membership(project.id, ben.id, role, SyncId(from)));
    };
    let close = |to| scratch.tx(|tx| tx.close_membership(project.id, ben.id, SyncId(to)));
    assert!(!close(1));
    open(ProjectRole::Viewer, 2);
    let joined = scratch.clock.now();
    scratch.tx(|tx| {
        let again = tx.open_membership(project.id, ben.id, ProjectRole::Admin, SyncId(3));
        assert!(matches!(again, Err(StoreError::Constraint(_))));
        Ok(())
    });
    scratch.clock.advance(Duration::from_secs(60));
    assert!(close(5));
    open(ProjectRole::Admin, 5);
    let member = scratch.tx(|tx| tx.member(project.id, ben.id)).unwrap();
    assert_eq!((member.role, member.joined_at), (ProjectRole::Admin, joined));
    assert_eq!(member.user.full_name, "BEN");
    assert_eq!(scratch.tx(|tx| tx.members(project.id)).len(), 2);
    assert!(close(8));
    assert_eq!(scratch.tx(|tx| tx.role_in(project.id, ben.id)), None);
    open(ProjectRole::Member, 9);
    let member = scratch.tx(|tx| tx.member(project.id, ben.id)).unwrap();
    assert!(member.joined_at > joined, "who comes back joins anew");

    assert_eq!(scratch.tx(|tx| tx.memberships_of(ben.id)), [(project.id, ProjectRole::Member)]);
    scratch.tx(|tx| tx.delete_project(project.id));
    assert_eq!(scratch.tx(|tx| tx.memberships_of(ben.id)), []);
    assert_eq!(scratch.tx(|tx| tx.role_in(project.id, ben.id)), None);
    assert_eq!(scratch.tx(|tx| tx.close_memberships(project.id, SyncId(12))), 2);
    let interval = |role, from, to| Interval {
        project: project.id,
        role,
        from: SyncId(from),
        to: Some(SyncId(to)),
    };
    assert_eq!(
        scratch.tx(|tx| tx.intervals_of(ben.id)),
        [
            interval(ProjectRole::Viewer, 2, 5),
            interval(ProjectRole::Admin, 5, 8),
            interval(ProjectRole::Member, 9, 12),
        ]
    );
}

#[test]
fn answers_are_kept_once_and_purged_by_age() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let answer = |at: u64| KeptAnswer {
        request_hash: [5; 32],
        status: 201,
        body: r#"{"id":1}"#.into(),
        sync_id: SyncId(3),
        at: Timestamp::default().plus(Duration::from_secs(at)),
    };
    scratch.tx(|tx| {
        tx.keep_answer(ann.id, "k", &answer(1))?;
        tx.keep_answer(ben.id, "k", &answer(2))?;
        let again = tx.keep_answer(ann.id, "k", &answer(3));
        assert!(matches!(again, Err(StoreError::Constraint(_))));
        Ok(())
    });
    assert_eq!(scratch.tx(|tx| tx.kept_answer(ann.id, "k")), Some(answer(1)));
    assert_eq!(scratch.tx(|tx| tx.kept_answer(ann.id, "l")), None);
    assert_eq!(scratch.tx(|tx| tx.purge_answers(answer(2).at)), 1);
    assert_eq!(scratch.tx(|tx| tx.kept_answer(ann.id, "k")), None);
    assert_eq!(scratch.tx(|tx| tx.kept_answer(ben.id, "k")), Some(answer(2)));
}

#[test]
fn settings_are_replaced() {
    let scratch = Scratch::new();
    assert_eq!(scratch.tx(|tx| tx.setting("a")), None);
    scratch.tx(|tx| tx.put_setting("a", "1"));
    scratch.tx(|tx| tx.put_setting("a", "2"));
    assert_eq!(scratch.tx(|tx| tx.setting("a")).as_deref(), Some("2"));
}
