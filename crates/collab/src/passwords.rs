//! Passwords: argon2id (RFC 9106), off the async threads, one at a time per core.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use chorus_model::Entropy;
use chorus_model::text::Password;
use tokio::sync::Semaphore;

use crate::fault::Fault;

/// Hashes and compares.
#[derive(Debug)]
pub struct Hasher {
    cores: Arc<Semaphore>,
    waiting: AtomicUsize,
    entropy: Arc<dyn Entropy>,
    /// What is compared with when there is no such person, so that a stranger cannot tell from
    /// the time it takes.
    decoy: String,
}

impl Hasher {
    /// Hashes at most `cores` passwords at a time. Makes one hash to begin with.
    pub fn new(cores: usize, entropy: Arc<dyn Entropy>) -> Result<Self, Fault> {
        let mut secret = [0; 32];
        entropy.fill(&mut secret);
        let decoy = hash(&secret, &salt(&*entropy))?;
        Ok(Self {
            cores: Arc::new(Semaphore::new(cores.max(1))),
            waiting: AtomicUsize::new(0),
            entropy,
            decoy,
        })
    }

    /// The hash to store for `password`.
    pub async fn hash(&self, password: Password) -> Result<String, Fault> {
        let salt = salt(&*self.entropy);
        self.off_thread(move || hash(password.as_bytes(), &salt)).await?
    }

    /// Whether `password` is the one that `stored` was made of. Takes as long without `stored`.
    pub async fn verify(&self, password: String, stored: Option<String>) -> Result<bool, Fault> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        let matches = self
            .off_thread(move || {
                PasswordHash::new(&stored).is_ok_and(|stored| {
                    Argon2::default().verify_password(password.as_bytes(), &stored).is_ok()
                })
            })
            .await?;
        Ok(matches && known)
    }

    async fn off_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let _place = Place::take(&self.waiting).ok_or(Fault::Busy)?;
        let core = Arc::clone(&self.cores).acquire_owned().await;
        let core = core.map_err(|_| Fault::Unavailable)?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            // Held to the end of the work, not of the request: whoever hangs up does not free it.
            drop(core);
            done
        });
        done.await.map_err(|_| Fault::Internal)
    }
}

/// Requests that wait for a core, at most; beyond it they are told to come back.
const MOST_WAITING: usize = 256;

/// A place among those who wait.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Option<Self> {
        let before = waiting.fetch_add(1, Ordering::Relaxed);
        // One place too many is given back as it is dropped.
        let place = Self(waiting);
        (before < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn salt(entropy: &dyn Entropy) -> [u8; 16] {
    let mut salt = [0; 16];
    entropy.fill(&mut salt);
    salt
}

fn hash(password: &[u8], salt: &[u8]) -> Result<String, Fault> {
    let hash = Argon2::default().hash_password_with_salt(password, salt);
    Ok(hash.map_err(|_| Fault::Internal)?.to_string())
}
