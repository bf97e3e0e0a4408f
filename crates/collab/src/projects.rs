//! Projects.

use chorus_model::project::ProjectChanges;
use chorus_model::task::Change;
use chorus_model::text::{Name, Rule};
use chorus_model::{Body, Invalid, Project, ProjectId, ProjectRole, ProjectStatus, UserId};
use chorus_storage::NewProject as Row;

use crate::access::{self, Action};
use crate::announcements;
use crate::collab::Collab;
use crate::command::{Answer, NewProject, ProjectPatch};
use crate::doing::{Doing, expect_version};
use crate::fault::{Fault, Noun};

pub(crate) fn create(doing: &mut Doing<'_, '_>, new: &NewProject) -> Result<Answer, Fault> {
    check_dates(new.start_date, new.end_date)?;
    let project = doing.tx.insert_project(&Row {
        name: new.name.as_str().to_owned(),
        description: new.description.as_ref().map(|text| text.as_str().to_owned()),
        status: new.status,
        owner_id: doing.user.id,
        start_date: new.start_date,
        end_date: new.end_date,
    })?;
    let at = doing.append(Body::ProjectCreated { project: project.clone() })?;
    doing.tx.open_membership(project.id, doing.user.id, ProjectRole::Owner, at)?;
    Ok(Answer::Project(project))
}

pub(crate) fn update(
    doing: &mut Doing<'_, '_>,
    id: ProjectId,
    patch: &ProjectPatch,
    if_version: Option<i64>,
    announced: bool,
) -> Result<Answer, Fault> {
    doing.permit(id, Action::Read)?;
    let old = doing.tx.project(id)?.ok_or(Fault::NotFound(Noun::Project))?;
    expect_version(if_version, old.version)?;
    let new = patched(&old, patch);
    let changes = ProjectChanges {
        name: Change::between(&old.name, &new.name),
        description: Change::between(&old.description, &new.description),
        status: Change::between(&old.status, &new.status),
        start_date: Change::between(&old.start_date, &new.start_date),
        end_date: Change::between(&old.end_date, &new.end_date),
    };
    if announced
        && (changes == ProjectChanges::default()
            || announcements::project_was_changed(doing, &new, &changes)?)
    {
        return Ok(Answer::Swallowed);
    }
    doing.permit(id, Action::EditProject)?;
    if changes == ProjectChanges::default() {
        return Ok(Answer::Project(old));
    }
    check_dates(new.start_date, new.end_date)?;
    let project = doing.tx.update_project(&new)?;
    doing.append(Body::ProjectUpdated { project: project.clone(), changes })?;
    Ok(Answer::Project(project))
}

pub(crate) fn delete(doing: &mut Doing<'_, '_>, id: ProjectId) -> Result<Answer, Fault> {
    doing.permit(id, Action::DeleteProject)?;
    let project = doing.tx.project(id)?.ok_or(Fault::NotFound(Noun::Project))?;
    let at = doing.append(Body::ProjectDeleted { project })?;
    doing.tx.close_memberships(id, at)?;
    doing.tx.close_channel_memberships_around(id, None, at)?;
    doing.tx.delete_project(id)?;
    Ok(Answer::Deleted)
}

impl Collab {
    /// Whether the caller is not notified of what happens in a project.
    pub async fn is_muted(&self, user: UserId, project: ProjectId) -> Result<bool, Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, project, Action::Read)?;
            Ok(reads.is_muted(user.id, project)?)
        })
        .await
    }

    /// From now on the caller is notified of what happens in a project, or is not. What waits
    /// already stays.
    pub async fn mute(&self, user: UserId, project: ProjectId, muted: bool) -> Result<(), Fault> {
        let written = self.parts.store.write::<_, Fault>(move |tx| {
            let doing = Doing::new(tx, user, None)?;
            doing.permit(project, Action::Read)?;
            Ok(doing.tx.set_muted(user, project, muted)?)
        });
        written.await?;
        Ok(())
    }
}

fn patched(old: &Project, patch: &ProjectPatch) -> Project {
    let ProjectPatch { name, description, status, start_date, end_date } = patch;
    let status = status.map_or(old.status, |word| word.over(old.status));
    Project {
        is_archived: status == ProjectStatus::Archived,
        name: name.as_ref().map_or_else(|| old.name.clone(), |name: &Name| name.as_str().into()),
        description: description.as_ref().map_or_else(
            || old.description.clone(),
            |text| text.as_ref().map(|text| text.as_str().to_owned()),
        ),
        status,
        start_date: start_date.unwrap_or(old.start_date),
        end_date: end_date.unwrap_or(old.end_date),
        ..old.clone()
    }
}

fn check_dates(
    start: Option<chorus_model::Timestamp>,
    end: Option<chorus_model::Timestamp>,
) -> Result<(), Fault> {
    match (start, end) {
        (Some(start), Some(end)) if end < start => {
            Err(Invalid::new("end_date", Rule::Form("after start_date")).into())
        }
        _ => Ok(()),
    }
}
