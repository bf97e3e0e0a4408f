//! What clients have heard, held against the database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use chorus_client::torture::{Outcome, Record, Told, word};
use chorus_model::{Body, Event, Scope, SyncId, TaskId};
use chorus_storage::{Store, StoreError};

/// Events that are read at a time.
const PAGE: usize = 1_000;
/// Broken places of a rule that are told.
const SHOWN: usize = 5;

/// A rule, and the places where it is broken.
#[derive(Debug)]
pub(super) struct Finding {
    rule: &'static str,
    /// Of how many.
    of: usize,
    broken: usize,
    shown: Vec<String>,
}

impl Finding {
    fn new(rule: &'static str) -> Self {
        Self { rule, of: 0, broken: 0, shown: Vec::new() }
    }

    /// Whether it is broken nowhere.
    pub(super) fn holds(&self) -> bool {
        self.broken == 0
    }

    /// Looks at one more place; `broken` tells how, if it is.
    fn look(&mut self, broken: Option<impl fmt::Display>) {
        self.of += 1;
        if let Some(how) = broken {
            self.broken += 1;
            if self.shown.len() < SHOWN {
                self.shown.push(how.to_string());
            }
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, of, broken, shown } = self;
        if self.holds() {
            return write!(f, "ok   {rule}: {of} looked at");
        }
        write!(f, "FAIL {rule}: {broken} of {of}")?;
        shown.iter().try_for_each(|how| write!(f, "\n     {how}"))
    }
}

/// Holds what was heard, and what was written, against the log, and the log against the rows.
pub(super) async fn audit(store: &Store, outcome: &Outcome) -> Result<Vec<Finding>, StoreError> {
    let log = read(store).await?;
    let mut findings = vec![holes(&log), once(&log, outcome.words), rows(store, &log).await?];
    findings.extend(heard(&log, &outcome.clients));
    Ok(findings)
}

async fn read(store: &Store) -> Result<Vec<Arc<Event>>, StoreError> {
    let mut log: Vec<Arc<Event>> = Vec::new();
    loop {
        let after = log.last().map_or(SyncId::ZERO, |event| event.sync_id);
        let page = store.read(move |reads| reads.events(after, PAGE)).await?;
        let is_last = page.len() < PAGE;
        log.extend(page);
        if is_last {
            return Ok(log);
        }
    }
}

fn holes(log: &[Arc<Event>]) -> Finding {
    let mut finding = Finding::new("the log has no hole");
    for (event, expected) in log.iter().zip(1..) {
        let id = event.sync_id.0;
        finding
            .look((id != expected).then(|| format!("event {id} stands where {expected} should")));
    }
    finding
}

/// Every word was acknowledged.
fn once(log: &[Arc<Event>], words: u64) -> Finding {
    let mut finding = Finding::new("what was acknowledged is in the log, once");
    let mut times: BTreeMap<u64, u64> = BTreeMap::new();
    for written in log.iter().filter_map(|event| written(event)) {
        *times.entry(written).or_default() += 1;
    }
    for word in 1..=words {
        let times = times.remove(&word).unwrap_or_default();
        finding.look((times != 1).then(|| format!("word {word} is there {times} times")));
    }
    for word in times.into_keys() {
        finding.look(Some(format!("word {word} is there, and nobody wrote it")));
    }
    finding
}

/// Each task is what the log said of it last.
async fn rows(store: &Store, log: &[Arc<Event>]) -> Result<Finding, StoreError> {
    let mut finding = Finding::new("rows are what the log says");
    let mut told = BTreeMap::new();
    for event in log {
        if let Body::TaskCreated { task } | Body::TaskUpdated { task, .. } = &event.body {
            told.insert(task.id.0, task.clone());
        }
    }
    for (id, told) in told {
        let stored = store.read(move |reads| reads.task(TaskId(id))).await?;
        let is_so = stored.as_ref() == Some(&told);
        finding
            .look((!is_so).then(|| format!("task {id} is {stored:?}, and was told as {told:?}")));
    }
    Ok(finding)
}

/// The rules of what clients hear.
fn heard(log: &[Arc<Event>], clients: &[Record]) -> [Finding; 6] {
    let [mut lost, mut twice, mut order, mut foreign, mut other, mut reset] = [
        "no client lost anything",
        "no client heard anything twice",
        "every client heard all in order",
        "no client heard what is not for it",
        "every client heard what was written",
        "no client had to begin anew",
    ]
    .map(Finding::new);
    for client in clients {
        let name = &client.name;
        let expected = expected(log, client);
        let mut had = BTreeSet::new();
        let mut last = 0;
        for Told { place, word } in &client.told {
            twice.look((!had.insert(*place)).then(|| format!("{name}: event {place}")));
            let before = std::mem::replace(&mut last, *place);
            order.look((before > *place).then(|| format!("{name}: event {place} after {before}")));
            let meant = expected.get(place);
            foreign.look(meant.is_none().then(|| format!("{name}: event {place}")));
            let differs = meant.is_some_and(|meant| meant != word);
            other.look(differs.then(|| format!("{name}: event {place} as word {word:?}")));
        }
        for place in expected.keys() {
            lost.look((!had.contains(place)).then(|| format!("{name}: event {place}")));
        }
        if client.since.is_none() {
            lost.look(Some(format!("{name} never came")));
        }
        reset.look(client.resets.first().map(|why| format!("{name}: {why}")));
    }
    [lost, twice, order, foreign, other, reset]
}

/// What a client should have heard: each event of its projects since it came first, of the kinds
/// that it is told of, with what was written there.
fn expected(log: &[Arc<Event>], client: &Record) -> BTreeMap<u64, Option<u64>> {
    let since = client.since.unwrap_or(u64::MAX);
    let is_for_it = |event: &&Arc<Event>| {
        let in_reach = match event.scope {
            Scope::Project(project) => {
                u64::try_from(project.0).is_ok_and(|id| client.projects.contains(&id))
            }
            _ => false,
        };
        in_reach && event.sync_id.0 > since && client.hears.contains(&event.body.kind())
    };
    log.iter().filter(is_for_it).map(|event| (event.sync_id.0, written(event))).collect()
}

/// The word that an event tells.
fn written(event: &Event) -> Option<u64> {
    match &event.body {
        Body::TaskCreated { task } | Body::TaskUpdated { task, .. } => word(&task.title),
        Body::CommentCreated { comment, .. } => word(&comment.body),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
