use std::time::Duration;

use chorus_model::{
    Clock as _, Comment, CommentId, Notice, NotificationId, Priority, Project, ProjectRole,
    ProjectStatus, SyncId, Task, TaskId, TaskStatus, Timestamp, Topic, User,
};

use super::people::user;
use crate::fixture::Scratch;
use crate::{NewComment, NewProject, NewTask, Page, StoreError, TaskFilter, TaskOrder, TaskSort};

pub(super) fn project_of(scratch: &Scratch, owner: &User) -> Project {
    let new = NewProject {
        name: "Bridge".into(),
        description: None,
        status: ProjectStatus::Planning,
        owner_id: owner.id,
        start_date: Some(Timestamp::default()),
        end_date: None,
    };
    scratch.tx(|tx| {
        let project = tx.insert_project(&new)?;
        tx.open_membership(project.id, owner.id, ProjectRole::Owner, SyncId(1))?;
        Ok(project)
    })
}

fn new_task(project: &Project, title: &str) -> NewTask {
    NewTask {
        project_id: project.id,
        title: title.into(),
        description: None,
        status: TaskStatus::Todo,
        priority: Priority::Medium,
        assignee_id: None,
        creator_id: project.owner_id,
        due_date: None,
        estimated_hours: None,
        category: None,
        position: None,
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
    }
}

fn insert(scratch: &Scratch, new: &NewTask) -> Task {
    scratch.clock.advance(Duration::from_secs(1));
    scratch.tx(|tx| tx.insert_task(new))
}

fn comment_on(scratch: &Scratch, task: &Task) -> Comment {
    answer_to(None, scratch, task)
}

fn answer_to(parent_id: Option<CommentId>, scratch: &Scratch, task: &Task) -> Comment {
    let new = NewComment {
        project_id: task.project_id,
        task_id: Some(task.id),
        item_id: None,
        parent_id,
        author_id: task.creator_id,
        body: "Hm".into(),
    };
    scratch.tx(|tx| tx.insert_comment(&new))
}

#[test]
fn projects_are_made_changed_listed_and_deleted() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let (first, second) = (project_of(&scratch, &ann), project_of(&scratch, &ben));
    assert_eq!((first.version, first.owner.username.as_str()), (1, "ann"));
    scratch.clock.advance(Duration::from_secs(1));
    let changed = Project { name: "Tunnel".into(), is_archived: true, ..first.clone() };
    let changed = scratch.tx(|tx| tx.update_project(&changed));
    assert_eq!((changed.version, changed.name.as_str(), changed.is_archived), (2, "Tunnel", true));
    assert!(changed.updated_at > changed.created_at);

    let ids = |of: &User| {
        let projects = scratch.tx(|tx| tx.projects_of(of.id, Page::FIRST));
        projects.iter().map(|project| project.id).collect::<Vec<_>>()
    };
    assert_eq!((ids(&ann), ids(&ben)), (vec![first.id], vec![second.id]));
    assert_eq!(scratch.tx(|tx| tx.all_projects(Page::FIRST)).len(), 2);
    assert!(scratch.tx(|tx| tx.delete_project(first.id)));
    assert!(!scratch.tx(|tx| tx.delete_project(first.id)));
    assert_eq!(scratch.tx(|tx| tx.project(first.id)), None);
    assert_eq!((ids(&ann), scratch.tx(|tx| tx.all_projects(Page::FIRST)).len()), (vec![], 1));
    scratch.tx(|tx| {
        assert!(matches!(tx.update_project(&first), Err(StoreError::Missing)));
        Ok(())
    });
}

#[test]
fn tasks_line_up_within_their_status() {
    let scratch = Scratch::new();
    let project = project_of(&scratch, &user(&scratch, "ann"));
    let position = |new: &NewTask| insert(&scratch, new).position.to_bits();
    let todo = new_task(&project, "a");
    let done = NewTask { status: TaskStatus::Done, ..todo.clone() };
    let placed = NewTask { position: Some(7.5), ..todo.clone() };
    let expect = |position: f64| position.to_bits();
    assert_eq!(position(&todo), expect(1.0));
    assert_eq!(position(&done), expect(1.0));
    assert_eq!(position(&placed), expect(7.5));
    assert_eq!(position(&todo), expect(8.5));
    for endless in [f64::INFINITY, f64::NEG_INFINITY] {
        let endless = NewTask { position: Some(endless), ..todo.clone() };
        scratch.tx(|tx| {
            assert!(matches!(tx.insert_task(&endless), Err(StoreError::Constraint(_))));
            Ok(())
        });
    }
}

#[test]
fn a_task_is_changed_and_deleted_with_all_that_belongs_to_it() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let project = project_of(&scratch, &ann);
    let task = insert(&scratch, &new_task(&project, "a"));
    let wanted = Task {
        title: "b".into(),
        assignee_id: Some(ben.id),
        estimated_hours: Some(0.1 + 0.2),
        completed_at: Some(scratch.clock.now()),
        ..task.clone()
    };
    scratch.clock.advance(Duration::from_secs(1));
    let changed = scratch.tx(|tx| tx.update_task(&wanted));
    let expected = Task {
        assignee: Some(ben.to_ref()),
        version: 2,
        updated_at: scratch.clock.now(),
        ..wanted
    };
    assert_eq!(changed, expected);

    let comment = comment_on(&scratch, &task);
    assert!(scratch.tx(|tx| tx.delete_task(task.id)));
    assert!(!scratch.tx(|tx| tx.delete_task(task.id)));
    scratch.tx(|tx| {
        assert_eq!((tx.task(task.id)?, tx.comment(comment.id)?), (None, None));
        assert_eq!(tx.task_project_ever(task.id)?, Some(project.id));
        assert_eq!(tx.task_project_ever(TaskId(99))?, None);
        Ok(())
    });
    let kept = insert(&scratch, &new_task(&project, "c"));
    assert!(kept.id > task.id, "an id is never handed out twice");
    scratch.tx(|tx| tx.delete_project(project.id));
    assert_eq!(scratch.tx(|tx| tx.task(kept.id)), None);
}

/// Four tasks in two projects; the fourth is in the second, which `ben` owns.
fn board(scratch: &Scratch) -> (User, User, [Task; 4]) {
    let (ann, ben) = (user(scratch, "ann"), user(scratch, "ben"));
    let (first, second) = (project_of(scratch, &ann), project_of(scratch, &ben));
    let due = |secs| Some(Timestamp::default().plus(Duration::from_secs(secs)));
    let tasks = [
        NewTask {
            description: Some("ÜBER der Straße".into()),
            priority: Priority::Low,
            due_date: due(50),
            ..new_task(&first, "One")
        },
        NewTask { status: TaskStatus::Done, due_date: due(10), ..new_task(&first, "Two") },
        NewTask {
            priority: Priority::Critical,
            assignee_id: Some(ben.id),
            position: Some(0.5),
            ..new_task(&first, "100% one")
        },
        NewTask { priority: Priority::High, ..new_task(&second, "Four") },
    ];
    let tasks = tasks.map(|new| insert(scratch, &new));
    (ann, ben, tasks)
}

/// Filters, and which tasks of the board pass.
fn filters(ann: &User, ben: &User, tasks: &[Task]) -> Vec<(TaskFilter, &'static [usize])> {
    let filter = |set: &dyn Fn(&mut TaskFilter)| {
        let mut filter = TaskFilter::default();
        set(&mut filter);
        filter
    };
    let text = |text: &str| filter(&|f| f.text = Some(text.into()));
    let late = Timestamp::default().plus(Duration::from_secs(60));
    vec![
        (filter(&|_| ()), &[0, 1, 2, 3]),
        (filter(&|f| f.project = Some(tasks[0].project_id)), &[0, 1, 2]),
        (filter(&|f| f.visible_to = Some(ann.id)), &[0, 1, 2]),
        (filter(&|f| f.visible_to = Some(ben.id)), &[3]),
        (filter(&|f| f.status = Some(TaskStatus::Done)), &[1]),
        (filter(&|f| f.priority = Some(Priority::High)), &[3]),
        (filter(&|f| f.assignee = Some(ben.id)), &[2]),
        (filter(&|f| (f.assignee, f.visible_to) = (Some(ben.id), Some(ben.id))), &[]),
        (filter(&|f| f.overdue_at = Some(late)), &[0]),
        (text("ONE"), &[0, 2]),
        (text("über DER"), &[0]),
        (text("0%"), &[2]),
        (text("_"), &[]),
    ]
}

#[test]
fn tasks_are_filtered() {
    let scratch = Scratch::new();
    let (ann, ben, tasks) = board(&scratch);
    for (filter, expected) in filters(&ann, &ben, &tasks) {
        let order = TaskOrder { sort: TaskSort::Created, descending: false };
        let found = scratch.tx(|tx| tx.tasks(&filter, order, Page::FIRST));
        let expected: Vec<_> = expected.iter().map(|&i| tasks[i].clone()).collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

#[test]
fn tasks_are_sorted_and_paged() {
    let scratch = Scratch::new();
    let (_, _, tasks) = board(&scratch);
    scratch.clock.advance(Duration::from_secs(1));
    scratch.tx(|tx| tx.update_task(&tasks[1]));
    let list = |sort, descending, page| {
        let order = TaskOrder { sort, descending };
        let found = scratch.tx(|tx| tx.tasks(&TaskFilter::default(), order, page));
        let index = |task: &Task| tasks.iter().position(|t| t.id == task.id);
        found.iter().filter_map(index).collect::<Vec<_>>()
    };
    let table = [
        (TaskSort::Position, [2, 0, 1, 3], [3, 1, 0, 2]),
        (TaskSort::Created, [0, 1, 2, 3], [3, 2, 1, 0]),
        (TaskSort::Updated, [0, 2, 3, 1], [1, 3, 2, 0]),
        (TaskSort::Due, [1, 0, 2, 3], [0, 1, 3, 2]),
        (TaskSort::Priority, [0, 1, 3, 2], [2, 3, 1, 0]),
    ];
    for (sort, up, down) in table {
        assert_eq!(list(sort, false, Page::FIRST), up, "{sort:?}");
        assert_eq!(list(sort, true, Page::FIRST), down, "{sort:?} descending");
    }
    assert_eq!(list(TaskSort::Created, false, Page { limit: 2, offset: 1 }), [1, 2]);
}

#[test]
fn comments_are_written_changed_and_deleted() {
    let scratch = Scratch::new();
    let project = project_of(&scratch, &user(&scratch, "ann"));
    let task = insert(&scratch, &new_task(&project, "a"));
    let (first, second) = (comment_on(&scratch, &task), comment_on(&scratch, &task));
    assert_eq!((first.project_id, first.author.username.as_str()), (project.id, "ann"));
    let edited = Comment { body: "Aha".into(), is_edited: true, ..first.clone() };
    let edited = scratch.tx(|tx| tx.update_comment(&edited));
    assert_eq!((edited.body.as_str(), edited.is_edited, edited.version), ("Aha", true, 2));
    let ids = |page| {
        let comments = scratch.tx(|tx| tx.comments_on(Topic::Task(task.id), page));
        comments.iter().map(|comment| comment.id).collect::<Vec<CommentId>>()
    };
    let reply = answer_to(Some(first.id), &scratch, &task);
    assert_eq!((first.parent_id, reply.parent_id), (None, Some(first.id)));
    assert_eq!(ids(Page::FIRST), [first.id, second.id, reply.id]);
    assert_eq!(ids(Page { limit: 1, offset: 1 }), [second.id]);
    assert!(scratch.tx(|tx| tx.delete_comment(first.id)));
    assert!(!scratch.tx(|tx| tx.delete_comment(first.id)));
    assert_eq!(ids(Page::FIRST), [second.id, reply.id]);
    let stays = scratch.tx(|tx| tx.comment(reply.id));
    assert_eq!(stays.and_then(|reply| reply.parent_id), Some(first.id));
}

#[test]
fn notifications_are_read_once_by_whom_they_are_for() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let project = project_of(&scratch, &ann);
    let task = insert(&scratch, &new_task(&project, "a"));
    let notice = Notice::TaskStatusChanged {
        task: task.to_ref(),
        old: TaskStatus::Todo,
        new: TaskStatus::Review,
    };
    let made = scratch.tx(|tx| {
        (0..4)
            .map(|_| tx.insert_notification(ben.id, &ann.to_ref(), &notice))
            .collect::<Result<Vec<_>, _>>()
    });
    let ids: Vec<NotificationId> = made.iter().map(|notification| notification.id).collect();
    let listed = scratch.tx(|tx| tx.notifications_of(ben.id, false, Page::FIRST));
    assert_eq!(listed, made.iter().rev().cloned().collect::<Vec<_>>());

    let mark = |user: &User, ids: Option<&[NotificationId]>| {
        scratch.tx(|tx| tx.mark_notifications_read(user.id, ids))
    };
    assert_eq!(mark(&ann, Some(&ids)), []);
    assert_eq!(mark(&ann, None), []);
    assert_eq!(mark(&ben, Some(&[])), []);
    assert_eq!(mark(&ben, Some(&ids[1..2])), [ids[1]]);
    assert_eq!(mark(&ben, Some(&ids[..2])), [ids[0]]);
    assert_eq!(scratch.tx(|tx| tx.unread_count(ben.id)), 2);
    let unread = scratch.tx(|tx| tx.notifications_of(ben.id, true, Page { limit: 1, offset: 0 }));
    assert_eq!(unread[0].id, ids[3]);
    assert_eq!(mark(&ben, None), ids[2..]);
    let listed = scratch.tx(|tx| tx.notifications_of(ben.id, false, Page::FIRST));
    assert!(listed.iter().all(|n| n.read_at == Some(scratch.clock.now())));
}
