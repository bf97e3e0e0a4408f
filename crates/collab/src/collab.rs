//! The handle, and how a command is run.

use std::sync::Arc;
use std::time::Duration;

use chorus_model::{Clock, Cursor, Entropy, SyncId, Timestamp};
use chorus_realtime::Realtime;
use chorus_storage::{KeptAnswer, Store, Tx};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::accounts::Registration;
use crate::caller::{Caller, IdempotencyKey};
use crate::command::{Answer, Command, Done};
use crate::doing::Doing;
use crate::fault::Fault;
use crate::files::Files;
use crate::live::Known;
use crate::passwords::Hasher;
use crate::sync::MOST_WAITING;
use crate::tokens::Tokens;
use crate::{bulk, chat, comments, custom, invitations, items, members, projects, tasks};

/// What a [`Collab`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where truth is.
    pub store: Store,
    /// Who announces.
    pub realtime: Realtime,
    /// Who makes and checks tokens.
    pub tokens: Tokens,
    /// Who hashes passwords.
    pub hasher: Hasher,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Who may register.
    pub registration: Registration,
    /// For how long a connection that was lost can be taken up.
    pub recovery: Duration,
    /// Where the files of assets are kept, if they are.
    pub files: Option<Files>,
    /// Cancelled when whoever waits for news is to go home.
    pub closing: CancellationToken,
}

/// The room where things happen. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Collab {
    pub(crate) parts: Arc<Parts>,
    /// Tasks on which somebody has typed.
    pub(crate) known: Arc<Known>,
    /// Places for those who wait for news of the feed.
    pub(crate) waiting: Arc<Semaphore>,
    /// When this run of the server began.
    pub(crate) began: Timestamp,
}

/// What the log may keep before it is trimmed.
const LOG_BYTES: u64 = 2 << 30;
/// For how long the log is kept.
const LOG_AGE: Duration = Duration::from_secs(7 * 24 * 3600);

impl Collab {
    /// A room made of these parts.
    pub fn new(parts: Parts) -> Self {
        let (began, waiting) = (parts.clock.now(), Arc::new(Semaphore::new(MOST_WAITING)));
        Self { parts: Arc::new(parts), known: Arc::default(), waiting, began }
    }

    /// Runs a command: in one transaction the caller is authorised, the change is made, its
    /// events are appended; after the commit it is announced, and this returns.
    pub async fn execute(&self, caller: Caller, command: Command) -> Result<Done, Fault> {
        let hash = caller.key.is_some().then(|| hash(&command));
        let written = self
            .parts
            .store
            .write_parts(command.parts(), move |tx| match (&caller.key, hash) {
                (Some(key), Some(hash)) => once(tx, &caller, key, hash, &command),
                _ => Ok((apply(tx, &caller, &command)?, None)),
            })
            .await?;
        let (answer, first) = written.value;
        let cursor = self.cursor(first.unwrap_or(written.at));
        Ok(Done { answer, cursor, replayed: first.is_some() })
    }

    /// The current epoch at `id`.
    pub(crate) fn cursor(&self, id: SyncId) -> Cursor {
        Cursor { epoch: self.parts.store.head().epoch, id }
    }

    /// Who announces: connections, presence, figures.
    pub fn realtime(&self) -> &Realtime {
        &self.parts.realtime
    }

    /// The time.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.parts.clock
    }

    /// Whether changes can be made.
    pub fn is_ready(&self) -> bool {
        self.parts.store.is_ready()
    }

    /// Forgets what is kept for a while only: old answers, lost connections, the far end of the
    /// log. A chunk at a time; returns whether there is more.
    pub async fn tidy_up(&self) -> Result<bool, Fault> {
        let (run, began, window) = (self.parts.store.head().epoch, self.began, self.parts.recovery);
        let written = self
            .parts
            .store
            .write(move |tx| {
                let purged = tx.purge_answers(tx.now().minus(IdempotencyKey::KEPT))?;
                let lost = tx.purge_sessions(tx.now().minus(window), &run, began)?;
                let trimmed = tx.trim(LOG_BYTES, LOG_AGE)?;
                Ok::<_, Fault>(purged > 0 || lost > 0 || trimmed.events > 0)
            })
            .await?;
        Ok(written.value)
    }
}

/// Runs a command unless the same request was answered under its key already.
fn once(
    tx: &mut Tx<'_>,
    caller: &Caller,
    key: &IdempotencyKey,
    hash: [u8; 32],
    command: &Command,
) -> Result<(Answer, Option<SyncId>), Fault> {
    if key.made_at().is_some_and(|at| at < tx.now().minus(IdempotencyKey::KEPT)) {
        return Err(Fault::KeyExpired);
    }
    if let Some(kept) = tx.kept_answer(caller.user, key.as_str())? {
        if kept.request_hash != hash {
            return Err(Fault::KeyReused);
        }
        let answer = serde_json::from_str(&kept.body).map_err(|_| Fault::Internal)?;
        return Ok((answer, Some(kept.sync_id)));
    }
    let answer = apply(tx, caller, command)?;
    let kept = KeptAnswer {
        request_hash: hash,
        status: 200,
        body: serde_json::to_string(&answer).map_err(|_| Fault::Internal)?,
        sync_id: tx.head(),
        at: tx.now(),
    };
    tx.keep_answer(caller.user, key.as_str(), &kept)?;
    Ok((answer, None))
}

fn apply(tx: &mut Tx<'_>, caller: &Caller, command: &Command) -> Result<Answer, Fault> {
    let doing = &mut Doing::new(tx, caller.user, caller.origin)?;
    match command {
        Command::CreateProject(new) => projects::create(doing, new),
        Command::UpdateProject { project, patch, if_version, announced } => {
            projects::update(doing, *project, patch, *if_version, *announced)
        }
        Command::DeleteProject { project } => projects::delete(doing, *project),
        Command::AddMember { project, user, role } => members::add(doing, *project, *user, *role),
        Command::SetRole { project, user, role } => {
            members::set_role(doing, *project, *user, *role)
        }
        Command::RemoveMember { project, user } => members::remove(doing, *project, *user),
        Command::CreateTask(new) => tasks::create(doing, new),
        Command::UpdateTask { task, patch, if_version, announced } => {
            tasks::update(doing, *task, patch, *if_version, *announced)
        }
        Command::UpdateTasks(items) => bulk::update(doing, items),
        Command::DeleteTask { task, if_version, announced } => {
            tasks::delete(doing, *task, *if_version, *announced)
        }
        Command::AddComment { topic, new } => comments::add(doing, *topic, new),
        Command::EditComment { comment, body, if_version } => {
            comments::edit(doing, *comment, body, *if_version)
        }
        Command::DeleteComment { comment } => comments::delete(doing, *comment),
        Command::CreateItem { kind, spot, given } => items::create(doing, kind, *spot, given),
        Command::UpdateItem { kind, item, given, if_version } => {
            items::update(doing, kind, *item, given, *if_version)
        }
        Command::DeleteItem { kind, item, if_version } => {
            items::delete(doing, kind, *item, *if_version)
        }
        Command::UpdateItems { kind, entries } => items::update_many(doing, kind, entries),
        Command::Chat(command) => chat::apply(doing, command),
        Command::Invitation(command) => invitations::apply(doing, command),
        Command::MarkRead { notifications } => {
            let user = doing.user.id;
            let read = doing.tx.mark_notifications_read(user, notifications.as_deref())?;
            Ok(Answer::Read(read))
        }
        Command::Emit(emissions) => custom::emit(doing, emissions),
        Command::AnnounceTask { task } => tasks::announce(doing, *task),
        Command::AnnounceDeletion { task } => tasks::announce_deletion(doing, *task),
        Command::AnnounceComment { task, comment } => comments::announce(doing, *task, *comment),
    }
}

fn hash(command: &Command) -> [u8; 32] {
    // Commands are structs of valid values: they always have a JSON form.
    let text = serde_json::to_vec(command).unwrap_or_default();
    Sha256::digest(text).into()
}
