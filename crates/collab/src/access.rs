//! Who may do what: the one table, asked in the transaction that acts on the answer.

use chorus_model::kind::Editors;
use chorus_model::{ProjectId, ProjectRole, User, UserId, WorkspaceRole};
use chorus_storage::{Reads, StoreError};

use crate::fault::{Fault, Noun};

/// What somebody wants to do in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See it and all that is in it, and hear of it.
    Read,
    /// Write a comment.
    Comment,
    /// Make tasks and change them.
    EditTasks,
    /// Delete a task of this creator.
    DeleteTask {
        /// Who made it.
        creator: UserId,
    },
    /// Change what this author wrote: a comment, a message.
    EditComment {
        /// Who wrote it.
        author: UserId,
    },
    /// Delete a comment.
    DeleteComment {
        /// Who wrote it.
        author: UserId,
        /// Who made the task or item that it is on.
        maker: Option<UserId>,
    },
    /// Make, change and delete items of a kind with these editors.
    EditItems(Editors),
    /// Make channels, and take others into private ones that one belongs to.
    MakeChannels,
    /// Change or delete a channel that one sees, and take others out of it.
    EditChannel {
        /// Who made it.
        creator: UserId,
    },
    /// Delete a message that one sees.
    DeleteMessage {
        /// Who wrote it.
        author: UserId,
    },
    /// Change the project itself.
    EditProject,
    /// Take members in and out, and change their roles.
    EditMembers,
    /// Delete the project.
    DeleteProject,
}

impl Action {
    /// The table: the least role in the project that may, for everybody and for whom it belongs
    /// to. Whose role in the workspace it is to [plan](WorkspaceRole::plans) may plan the tasks of
    /// every project that he belongs to.
    fn allows(self, role: ProjectRole, workspace: WorkspaceRole, user: UserId) -> bool {
        use ProjectRole::{Admin, Member, Owner, Viewer};
        match self {
            Self::Read | Self::Comment => role >= Viewer,
            Self::EditTasks | Self::MakeChannels | Self::EditItems(Editors::Members) => {
                role >= Member || workspace.plans()
            }
            Self::EditItems(Editors::Leads) => role >= Admin || workspace.plans(),
            Self::DeleteTask { creator } => {
                role >= Admin || workspace.plans() || (creator == user && role >= Member)
            }
            Self::EditComment { author } => author == user,
            Self::DeleteComment { author, maker } => {
                author == user || maker == Some(user) || role >= Admin
            }
            Self::EditChannel { creator } => creator == user || role >= Admin,
            Self::DeleteMessage { author } => author == user || role >= Admin,
            Self::EditProject | Self::EditMembers => role >= Admin,
            Self::DeleteProject => role >= Owner,
        }
    }
}

/// Proof that somebody may, as of the transaction that it was read in. Only this module makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permit {
    /// The role that allowed it.
    pub role: ProjectRole,
}

/// Lets `user` do `action` in `project`, or says why not: who may not even see the project is
/// told that it does not exist.
pub fn permit(
    reads: &Reads<'_>,
    user: &User,
    project: ProjectId,
    action: Action,
) -> Result<Permit, Fault> {
    let role = role(reads, user, project)?.ok_or(Fault::NotFound(Noun::Project))?;
    if !action.allows(role, user.role, user.id) {
        return Err(Fault::Forbidden);
    }
    Ok(Permit { role })
}

/// The role of `user` in `project`: an admin of the workspace may in every project what its owner
/// may.
pub fn role(
    reads: &Reads<'_>,
    user: &User,
    project: ProjectId,
) -> Result<Option<ProjectRole>, StoreError> {
    if user.role == WorkspaceRole::Admin {
        return Ok(reads.project(project)?.map(|_| ProjectRole::Owner));
    }
    reads.role_in(project, user.id)
}

/// The person, if the account is open.
pub fn actor(reads: &Reads<'_>, user: UserId) -> Result<User, Fault> {
    let user = reads.user(user)?.ok_or(Fault::NotFound(Noun::User))?;
    if user.is_active { Ok(user) } else { Err(Fault::Deactivated) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        use ProjectRole::{Admin, Member, Owner, Viewer};
        let (me, other) = (UserId(1), UserId(2));
        let cases: [(Action, [bool; 4]); 19] = [
            (Action::Read, [true; 4]),
            (Action::Comment, [true; 4]),
            (Action::EditTasks, [false, true, true, true]),
            (Action::DeleteTask { creator: me }, [false, true, true, true]),
            (Action::DeleteTask { creator: other }, [false, false, true, true]),
            (Action::EditComment { author: me }, [true; 4]),
            (Action::EditComment { author: other }, [false; 4]),
            (
                Action::DeleteComment { author: other, maker: Some(other) },
                [false, false, true, true],
            ),
            (Action::DeleteComment { author: other, maker: None }, [false, false, true, true]),
            (Action::DeleteComment { author: other, maker: Some(me) }, [true; 4]),
            (Action::EditItems(Editors::Members), [false, true, true, true]),
            (Action::EditItems(Editors::Leads), [false, false, true, true]),
            (Action::MakeChannels, [false, true, true, true]),
            (Action::EditChannel { creator: other }, [false, false, true, true]),
            (Action::EditChannel { creator: me }, [true; 4]),
            (Action::DeleteMessage { author: other }, [false, false, true, true]),
            (Action::DeleteMessage { author: me }, [true; 4]),
            (Action::EditMembers, [false, false, true, true]),
            (Action::DeleteProject, [false, false, false, true]),
        ];
        for (action, expected) in cases {
            let roles = [Viewer, Member, Admin, Owner];
            let allowed = roles.map(|role| action.allows(role, WorkspaceRole::Crew, me));
            assert_eq!(allowed, expected, "{action:?}");
        }
    }

    #[test]
    fn who_plans_plans_every_task() {
        let other = UserId(2);
        let may =
            |action: Action, workspace| action.allows(ProjectRole::Viewer, workspace, UserId(1));
        for workspace in WorkspaceRole::ALL {
            let leads = Action::EditItems(Editors::Leads);
            for action in [Action::EditTasks, Action::DeleteTask { creator: other }, leads] {
                assert_eq!(may(action, *workspace), workspace.plans(), "{workspace:?}");
            }
            for action in [Action::EditProject, Action::EditMembers, Action::DeleteProject] {
                assert!(!may(action, *workspace), "{workspace:?} {action:?}");
            }
        }
    }
}
