//! Who belongs to a project.

use chorus_model::text::Rule;
use chorus_model::{Body, Invalid, Member, ProjectId, ProjectRole, User, UserId};

use crate::access::Action;
use crate::command::Answer;
use crate::doing::Doing;
use crate::fault::{Fault, Noun};

/// Roles that are given: a project has one owner, who made it.
const GIVEN: &[&str] = &["viewer", "member", "admin"];

pub(crate) fn add(
    doing: &mut Doing<'_, '_>,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
) -> Result<Answer, Fault> {
    doing.permit(project, Action::EditMembers)?;
    check_role(role)?;
    if doing.tx.role_in(project, user)?.is_some() {
        return Err(Fault::AlreadyMember);
    }
    let person = doing.tx.user(user)?.filter(|person| person.is_active);
    let person = person.ok_or(Fault::NotFound(Noun::User))?;
    enter(doing, project, &person, role)
}

/// Makes a member of who may become one.
pub(crate) fn enter(
    doing: &mut Doing<'_, '_>,
    project: ProjectId,
    person: &User,
    role: ProjectRole,
) -> Result<Answer, Fault> {
    let member = Member {
        project_id: project,
        user_id: person.id,
        user: person.to_ref(),
        role,
        joined_at: doing.tx.now(),
    };
    let at = doing.append(Body::MemberAdded { member: member.clone() })?;
    doing.tx.open_membership(project, person.id, role, at)?;
    Ok(Answer::Member(member))
}

pub(crate) fn set_role(
    doing: &mut Doing<'_, '_>,
    project: ProjectId,
    user: UserId,
    role: ProjectRole,
) -> Result<Answer, Fault> {
    doing.permit(project, Action::EditMembers)?;
    check_role(role)?;
    let old = member(doing, project, user)?;
    if old.role == ProjectRole::Owner {
        return Err(Fault::Forbidden);
    }
    if old.role == role {
        return Ok(Answer::Member(old));
    }
    let member = Member { role, ..old.clone() };
    let at = doing.append(Body::MemberUpdated { member: member.clone(), old_role: old.role })?;
    doing.tx.close_membership(project, user, at)?;
    doing.tx.open_membership(project, user, role, at)?;
    Ok(Answer::Member(member))
}

pub(crate) fn remove(
    doing: &mut Doing<'_, '_>,
    project: ProjectId,
    user: UserId,
) -> Result<Answer, Fault> {
    // Whoever wants to leave may.
    let action = if user == doing.user.id { Action::Read } else { Action::EditMembers };
    doing.permit(project, action)?;
    let member = member(doing, project, user)?;
    if member.role == ProjectRole::Owner {
        return Err(Fault::Forbidden);
    }
    let at = doing.append(Body::MemberRemoved { member })?;
    doing.tx.close_membership(project, user, at)?;
    doing.tx.close_channel_memberships_around(project, Some(user), at)?;
    Ok(Answer::Deleted)
}

fn member(doing: &Doing<'_, '_>, project: ProjectId, user: UserId) -> Result<Member, Fault> {
    doing.tx.member(project, user)?.ok_or(Fault::NotFound(Noun::Member))
}

pub(crate) fn check_role(role: ProjectRole) -> Result<(), Fault> {
    if role == ProjectRole::Owner {
        return Err(Invalid::new("role", Rule::OneOf(GIVEN)).into());
    }
    Ok(())
}
