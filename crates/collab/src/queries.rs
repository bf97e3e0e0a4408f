//! What can be read. Each query is one read transaction in which the caller is authorised too.

use chorus_model::{
    Comment, CommentId, Member, Notification, Project, ProjectId, Task, TaskId, Topic, User,
    UserId, WorkspaceRole,
};
use chorus_storage::{Page, Reads, Statistics, TaskFilter, TaskOrder};

use crate::access::{self, Action};
use crate::collab::Collab;
use crate::doing::hide;
use crate::fault::{Fault, Noun};

impl Collab {
    /// The caller himself.
    pub async fn me(&self, user: UserId) -> Result<User, Fault> {
        self.query(user, |_, user| Ok(user.clone())).await
    }

    /// Everyone with an account: for admins all of them, for others those with whom they share
    /// the workspace, which is all of them too; what is shown of them is the door's to decide.
    pub async fn users(&self, user: UserId, page: Page) -> Result<Vec<User>, Fault> {
        self.query(user, move |reads, _| Ok(reads.users(page)?)).await
    }

    /// Somebody with an account.
    pub async fn user(&self, user: UserId, id: UserId) -> Result<User, Fault> {
        self.query(user, move |reads, _| reads.user(id)?.ok_or(Fault::NotFound(Noun::User))).await
    }

    /// The caller's projects; an admin's are all.
    pub async fn projects(&self, user: UserId, page: Page) -> Result<Vec<Project>, Fault> {
        self.query(user, move |reads, user| {
            Ok(match user.role {
                WorkspaceRole::Admin => reads.all_projects(page)?,
                _ => reads.projects_of(user.id, page)?,
            })
        })
        .await
    }

    /// A project.
    pub async fn project(&self, user: UserId, id: ProjectId) -> Result<Project, Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, id, Action::Read)?;
            reads.project(id)?.ok_or(Fault::NotFound(Noun::Project))
        })
        .await
    }

    /// Who belongs to a project.
    pub async fn members(&self, user: UserId, id: ProjectId) -> Result<Vec<Member>, Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, id, Action::Read)?;
            Ok(reads.members(id)?)
        })
        .await
    }

    /// Tasks of one project, or of all that the caller sees.
    pub async fn tasks(
        &self,
        user: UserId,
        filter: TaskFilter,
        order: TaskOrder,
        page: Page,
    ) -> Result<Vec<Task>, Fault> {
        self.query(user, move |reads, user| {
            if let Some(project) = filter.project {
                access::permit(reads, user, project, Action::Read)?;
            }
            let all = filter.project.is_some() || user.role == WorkspaceRole::Admin;
            let visible_to = (!all).then_some(user.id);
            Ok(reads.tasks(&TaskFilter { visible_to, ..filter }, order, page)?)
        })
        .await
    }

    /// A task.
    pub async fn task(&self, user: UserId, id: TaskId) -> Result<Task, Fault> {
        self.query(user, move |reads, user| visible_task(reads, user, id)).await
    }

    /// What the tasks of a project come to now.
    pub async fn statistics(&self, user: UserId, id: ProjectId) -> Result<Statistics, Fault> {
        let now = self.clock().now();
        self.query(user, move |reads, user| {
            access::permit(reads, user, id, Action::Read)?;
            Ok(reads.statistics(id, now)?)
        })
        .await
    }

    /// The comments on something, oldest first.
    pub async fn comments(
        &self,
        user: UserId,
        topic: Topic,
        page: Page,
    ) -> Result<Vec<Comment>, Fault> {
        self.query(user, move |reads, user| {
            visible_topic(reads, user, topic)?;
            Ok(reads.comments_on(topic, page)?)
        })
        .await
    }

    /// A comment.
    pub async fn comment(&self, user: UserId, id: CommentId) -> Result<Comment, Fault> {
        self.query(user, move |reads, user| {
            let missing = Fault::NotFound(Noun::Comment);
            let comment = reads.comment(id)?.ok_or(missing.clone())?;
            hide(visible_topic(reads, user, comment.topic()), missing)?;
            Ok(comment)
        })
        .await
    }

    /// The caller's notifications, newest first.
    pub async fn notifications(
        &self,
        user: UserId,
        unread_only: bool,
        page: Page,
    ) -> Result<Vec<Notification>, Fault> {
        self.query(user, move |reads, user| {
            Ok(reads.notifications_of(user.id, unread_only, page)?)
        })
        .await
    }

    /// How many notifications the caller has not read.
    pub async fn unread(&self, user: UserId) -> Result<u64, Fault> {
        self.query(user, |reads, user| Ok(reads.unread_count(user.id)?)).await
    }

    /// Runs a query as `user`, whose account must be open.
    pub(crate) async fn query<T: Send + 'static>(
        &self,
        user: UserId,
        query: impl FnOnce(&Reads<'_>, &User) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.parts
            .store
            .read(move |reads| Ok(access::actor(reads, user).and_then(|user| query(reads, &user))))
            .await?
    }
}

fn visible_topic(reads: &Reads<'_>, user: &User, topic: Topic) -> Result<(), Fault> {
    match topic {
        Topic::Task(task) => visible_task(reads, user, task).map(drop),
        Topic::Project(project, _) => access::permit(reads, user, project, Action::Read).map(drop),
    }
}

pub(crate) fn visible_task(reads: &Reads<'_>, user: &User, id: TaskId) -> Result<Task, Fault> {
    let missing = Fault::NotFound(Noun::Task);
    let task = reads.task(id)?.ok_or(missing.clone())?;
    hide(access::permit(reads, user, task.project_id, Action::Read), missing)?;
    Ok(task)
}
