//! What the writer commits: changes that could happen, each with the rows and the events that the
//! server would write.

use std::sync::Arc;

use chorus_model::task::TaskChanges;
use chorus_model::{
    Body, CustomEvent, Event, Member, Priority, Project, ProjectId, ProjectRole, ProjectStatus,
    SyncId, Target, Task, TaskId, TaskStatus, Timestamp, User, UserId, UserRef, WorkspaceRole,
};
use chorus_storage::Interval;

use crate::dice::Dice;
use crate::ledger::Ledger;

/// Who may be changed how, in one commit.
#[derive(Debug)]
pub struct Commit<'a> {
    /// The truth.
    pub ledger: &'a mut Ledger,
    /// What decides.
    pub dice: &'a mut Dice,
    /// When.
    pub now: Timestamp,
}

impl Commit<'_> {
    /// Makes some projects, to which most belong.
    pub fn begin(&mut self) {
        for _ in 0..self.dice.between(1, 3) {
            self.create_project();
            for _ in 0..self.ledger.users.len() * 2 {
                self.admit();
            }
            self.create_task();
        }
    }

    /// Runs some commands. Returns the events.
    pub fn make(&mut self) -> Vec<Arc<Event>> {
        let before = self.ledger.head();
        for _ in 0..self.dice.between(1, 3) {
            self.command();
        }
        self.ledger.between(before, SyncId(u64::MAX)).to_vec()
    }

    fn command(&mut self) {
        match self.dice.below(67) {
            0..20 => self.change_task(),
            20..34 => self.admit(),
            34..48 => self.dismiss(),
            48..52 => self.change_member(),
            52..57 => self.create_project(),
            57..60 => self.delete_project(),
            60..65 => self.change_user(),
            65 => self.log_out(),
            66 => self.deactivate(),
            _ => self.tell(),
        }
    }

    fn append(&mut self, body: Body) -> SyncId {
        let sync_id = self.ledger.head().next();
        self.ledger.events.push(Arc::new(Event {
            sync_id,
            scope: body.scope(),
            actor: named(UserId(1), 0),
            origin: None,
            at: self.now,
            body,
        }));
        sync_id
    }

    fn project(&mut self) -> Option<ProjectId> {
        let all: Vec<_> = self.ledger.projects.iter().copied().collect();
        self.dice.pick(&all)
    }

    fn user(&mut self) -> Option<UserId> {
        let all: Vec<_> = self.ledger.users.keys().copied().collect();
        self.dice.pick(&all)
    }

    fn id(&mut self) -> i64 {
        self.ledger.last_id += 1;
        self.ledger.last_id
    }

    /// Something that changes no rights.
    fn tell(&mut self) {
        let room = match (self.dice.below(8), self.project(), self.user()) {
            (0, ..) => Target::Everyone,
            (1, _, Some(user)) | (_, None, Some(user)) => Target::User(user),
            (_, Some(project), _) => Target::Project(project),
            (_, None, None) => return,
        };
        let (event, data) = ("told".to_owned(), serde_json::Value::Null);
        self.append(Body::Custom(CustomEvent { room, event, data }));
    }

    fn change_task(&mut self) {
        let all: Vec<_> = self.ledger.tasks.keys().copied().collect();
        match (self.dice.below(4), self.dice.pick(&all)) {
            (0, Some(id)) => {
                if let Some(task) = self.ledger.tasks.remove(&id) {
                    self.append(Body::TaskDeleted { task });
                }
            }
            (1..3, Some(id)) => self.change_assignee(id),
            _ => self.create_task(),
        }
    }

    fn create_task(&mut self) {
        let Some(project) = self.project() else { return };
        let id = TaskId(self.id());
        let assignee = self.user().filter(|user| self.belongs(*user, project));
        let task = task(id, project, assignee, self.now);
        self.ledger.tasks.insert(id, task.clone());
        self.append(Body::TaskCreated { task });
    }

    /// Whoever leaves a project keeps his tasks: they may be told of somebody who is not there.
    fn change_assignee(&mut self, id: TaskId) {
        let user = self.user();
        let Some(project) = self.ledger.tasks.get(&id).map(|task| task.project_id) else { return };
        let assignee = user.filter(|user| self.belongs(*user, project));
        let Some(task) = self.ledger.tasks.get_mut(&id) else { return };
        if let Some(user) = assignee {
            task.assignee_id = Some(user);
        }
        let (task, changes) = (task.clone(), TaskChanges::default());
        self.append(Body::TaskUpdated { task, changes });
    }

    fn belongs(&self, user: UserId, project: ProjectId) -> bool {
        self.ledger.belongs(user, project, self.ledger.head())
    }

    fn admit(&mut self) {
        let (Some(project), Some(user)) = (self.project(), self.user()) else { return };
        if self.belongs(user, project) {
            return;
        }
        let from = self.append(Body::MemberAdded { member: member(project, user, self.now) });
        self.open(project, user, from);
    }

    fn open(&mut self, project: ProjectId, user: UserId, from: SyncId) {
        let interval = Interval { project, role: ProjectRole::Member, from, to: None };
        self.ledger.intervals.entry(user).or_default().push(interval);
    }

    fn close(&mut self, project: ProjectId, of: impl Fn(UserId) -> bool, to: SyncId) {
        for (user, intervals) in &mut self.ledger.intervals {
            let open = |one: &&mut Interval| one.project == project && one.to.is_none();
            if of(*user) {
                intervals.iter_mut().filter(open).for_each(|one| one.to = Some(to));
            }
        }
    }

    fn dismiss(&mut self) {
        let (Some(project), Some(user)) = (self.project(), self.user()) else { return };
        if self.belongs(user, project) {
            let to = self.append(Body::MemberRemoved { member: member(project, user, self.now) });
            self.close(project, |other| other == user, to);
        }
    }

    /// A change of role ends one interval and begins the next at the same event.
    fn change_member(&mut self) {
        let (Some(project), Some(user)) = (self.project(), self.user()) else { return };
        if self.belongs(user, project) {
            let member = member(project, user, self.now);
            let at = self.append(Body::MemberUpdated { member, old_role: ProjectRole::Viewer });
            self.close(project, |other| other == user, at);
            self.open(project, user, at);
        }
    }

    fn create_project(&mut self) {
        let Some(owner) = self.user() else { return };
        let id = ProjectId(self.id());
        let from = self.append(Body::ProjectCreated { project: project(id, owner, self.now) });
        self.ledger.projects.insert(id);
        self.open(id, owner, from);
    }

    fn delete_project(&mut self) {
        let Some(id) = self.project() else { return };
        self.ledger.projects.remove(&id);
        self.ledger.tasks.retain(|_, task| task.project_id != id);
        let to = self.append(Body::ProjectDeleted { project: project(id, UserId(1), self.now) });
        self.close(id, |_| true, to);
    }

    fn change_user(&mut self) {
        let promote = self.dice.chance(60);
        let Some(id) = self.user() else { return };
        let Some(account) = self.ledger.users.get_mut(&id) else { return };
        if promote {
            account.role = match account.role {
                WorkspaceRole::Admin => WorkspaceRole::User,
                _ => WorkspaceRole::Admin,
            };
            account.was_admin |= account.role == WorkspaceRole::Admin;
        } else {
            account.named += 1;
        }
        let user = self.account(id);
        self.append(Body::UserUpdated { user });
    }

    fn log_out(&mut self) {
        let Some(id) = self.user() else { return };
        if let Some(account) = self.ledger.users.get_mut(&id) {
            account.tokens_from = self.now;
        }
        let user = self.account(id);
        self.append(Body::UserLoggedOut { user, tokens_from: self.now });
    }

    fn deactivate(&mut self) {
        let Some(id) = self.user() else { return };
        let living = self.ledger.users.values().filter(|account| account.active).count();
        if let Some(account) = self.ledger.users.get_mut(&id).filter(|one| one.active)
            && living > 1
        {
            account.active = false;
            let user = self.account(id);
            self.append(Body::UserDeactivated { user });
        }
    }

    fn account(&self, id: UserId) -> User {
        let account = self.ledger.users.get(&id);
        let UserRef { username, full_name, email, .. } =
            named(id, account.map_or(0, |account| account.named));
        User {
            id,
            username,
            email,
            full_name,
            role: account.map_or(WorkspaceRole::User, |account| account.role),
            is_active: account.is_some_and(|account| account.active),
            created_at: Timestamp::default(),
            updated_at: self.now,
        }
    }
}

/// How a person is called.
pub fn named(id: UserId, times: u64) -> UserRef {
    let username = format!("user{id}");
    UserRef { id, full_name: format!("{username}, {times}"), username, email: None }
}

fn member(project_id: ProjectId, user_id: UserId, joined_at: Timestamp) -> Member {
    let (user, role) = (named(user_id, 0), ProjectRole::Member);
    Member { project_id, user_id, user, role, joined_at }
}

fn project(id: ProjectId, owner_id: UserId, at: Timestamp) -> Project {
    Project {
        id,
        name: format!("project {id}"),
        description: None,
        status: ProjectStatus::Active,
        owner_id,
        owner: named(owner_id, 0),
        start_date: None,
        end_date: None,
        is_archived: false,
        version: 1,
        created_at: at,
        updated_at: at,
    }
}

fn task(id: TaskId, project_id: ProjectId, assignee: Option<UserId>, at: Timestamp) -> Task {
    Task {
        id,
        project_id,
        title: format!("task {id}"),
        description: None,
        status: TaskStatus::Todo,
        priority: Priority::Medium,
        assignee_id: assignee,
        assignee: assignee.map(|user| named(user, 0)),
        creator_id: UserId(1),
        creator: named(UserId(1), 0),
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
        created_at: at,
        updated_at: at,
    }
}
