//! Who writes, and asks again until he knows that it was done once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;
use http::Method;
use serde_json::{Value, json};

use super::WORD;
use super::dice::Dice;
use crate::Failure;
use crate::pause::back_off;
use crate::rest::{Rest, id_of};

/// The most tasks that are known, to be changed again.
const KNOWN: usize = 256;
/// Characters that a heavy task is described by: of four bytes each, almost as many as may be.
const HEAVY: usize = 4_900;
/// Who renames a heavy task beside one another, and how often each: 8 MB of events together.
const LANES: usize = 8;
const LANE: usize = 50;

/// What the writers share.
pub(super) struct Board {
    pub(super) rest: Rest,
    pub(super) projects: Vec<u64>,
    /// Told apart from other boards by this.
    pub(super) name: String,
    /// The last word that was asked for.
    pub(super) words: AtomicU64,
    /// How often it was asked again.
    pub(super) again: AtomicU64,
    pub(super) tasks: Mutex<Vec<u64>>,
}

impl Board {
    /// Writes the next word somewhere, for certain.
    pub(super) async fn write(&self, dice: &mut Dice) -> Result<(), Failure> {
        let task = dice.one_of(&self.tasks()).copied();
        match (dice.below(10), task) {
            (0..3, Some(task)) => self.rename(dice, task).await,
            (3..5, Some(task)) => self.comment(dice, task).await,
            _ => {
                let project = self.project(dice);
                let task = self.create(dice, project, "").await?.0;
                let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
                if tasks.len() < KNOWN {
                    tasks.push(task);
                }
                Ok(())
            }
        }
    }

    /// Writes much in one project: more than is kept for a client that reads nothing, by the
    /// system and by the server.
    pub(super) async fn flood(&self, dice: &mut Dice) -> Result<(), Failure> {
        let project = self.project(dice);
        let (task, _) = self.create(dice, project, &"🌉".repeat(HEAVY)).await?;
        let lane = |mut dice: Dice| async move {
            for _ in 0..LANE {
                self.rename(&mut dice, task).await?;
            }
            Ok(())
        };
        let lanes: Vec<_> = (0..LANES).map(|_| lane(dice.fork())).collect();
        try_join_all(lanes).await.map(drop)
    }

    /// Writes a last word in each project: each with its project.
    pub(super) async fn write_last(&self, dice: &mut Dice) -> Result<Vec<(u64, u64)>, Failure> {
        let mut last = Vec::new();
        for project in &self.projects {
            last.push((*project, self.create(dice, *project, "").await?.1));
        }
        Ok(last)
    }

    /// Makes a task; its id, and the word that it is called.
    async fn create(
        &self,
        dice: &mut Dice,
        project: u64,
        description: &str,
    ) -> Result<(u64, u64), Failure> {
        let word = self.next_word();
        let title = format!("{WORD}{word}");
        let body = json!({"project_id": project, "title": title, "description": description});
        let made = self.certainly(dice, Method::POST, "/tasks", &body, word).await?;
        Ok((id_of(&made)?, word))
    }

    async fn rename(&self, dice: &mut Dice, task: u64) -> Result<(), Failure> {
        let word = self.next_word();
        let body = json!({"title": format!("{WORD}{word}")});
        let path = format!("/tasks/{task}");
        self.certainly(dice, Method::PATCH, &path, &body, word).await.map(drop)
    }

    async fn comment(&self, dice: &mut Dice, task: u64) -> Result<(), Failure> {
        let word = self.next_word();
        let body = json!({"body": format!("{WORD}{word}")});
        let path = format!("/tasks/{task}/comments");
        self.certainly(dice, Method::POST, &path, &body, word).await.map(drop)
    }

    /// Asks until there is an answer, under one key. A server that is away, or short of time or
    /// disk, is asked again; a refusal is a failure.
    async fn certainly(
        &self,
        dice: &mut Dice,
        method: Method,
        path: &str,
        body: &Value,
        word: u64,
    ) -> Result<Value, Failure> {
        let key = format!("{}-{word}", self.name);
        loop {
            match self.rest.ask_once(method.clone(), path, body, &key).await {
                Err(failure) if failure.is_passing() => {
                    self.again.fetch_add(1, Ordering::Relaxed);
                    back_off(dice.millis(10, 200)).await;
                }
                answered => return answered,
            }
        }
    }

    fn next_word(&self) -> u64 {
        self.words.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn project(&self, dice: &mut Dice) -> u64 {
        dice.one_of(&self.projects).copied().unwrap_or_default()
    }

    fn tasks(&self) -> Vec<u64> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
