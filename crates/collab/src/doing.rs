//! A command's transaction with its actor.

use chorus_model::event::Draft;
use chorus_model::{
    Body, ConnectionId, Notice, ProjectId, SyncId, Task, TaskId, User, UserId, UserRef,
};
use chorus_storage::Tx;

use crate::access::{self, Action, Permit};
use crate::fault::{Fault, Noun};

/// What every command works with.
pub(crate) struct Doing<'a, 't> {
    pub(crate) tx: &'a mut Tx<'t>,
    pub(crate) user: User,
    pub(crate) actor: UserRef,
    origin: Option<ConnectionId>,
}

impl<'a, 't> Doing<'a, 't> {
    pub(crate) fn new(
        tx: &'a mut Tx<'t>,
        user: UserId,
        origin: Option<ConnectionId>,
    ) -> Result<Self, Fault> {
        let user = access::actor(tx, user)?;
        let actor = user.to_ref();
        Ok(Self { tx, user, actor, origin })
    }

    /// Appends an event of this actor.
    pub(crate) fn append(&mut self, body: Body) -> Result<SyncId, Fault> {
        let draft = Draft { actor: self.actor.clone(), origin: self.origin, body };
        Ok(self.tx.append(draft)?)
    }

    /// Lets somebody else know, unless it is the actor himself, or somebody who may not see it or
    /// does not want to be notified of such things, or of the project.
    pub(crate) fn notify(
        &mut self,
        user: Option<UserId>,
        project: ProjectId,
        notice: &Notice,
    ) -> Result<(), Fault> {
        let Some(user) = user.filter(|user| *user != self.user.id) else {
            return Ok(());
        };
        let Some(person) = self.tx.user(user)?.filter(|person| person.is_active) else {
            return Ok(());
        };
        if access::role(self.tx, &person, project)?.is_none() || self.tx.is_muted(user, project)? {
            return Ok(());
        }
        self.notify_outsider(user, notice)
    }

    /// Lets somebody know who need not belong to any project, unless he does not want to be
    /// notified of such things.
    pub(crate) fn notify_outsider(&mut self, user: UserId, notice: &Notice) -> Result<(), Fault> {
        if self.tx.unwanted(user)?.contains(&notice.kind()) {
            return Ok(());
        }
        let notification = self.tx.insert_notification(user, &self.actor, notice)?;
        self.append(Body::NotificationCreated { notification })?;
        Ok(())
    }

    pub(crate) fn permit(&self, project: ProjectId, action: Action) -> Result<Permit, Fault> {
        access::permit(self.tx, &self.user, project, action)
    }

    /// The task, if the actor may see it.
    pub(crate) fn task(&self, id: TaskId) -> Result<Task, Fault> {
        let missing = Fault::NotFound(Noun::Task);
        let task = self.tx.task(id)?.ok_or(missing.clone())?;
        hide(self.permit(task.project_id, Action::Read), missing)?;
        Ok(task)
    }
}

/// Says `missing` where something around it was not found: who may not see the house hears
/// nothing of its rooms.
pub(crate) fn hide<T>(found: Result<T, Fault>, missing: Fault) -> Result<T, Fault> {
    found.map_err(|fault| if matches!(fault, Fault::NotFound(_)) { missing } else { fault })
}

/// Fails unless the entity still has the version that the caller saw.
pub(crate) fn expect_version(expected: Option<i64>, current: i64) -> Result<(), Fault> {
    match expected {
        Some(expected) if expected != current => Err(Fault::VersionConflict { current }),
        _ => Ok(()),
    }
}
