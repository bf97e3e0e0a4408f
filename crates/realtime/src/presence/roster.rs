//! The pure state of presence: counts of connections per user and project, and the grace after a
//! lost one. No timers, no messages: time comes in as an argument.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chorus_model::{ProjectId, Timestamp, UserId, UserRef};
use smallvec::SmallVec;

/// Projects of one person.
pub type Projects = SmallVec<[ProjectId; 4]>;

/// Who is present where.
#[derive(Debug, Default)]
pub struct Roster {
    stays: HashMap<ProjectId, HashMap<UserId, Stay>>,
    places: HashMap<UserId, Projects>,
    /// Stays whose last connection was lost, by the end of their grace.
    leaving: BTreeSet<(Duration, UserId, ProjectId)>,
}

/// One person's presence in one project.
#[derive(Debug, Clone)]
pub struct Stay {
    /// Who.
    pub user: Arc<UserRef>,
    /// Since when without a break.
    pub since: Timestamp,
    connections: u32,
    grace: Option<Duration>,
}

impl Roster {
    /// A connection of `user` entered `project`. Returns whether the person was not there before.
    pub fn enter(&mut self, user: &Arc<UserRef>, project: ProjectId, now: Timestamp) -> bool {
        let stays = self.stays.entry(project).or_default();
        if let Some(stay) = stays.get_mut(&user.id) {
            stay.connections += 1;
            if let Some(grace) = stay.grace.take() {
                self.leaving.remove(&(grace, user.id, project));
            }
            return false;
        }
        let stay = Stay { user: Arc::clone(user), since: now, connections: 1, grace: None };
        stays.insert(user.id, stay);
        self.places.entry(user.id).or_default().push(project);
        true
    }

    /// A connection of `user` left `project`: for good, or lost and expected back until `grace`.
    /// Returns whether the person is gone now.
    pub fn leave(&mut self, user: UserId, project: ProjectId, grace: Option<Duration>) -> bool {
        let Some(stay) = self.stays.get_mut(&project).and_then(|stays| stays.get_mut(&user)) else {
            return false;
        };
        stay.connections = stay.connections.saturating_sub(1);
        if stay.connections > 0 {
            return false;
        }
        if let Some(grace) = grace {
            stay.grace = Some(grace);
            self.leaving.insert((grace, user, project));
            return false;
        }
        self.remove(user, project);
        true
    }

    /// Ends the stays whose grace is over at `now`: the persons and what they left.
    pub fn expire(&mut self, now: Duration) -> Vec<(Arc<UserRef>, Projects)> {
        let mut gone: Vec<(Arc<UserRef>, Projects)> = Vec::new();
        while let Some(&(grace, user, project)) = self.leaving.first() {
            if grace > now {
                break;
            }
            self.leaving.pop_first();
            let Some(stay) = self.remove(user, project) else {
                continue;
            };
            match gone.iter_mut().find(|(other, _)| other.id == user) {
                Some((_, projects)) => projects.push(project),
                None => gone.push((stay.user, SmallVec::from_slice(&[project]))),
            }
        }
        gone
    }

    /// When the next grace is over.
    pub fn next_expiry(&self) -> Option<Duration> {
        self.leaving.first().map(|(grace, ..)| *grace)
    }

    /// Where `user` is.
    pub fn projects_of(&self, user: UserId) -> Projects {
        self.places.get(&user).cloned().unwrap_or_default()
    }

    /// Who is in `project`, in no particular order.
    pub fn present(&self, project: ProjectId) -> impl Iterator<Item = &Stay> {
        self.stays.get(&project).into_iter().flat_map(HashMap::values)
    }

    fn remove(&mut self, user: UserId, project: ProjectId) -> Option<Stay> {
        let stays = self.stays.get_mut(&project)?;
        let stay = stays.remove(&user)?;
        if stays.is_empty() {
            self.stays.remove(&project);
        }
        if let Some(grace) = stay.grace {
            self.leaving.remove(&(grace, user, project));
        }
        if let Some(places) = self.places.get_mut(&user) {
            places.retain(|other| *other != project);
            if places.is_empty() {
                self.places.remove(&user);
            }
        }
        Some(stay)
    }
}

#[cfg(test)]
mod tests;
