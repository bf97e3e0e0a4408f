//! Invitations, of whose secrets only a hash is kept. One whose time is over is read as expired.

use chorus_model::{
    Invitation, InvitationId, InvitationState, ProjectId, ProjectRole, Timestamp, UserId,
};
use rusqlite::Row;

use crate::error::StoreError;
use crate::reads::{Page, Reads};
use crate::row::Columns;
use crate::tx::Tx;

/// An invitation to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInvitation {
    /// Into which project.
    pub project_id: ProjectId,
    /// Whose address it is for.
    pub email: Option<String>,
    /// Who has this address now.
    pub user_id: Option<UserId>,
    /// As what.
    pub role: ProjectRole,
    /// Of the link's secret.
    pub hash: [u8; 32],
    /// Who asks.
    pub inviter_id: UserId,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// An invitation with whom it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    /// As others see it.
    pub invitation: Invitation,
    /// Who had its address when it was made.
    pub user_id: Option<UserId>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select i.id, i.project_id, p.name, i.email, i.role, i.state,
                    u.id, u.username, u.full_name, u.email,
                    i.created_at, i.expires_at, i.user_id, ?1 as now
             from invitations i join projects p on p.id = i.project_id
             join users u on u.id = i.inviter_id
             where p.deleted_at is null ",
            $rest
        )
    };
}

impl Reads<'_> {
    /// The invitation with this id, as it is at `now`.
    pub fn invitation(
        &self,
        id: InvitationId,
        now: Timestamp,
    ) -> Result<Option<Invited>, StoreError> {
        self.one(select!("and i.id = ?2"), (now.micros(), id.0), invited)
    }

    /// The invitation whose secret has this hash, as it is at `now`.
    pub fn invitation_by_hash(
        &self,
        hash: &[u8; 32],
        now: Timestamp,
    ) -> Result<Option<Invited>, StoreError> {
        self.one(select!("and i.hash = ?2"), (now.micros(), hash), invited)
    }

    /// The invitations into a project, the newest first.
    pub fn invitations_of_project(
        &self,
        project: ProjectId,
        now: Timestamp,
        page: Page,
    ) -> Result<Vec<Invitation>, StoreError> {
        self.many(
            select!("and i.project_id = ?2 order by i.id desc limit ?3 offset ?4"),
            (now.micros(), project.0, page.limit(), page.offset()),
            |row| invited(row).map(|one| one.invitation),
        )
    }

    /// The invitations that this person can accept at `now`, by id.
    pub fn invitations_for(
        &self,
        user: UserId,
        now: Timestamp,
        page: Page,
    ) -> Result<Vec<Invitation>, StoreError> {
        self.many(
            select!(
                "and i.user_id = ?2 and i.state = 'pending' and i.expires_at > ?1
                 order by i.id limit ?3 offset ?4"
            ),
            (now.micros(), user.0, page.limit(), page.offset()),
            |row| invited(row).map(|one| one.invitation),
        )
    }

    /// The invitations into a project that can be accepted at `now`, by id.
    pub fn pending_invitations(
        &self,
        project: ProjectId,
        now: Timestamp,
    ) -> Result<Vec<Invitation>, StoreError> {
        self.many(
            select!(
                "and i.project_id = ?2 and i.state = 'pending' and i.expires_at > ?1 order by i.id"
            ),
            (now.micros(), project.0),
            |row| invited(row).map(|one| one.invitation),
        )
    }
}

impl Tx<'_> {
    /// Makes an invitation.
    pub fn insert_invitation(&mut self, new: &NewInvitation) -> Result<Invited, StoreError> {
        let now = self.now();
        let id = self.single(
            "insert into invitations (project_id, email, user_id, role, hash, inviter_id,
                                      created_at, expires_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) returning id",
            (
                new.project_id.0,
                &new.email,
                new.user_id.map(|id| id.0),
                new.role.as_str(),
                new.hash,
                new.inviter_id.0,
                now.micros(),
                new.expires_at.micros(),
            ),
            |row| row.get(0).map(InvitationId),
        )?;
        self.invitation(id, now)?.ok_or(StoreError::Missing)
    }

    /// Notes what has become of an invitation.
    pub fn settle_invitation(
        &mut self,
        id: InvitationId,
        state: InvitationState,
    ) -> Result<(), StoreError> {
        let sql = "update invitations set state = ?2 where id = ?1";
        self.change(sql, (id.0, state.as_str()))?;
        Ok(())
    }
}

fn invited(row: &Row<'_>) -> rusqlite::Result<Invited> {
    let mut c = Columns::of(row);
    let mut invitation = Invitation {
        id: InvitationId(c.take()?),
        project_id: ProjectId(c.take()?),
        project_name: c.take()?,
        email: c.take()?,
        role: c.word(ProjectRole::parse)?,
        state: c.word(InvitationState::parse)?,
        inviter: c.user_ref()?,
        created_at: c.instant()?,
        expires_at: c.instant()?,
    };
    let user_id = c.take::<Option<i64>>()?.map(UserId);
    if invitation.state == InvitationState::Pending && c.instant()? >= invitation.expires_at {
        invitation.state = InvitationState::Expired;
    }
    Ok(Invited { invitation, user_id })
}
