//! Files of assets: taken in as a stream, kept under the hash of their content, given out again.
//! A name that a client gives is never a path. What no asset names any more is swept away.

mod progress;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chorus_model::signal::{Upload, UploadState};
use chorus_model::{
    Decimal, Entropy, Item, ItemId, Kind, ProjectId, Timestamp, UserId, UserRef, Value,
};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::access::{self, Action};
use crate::caller::Caller;
use crate::collab::Collab;
use crate::command::{Answer, Command, Done};
use crate::fault::{Fault, Noun};
use crate::items::Spot;
use crate::items::form::Given;
use progress::Progress;

/// Files that are taken in or given out at a time; who comes then is asked to try again.
const MOST_AT_ONCE: usize = 256;
/// Files that are looked for in the database by one question.
const SWEPT_AT_ONCE: usize = 500;
/// The folder of what is still coming in.
const INCOMING: &str = "incoming";

/// Where files are kept, and how much of them.
#[derive(Debug)]
pub struct Files {
    directory: PathBuf,
    limits: FileLimits,
    places: Arc<Semaphore>,
    /// Held while a file gets its name or loses it, so that none is swept that was just named.
    naming: Mutex<()>,
}

/// What fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all files of a project.
    pub project: u64,
}

/// What a client sends, piece by piece.
pub trait Pieces: Send {
    /// Why there are no more, beside what this crate refuses.
    type Error: From<Fault> + Send;

    /// Bytes of all of them, if the client has said so.
    fn total(&self) -> Option<u64>;

    /// The next piece; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, Self::Error>> + Send;
}

/// A file to be given out.
#[derive(Debug)]
pub struct Content {
    /// What is known of it.
    pub asset: Item,
    /// The file, from its beginning.
    pub file: File,
    /// Its bytes.
    pub size: u64,
    /// Its place among those that are given out, until it is dropped.
    pub place: OwnedSemaphorePermit,
}

/// What came in.
struct Received {
    size: u64,
    /// The SHA-256 of it, in hex.
    hash: String,
}

impl Files {
    /// Keeps files in a directory, which is made if it is not there. What was coming in when the
    /// server ended before is removed.
    pub fn open(directory: &Path, limits: FileLimits) -> io::Result<Self> {
        let incoming = directory.join(INCOMING);
        std::fs::create_dir_all(&incoming)?;
        for entry in std::fs::read_dir(&incoming)? {
            std::fs::remove_file(entry?.path())?;
        }
        let places = Arc::new(Semaphore::new(MOST_AT_ONCE));
        Ok(Self { directory: directory.to_owned(), limits, places, naming: Mutex::new(()) })
    }

    fn place(&self) -> Result<OwnedSemaphorePermit, Fault> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| Fault::Busy)
    }

    /// Takes in at most `most` bytes. Whatever ends it early leaves nothing behind.
    async fn receive<P: Pieces>(
        &self,
        most: u64,
        entropy: &dyn Entropy,
        progress: &mut Progress<'_>,
        mut pieces: P,
    ) -> Result<Received, P::Error> {
        let path = self.directory.join(INCOMING).join(entropy.word(24));
        let mut file = File::create_new(&path).await.map_err(unwritable)?;
        let part = Part { path };
        let (mut hash, mut size) = (Sha256::new(), 0_u64);
        while let Some(piece) = pieces.next().await? {
            size += piece.len() as u64;
            if size > most {
                return Err(Fault::FileTooLarge { most }.into());
            }
            hash.update(&piece);
            file.write_all(&piece).await.map_err(unwritable)?;
            progress.arrived(size).await?;
        }
        // The asset that names it may be announced as soon as it is committed.
        file.sync_all().await.map_err(unwritable)?;
        let hash = hex(&hash.finalize());
        let named = {
            let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
            std::fs::rename(&part.path, self.directory.join(&hash))
        };
        named.map_err(unwritable)?;
        Ok(Received { size, hash })
    }

    /// The files that are there.
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            names.extend(entry?.file_name().into_string().ok().filter(|name| is_hash(name)));
        }
        Ok(names)
    }

    /// Removes a file unless it was named after `before`.
    fn remove(&self, name: &str, before: Timestamp) -> io::Result<bool> {
        let path = self.directory.join(name);
        let _naming = self.naming.lock().unwrap_or_else(PoisonError::into_inner);
        let age = std::fs::metadata(&path)?.modified()?.duration_since(std::time::UNIX_EPOCH);
        let written = i64::try_from(age.unwrap_or_default().as_micros()).unwrap_or(i64::MAX);
        let old = Timestamp::from_micros(written) <= before;
        if old {
            std::fs::remove_file(&path)?;
        }
        Ok(old)
    }
}

/// A file that is coming in. Whoever drops it before it is named removes it; after that there is
/// none of its name.
struct Part {
    path: PathBuf,
}

impl Drop for Part {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}

impl Collab {
    /// Takes in a file and makes an asset of it in a project. `given`: what is said of it.
    pub async fn upload<P: Pieces>(
        &self,
        caller: Caller,
        project: ProjectId,
        mut given: Given,
        pieces: P,
    ) -> Result<Done, P::Error> {
        let kind = asset()?;
        let files = self.files()?;
        let (user, room) = self.room(caller.user, kind, project, files.limits).await?;
        let _place = files.place()?;
        let (entropy, total) = (&*self.parts.entropy, pieces.total());
        let upload = Upload {
            name: entropy.word(12).into(),
            project,
            file: given.text("name").into(),
            received: 0,
            total,
            state: UploadState::Arriving,
        };
        // What says itself that it is too large is not told of: it can only be refused.
        let shown = total.is_none_or(|total| total <= room);
        let mut progress = Progress::new(self, user, kind, upload, shown);
        let received = files.receive(room, entropy, &mut progress, pieces).await?;
        let size = i64::try_from(received.size).unwrap_or(i64::MAX);
        given.values.push(("size", Some(Value::Decimal(Decimal::new(size, 0)))));
        given.values.push(("sha256", Some(Value::Text(received.hash))));
        let command = Command::CreateItem { kind, spot: Spot::Project(project), given };
        let done = self.execute(caller, command).await?;
        if let Answer::Item(item) = &done.answer {
            progress.done(item.head.id, done.cursor.id);
        }
        Ok(done)
    }

    /// The file of an asset.
    pub async fn content(&self, user: UserId, id: ItemId) -> Result<Content, Fault> {
        let asset = self.item(user, asset()?, id).await?;
        let missing = || Fault::NotFound(Noun::File);
        let name = asset.values.text("sha256");
        let files = self.files().map_err(|_| missing())?;
        if !is_hash(name) {
            return Err(missing());
        }
        let place = files.place()?;
        let file = File::open(files.directory.join(name)).await.map_err(|error| {
            tracing::warn!(%error, asset = %id, "the file of an asset cannot be opened");
            missing()
        })?;
        let size = file.metadata().await.map_err(unwritable)?.len();
        Ok(Content { asset, file, size, place })
    }

    /// Removes the files that no asset names, if they are at least so old: one that has just come
    /// in may be named by a command that is still to be committed. Returns how many.
    pub async fn sweep_files(&self, age: Duration) -> Result<u64, Fault> {
        let Some(files) = &self.parts.files else { return Ok(0) };
        let before = self.clock().now().minus(age);
        let mut removed = 0;
        let names = files.names().map_err(unwritable)?;
        for names in names.chunks(SWEPT_AT_ONCE) {
            let asked = names.to_vec();
            let known = self.parts.store.read(move |reads| reads.contents_of(&asked)).await?;
            for name in names.iter().filter(|name| !known.contains(*name)) {
                removed += u64::from(files.remove(name, before).map_err(unwritable)?);
            }
        }
        Ok(removed)
    }

    fn files(&self) -> Result<&Files, Fault> {
        self.parts.files.as_ref().ok_or(Fault::NoFiles)
    }

    /// Who sends a new file of a project, and how many bytes it may have.
    async fn room(
        &self,
        user: UserId,
        kind: &'static Kind,
        project: ProjectId,
        limits: FileLimits,
    ) -> Result<(UserRef, u64), Fault> {
        self.query(user, move |reads, user| {
            access::permit(reads, user, project, Action::EditItems(kind.editors))?;
            let sums = reads.sums(project, kind, "")?;
            let used = sums.sums.get("size").map_or(0, |size| size.units());
            let used = u64::try_from(used).unwrap_or_default();
            let room = limits.file.min(limits.project.saturating_sub(used));
            Ok((user.to_ref(), room))
        })
        .await
    }
}

fn asset() -> Result<&'static Kind, Fault> {
    Kind::named("asset").ok_or(Fault::Internal)
}

fn is_hash(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "has the form that `map_err` takes")]
fn unwritable(error: io::Error) -> Fault {
    tracing::error!(%error, "the directory of files failed");
    Fault::Unavailable
}
