//! One client that is dropped, sleeps, talks too much, and comes back.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::timeout;

use super::dice::Dice;
use super::way::{Read, Told, Way};
use crate::pause::back_off;
use crate::wire::PATIENCE;
use crate::wire::websocket::Socket;
use crate::{Failure, Target};

/// What is said at once by a client that talks too much: more than a session may.
const FLOOD: usize = 500;
/// Bytes that the system takes for a client that does not read. Few, so that it soon cannot
/// follow.
const UNREAD: u32 = 8 * 1024;

/// How long it may take to hear the rest.
const GIVEN_UP: Duration = Duration::from_secs(120);

/// What is going on.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    /// Everything.
    Wild,
    /// No more is written.
    Ebb,
    /// Nobody is disturbed any more; these are the last words, each with its project.
    Calm(Arc<[(u64, u64)]>),
}

impl Phase {
    fn last(&self) -> Option<Arc<[(u64, u64)]>> {
        match self {
            Self::Calm(last) => Some(Arc::clone(last)),
            Self::Wild | Self::Ebb => None,
        }
    }
}

/// What one client has heard.
#[derive(Debug)]
pub struct Record {
    /// What it is called.
    pub name: String,
    /// The projects that it hears.
    pub projects: Vec<u64>,
    /// The kinds of the log that it is told of.
    pub hears: &'static [&'static str],
    /// The place in the log after which it hears; `None` if it never came.
    pub since: Option<u64>,
    /// What it was told, in the order in which it came.
    pub told: Vec<Told>,
    /// Why it could not come back.
    pub resets: Vec<String>,
    /// How often it came.
    pub came: u64,
    /// How often it dropped its connection.
    pub drops: u64,
    /// How often it read nothing for a while.
    pub naps: u64,
    /// How often it talked too much.
    pub floods: u64,
}

/// A client.
pub(super) struct Rider {
    pub(super) target: Target,
    pub(super) token: String,
    pub(super) way: Box<dyn Way>,
    pub(super) dice: Dice,
    /// The longest time for which it reads nothing.
    pub(super) nap: Duration,
    pub(super) record: Record,
    pub(super) socket: Option<Socket>,
}

impl Rider {
    /// Does as it likes until nobody is disturbed any more, then hears the rest.
    pub(super) async fn ride(mut self, phase: watch::Receiver<Phase>) -> Record {
        loop {
            let last = phase.borrow().last();
            if let Some(last) = last {
                return self.hear_out(&last).await;
            }
            if self.turn().await.is_err() {
                self.lose().await;
            }
        }
    }

    /// Does something for a while. Fails when the connection was lost, or none was to be had.
    async fn turn(&mut self) -> Result<(), Failure> {
        let Some(socket) = &mut self.socket else { return self.come().await };
        match self.dice.below(100) {
            0..70 => {
                let time = self.dice.millis(20, 1_500);
                // The time being over is not a failure.
                let hearing = async {
                    loop {
                        self.hear().await?;
                    }
                };
                timeout(time, hearing).await.unwrap_or(Ok(()))
            }
            70..85 => {
                self.record.drops += 1;
                self.socket = None;
                Ok(())
            }
            85..95 => {
                self.record.naps += 1;
                let longest = u64::try_from(self.nap.as_millis()).unwrap_or(u64::MAX);
                back_off(self.dice.millis(longest / 10, longest)).await;
                Ok(())
            }
            _ => {
                self.record.floods += 1;
                let chatter = self.way.chatter();
                let flooding = async {
                    for _ in 0..FLOOD {
                        socket.send(chatter.into()).await?;
                    }
                    Ok(())
                };
                let unread = |_| Failure::Lost("the server reads no more".into());
                timeout(PATIENCE, flooding).await.map_err(unread)?
            }
        }
    }

    /// Comes, or comes back.
    pub(super) async fn come(&mut self) -> Result<(), Failure> {
        let coming = async {
            let path = self.way.path(&self.token);
            let mut socket = Socket::open_narrow(&self.target, &path, UNREAD).await?;
            loop {
                match self.way.read(&socket.receive().await?) {
                    Read::Say(text) => socket.send(text).await?,
                    Read::Came(answer) => return Ok((socket, answer)),
                    Read::Refused(why) => return Err(Failure::Refused(why)),
                    Read::Told(told) => self.record.told.push(told),
                    Read::Nothing => {}
                }
            }
        };
        let late = |_| Failure::Late { expected: "to be back".into(), waited: PATIENCE };
        let (socket, answer) = timeout(PATIENCE, coming).await.map_err(late)??;
        self.record.came += 1;
        match answer {
            Ok(place) => self.record.since = self.record.since.or(Some(place)),
            Err(reset) => self.record.resets.push(reset),
        }
        self.socket = Some(socket);
        Ok(())
    }

    /// Reads one message. Without a connection it fails; so it does when that is lost.
    async fn hear(&mut self) -> Result<(), Failure> {
        let gone = || Failure::Lost("there is none".into());
        let socket = self.socket.as_mut().ok_or_else(gone)?;
        match self.way.read(&socket.receive().await?) {
            Read::Say(text) => socket.send(text).await?,
            Read::Told(told) => self.record.told.push(told),
            Read::Came(_) | Read::Refused(_) | Read::Nothing => {}
        }
        Ok(())
    }

    /// Stays until it has heard the last words of its projects, or has been given up.
    async fn hear_out(mut self, last: &[(u64, u64)]) -> Record {
        let mine = last.iter().filter(|(project, _)| self.record.projects.contains(project));
        let missing = mine.map(|(_, word)| *word).collect();
        timeout(GIVEN_UP, self.hear_all(missing)).await.ok();
        self.record
    }

    async fn hear_all(&mut self, mut missing: Vec<u64>) {
        let mut seen = 0;
        loop {
            for told in &self.record.told[seen..] {
                missing.retain(|word| told.word != Some(*word));
            }
            seen = self.record.told.len();
            if missing.is_empty() {
                return;
            }
            let step = match &self.socket {
                Some(_) => self.hear().await,
                None => self.come().await,
            };
            if step.is_err() {
                self.lose().await;
            }
        }
    }

    /// Gives up a connection that is no good, and waits a little.
    async fn lose(&mut self) {
        self.socket = None;
        back_off(self.dice.millis(10, 300)).await;
    }
}
