//! What can be read of items.

use chorus_model::{Item, ItemId, Kind, ProjectId, Totals, UserId};
use chorus_storage::Page;

use super::Spot;
use crate::access::{self, Action};
use crate::collab::Collab;
use crate::doing::hide;
use crate::fault::{Fault, Noun};

impl Collab {
    /// An item of a kind.
    pub async fn item(&self, user: UserId, kind: &'static Kind, id: ItemId) -> Result<Item, Fault> {
        self.query(user, move |reads, user| {
            let missing = Fault::NotFound(Noun::Item);
            let found = reads.item(id)?.filter(|item| item.kind() == kind);
            let item = found.ok_or(missing.clone())?;
            hide(access::permit(reads, user, item.head.project_id, Action::Read), missing)?;
            Ok(item)
        })
        .await
    }

    /// The items of a kind in a project or in another item, in their order.
    pub async fn items(
        &self,
        user: UserId,
        kind: &'static Kind,
        spot: Spot,
        page: Page,
    ) -> Result<Vec<Item>, Fault> {
        self.query(user, move |reads, user| match spot {
            Spot::Project(project) => {
                access::permit(reads, user, project, Action::Read)?;
                Ok(reads.items(project, kind, page)?)
            }
            Spot::Inside(parent) => {
                let missing = Fault::NotFound(Noun::Item);
                let found = reads.item(parent)?.filter(|item| kind.outer() == Some(item.kind()));
                let project = found.ok_or(missing.clone())?.head.project_id;
                hide(access::permit(reads, user, project, Action::Read), missing)?;
                Ok(reads.items_inside(parent, kind, page)?)
            }
        })
        .await
    }

    /// What is added up of a kind in a project, with each of its sections.
    pub async fn totals(
        &self,
        user: UserId,
        kind: &'static Kind,
        project: ProjectId,
    ) -> Result<Totals, Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, project, Action::Read)?;
            Ok(reads.totals(project, kind)?)
        })
        .await
    }
}
