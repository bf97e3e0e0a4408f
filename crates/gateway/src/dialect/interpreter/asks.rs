//! What clients ask for, and what becomes of it.

use std::sync::Arc;

use chorus_collab::live::RoomName;
use chorus_collab::resume::{Resume, Resumed};
use chorus_collab::{Caller, Fault};
use chorus_model::ProjectId;
use chorus_realtime::{Arrival, Enters};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Interpreter;
use crate::dialect::peer::{End, Peer};
use crate::dialect::{Ask, Decoded, Echo, Reply};

impl Interpreter {
    /// What a decoded packet comes to.
    pub(super) fn deal(
        self: &Arc<Self>,
        peer: &Arc<Peer>,
        decoded: Decoded,
        ack: Option<u64>,
    ) -> Option<BoxFuture<'static, ()>> {
        let now = self.collab.clock().now();
        match decoded {
            Decoded::Unknown => {}
            Decoded::Silent => peer.acknowledge(ack, "[]"),
            Decoded::Wrong(text) => {
                self.faults.count("wrong_form");
                peer.end.send(peer.dialect.complaint(&peer.end.wire(), &text, now));
                peer.acknowledge(ack, "[]");
            }
            Decoded::Refused(fault, echo) => self.reject(peer, &fault, &echo, ack),
            Decoded::Ask(_, echo) if !peer.seat.may_ask(self.collab.clock().monotonic()) => {
                self.reject(peer, &Fault::TooManyRequests, &echo, ack);
            }
            Decoded::Ask(Ask::Ping, echo) => {
                peer.connection.touch(now);
                peer.tell(Ok(&Reply::Pong), &echo, ack, now);
            }
            Decoded::Ask(ask, echo) => {
                let (this, peer) = (Arc::clone(self), Arc::clone(peer));
                return Some(async move { this.answer(&peer, ask, &echo, ack).await }.boxed());
            }
        }
        None
    }

    async fn answer(&self, peer: &Peer, ask: Ask, echo: &Echo, ack: Option<u64>) {
        match self.run(peer, ask, echo, ack).await {
            Ok(Some(reply)) => peer.tell(Ok(&reply), echo, ack, self.collab.clock().now()),
            Ok(None) => {}
            Err(fault) => self.reject(peer, &fault, echo, ack),
        }
    }

    fn reject(&self, peer: &Peer, fault: &Fault, echo: &Echo, ack: Option<u64>) {
        self.faults.count(fault.code());
        peer.tell(Err(fault), echo, ack, self.collab.clock().now());
    }

    /// What the caller is to be told; none where that was done by whoever knew when.
    async fn run(
        &self,
        peer: &Peer,
        ask: Ask,
        echo: &Echo,
        ack: Option<u64>,
    ) -> Result<Option<Reply>, Fault> {
        let (user, id) = (peer.connection.user.id, peer.connection.id);
        Ok(Some(match ask {
            Ask::Command(command, key) => {
                let caller = Caller { user, origin: Some(id), key };
                let done = self.collab.execute(caller, *command).await?;
                Reply::Ran(Box::new(done))
            }
            Ask::Typing { task, typing } => {
                self.collab.typing(&peer.connection, &peer.lately, task, typing).await?;
                Reply::Done
            }
            Ask::Online(project) => {
                let showing = peer.showing(echo, ack, self.collab.clock().now());
                self.collab.show_present(id, user, project, showing).await?;
                return Ok(None);
            }
            Ask::Join(project) => self.join(peer, project, echo).await?,
            Ask::JoinNamed(name) => {
                let greeting = || {
                    let name = name.clone();
                    peer.greeting(echo, move |_| Reply::JoinedNamed(name))
                };
                let join = self.collab.join_named(id, user, &name, greeting);
                self.kept(peer, std::slice::from_ref(&name), join).await?;
                Reply::Entered
            }
            Ask::Resume { since, rooms, whole } => {
                let whole = whole && matches!(peer.end, End::Plain(_));
                let key = whole.then(|| self.lexicon.with_cursors(peer.connection.key()));
                let greeting = |refused| {
                    let resumed = move |arrival: &Arrival<'_>| {
                        Reply::Resumed(Resumed::at(arrival.cursor, arrival.resumes, refused))
                    };
                    peer.greeting(echo, resumed)
                };
                let resume = Resume { since, rooms: rooms.clone(), key };
                let resume = self.collab.resume(id, user, resume, greeting);
                let resumed = self.kept(peer, &rooms, resume).await?;
                // On a raw socket the greeting has said so.
                let acknowledged = matches!(peer.end, End::Socket(_));
                if acknowledged { Reply::Resumed(resumed) } else { Reply::Entered }
            }
            Ask::Leave(project) => {
                let was_there = self.collab.leave(id, project).await;
                self.left(peer, &RoomName::of(project), was_there).await?;
                Reply::Left(project)
            }
            Ask::LeaveNamed(name) => {
                let was_there = self.collab.leave_named(id, user, &name).await?;
                self.left(peer, &name, was_there).await?;
                Reply::LeftNamed { name, was_there }
            }
            Ask::Say(name, content) => {
                self.collab.say(&peer.connection, &name, content).await?;
                Reply::Done
            }
            Ask::Ping => Reply::Pong,
        }))
    }

    async fn join(&self, peer: &Peer, project: ProjectId, echo: &Echo) -> Result<Reply, Fault> {
        let (user, id) = (peer.connection.user.id, peer.connection.id);
        let joined = move |arrival: &Arrival<'_>| Reply::Joined {
            project,
            present: arrival.present.to_vec(),
        };
        let greeting = || peer.greeting(echo, joined);
        let asks_who = peer.dialect.asks_who();
        let join = self.collab.join(id, user, project, asks_who, greeting);
        let joined = self.kept(peer, &[RoomName::of(project)], join).await;
        if matches!(joined, Err(Fault::NotFound(_)))
            && peer.dialect.tells_strangers()
            && self.collab.has_project(user, project).await?
        {
            return Err(Fault::Forbidden);
        }
        joined.map(|()| Reply::Entered)
    }

    /// Enters rooms, which are kept before the client is told that it is there, if it can take its
    /// connection up again.
    async fn kept<T>(
        &self,
        peer: &Peer,
        rooms: &[RoomName],
        enter: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        let Some(recall) = &peer.recall else { return enter.await };
        let user = peer.connection.user.id;
        let new = self.collab.keep_rooms(&recall.hold, user, rooms.to_vec()).await?;
        let entered = enter.await;
        if entered.is_err() {
            self.collab.drop_rooms(&recall.hold, &new, false).await?;
        }
        entered
    }

    /// A client has left a room.
    async fn left(&self, peer: &Peer, room: &RoomName, was_there: bool) -> Result<(), Fault> {
        let Some(recall) = peer.recall.as_ref().filter(|_| was_there) else { return Ok(()) };
        let stays_out = peer.connection.enters != Enters::Nothing;
        self.collab.drop_rooms(&recall.hold, std::slice::from_ref(room), stays_out).await
    }
}
