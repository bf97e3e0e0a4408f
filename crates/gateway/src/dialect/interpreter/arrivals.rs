//! How clients come in: who they are, whether there is a seat, and whether they go on with a
//! connection that was lost.

use std::sync::Arc;
use std::time::Duration;

use chorus_collab::chat::Unread;
use chorus_collab::live::Lately;
use chorus_collab::recovery::{Arriving, Kept, TakenUp};
use chorus_collab::{Authenticated, Fault, Hold, TokenFault};
use chorus_model::{Room, UserId, UserRef};
use chorus_realtime::orders::{Greeting, Words};
use chorus_realtime::{Arrival, Connection, FrameKey, Whose};

use super::Interpreter;
use crate::dialect::crowd::Seat;
use crate::dialect::peer::{End, Peer, WayOut};
use crate::dialect::recalls::{Holder, Recall};
use crate::dialect::{Dialect, Place};
use crate::engine::application::Admitted;
use crate::engine::recovery::{Offer, Shown};
use crate::engine::{Identity, Socket};

/// Somebody with a good token and a free seat, speaking some dialect.
pub(super) struct Guest {
    pub(super) who: Authenticated,
    pub(super) dialect: Arc<dyn Dialect>,
    key: FrameKey,
    seat: Arc<Seat>,
}

/// To which clients connection state recovery is offered.
#[derive(Debug, Clone, Default)]
pub struct Offers {
    /// Of a dialect that is not named.
    pub default: Offer,
    /// Of dialects by their names.
    pub named: Vec<(String, Offer)>,
}

impl Offers {
    fn of(&self, dialect: &str) -> Offer {
        let named = self.named.iter().find(|(name, _)| name == dialect);
        named.map_or(self.default, |(_, offer)| *offer)
    }
}

/// A connection that its client can take up again.
#[derive(Default)]
pub(super) struct Recalled {
    recall: Option<Recall>,
    /// The earlier one, if it goes on with it.
    taken_up: Option<TakenUp>,
}

impl Interpreter {
    /// Lets a client into a namespace.
    pub(super) async fn admit_to(
        &self,
        socket: &Socket,
        sid: Box<str>,
        spoken: (Arc<dyn Dialect>, FrameKey),
        tokens: &[String],
        shown: Shown,
    ) -> Result<Admitted<Peer>, Fault> {
        let offer = self.offers.of(spoken.0.name());
        let recovers = shown.recovers(socket.handshake(), offer);
        let pid = shown.pid.as_deref().filter(|_| recovers);
        let mut guest = self.receive(spoken, tokens, pid).await?;
        let recalled = if recovers {
            self.recall(&mut guest, socket, sid, shown).await
        } else {
            socket.identify(Identity { sid, pid: None });
            None
        };
        self.seat(guest, End::Socket(socket.clone()), recalled).await
    }

    /// The first good token decides; if none is, the first one's fault is told. `pid`: of the
    /// connection that is taken up, which does not count any more.
    pub(super) async fn receive(
        &self,
        (dialect, key): (Arc<dyn Dialect>, FrameKey),
        tokens: &[String],
        pid: Option<&str>,
    ) -> Result<Guest, Fault> {
        let mut refused = None;
        for token in tokens {
            match self.collab.authenticate_in(dialect.name(), token, dialect.token_rules()).await {
                Ok(who) => {
                    if let Some(pid) = pid {
                        self.supersede(pid, who.user.id).await;
                    }
                    let now = self.collab.clock().monotonic();
                    let seat = self.crowd.seat(who.user.id, &*dialect, now);
                    let seat = seat.ok_or(Fault::TooManyConnections)?;
                    return Ok(Guest { who, dialect, key, seat: Arc::new(seat) });
                }
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        Err(refused.unwrap_or(Fault::Unauthenticated(TokenFault::Missing)))
    }

    pub(super) async fn seat(
        &self,
        guest: Guest,
        end: End,
        recalled: Option<Recalled>,
    ) -> Result<Admitted<Peer>, Fault> {
        let Guest { who, dialect, key, seat } = guest;
        let Authenticated { user, issued_at, expires_at } = who;
        let now = self.collab.clock().now();
        let (id, outbox) = match &end {
            End::Socket(socket) => (socket.connection(), socket.outbox()),
            End::Plain(plain) => (plain.connection(), plain.outbox()),
        };
        let (user, outbox) = (Arc::new(user.to_ref()), Arc::clone(outbox));
        let exit = Box::new(WayOut { dialect: Arc::clone(&dialect), end: end.clone() });
        let enters = dialect.enters();
        let whose = Whose::new(Arc::clone(&user), issued_at);
        let connection = Connection::new(id, whose, key, outbox, enters, exit, now);
        let connection = Arc::new(match recalled {
            Some(_) => connection.recoverable(self.lexicon.with_cursors(key)),
            None => connection,
        });
        let Recalled { recall, taken_up } = recalled.unwrap_or_default();
        let goes_on = taken_up.is_some();
        let greeting = |unread: Option<Unread>| -> Greeting {
            let (dialect, end, user) = (Arc::clone(&dialect), end.clone(), Arc::clone(&user));
            Box::new(move |Arrival { cursor, .. }| {
                let accepted = end.accept().into_iter();
                if goes_on {
                    // Whoever goes on is welcomed behind what he has missed.
                    return accepted.collect();
                }
                let (place, at) =
                    (Place { now, cursor, unread: unread.as_ref() }, cursor.to_string());
                accepted.chain(dialect.welcome(&end.wire_at(&at), &user, &place)).collect()
            })
        };
        let counts = dialect.counts_unread();
        match self.collab.connect(&connection, taken_up, counts, greeting).await {
            Ok(connected) if goes_on => {
                let cursor = &self.collab.announced();
                let place = Place { now, cursor, unread: connected.unread.as_ref() };
                let words = welcome_back(&*dialect, &end, &user, &place, &connected.lost);
                self.collab.realtime().tell(id, words).await;
            }
            Ok(_) => {}
            Err(fault) => {
                self.collab.realtime().detach(id, true).await;
                return Err(fault);
            }
        }
        if end.is_gone() {
            // It was taken up again before it was there.
            self.collab.realtime().detach(id, false).await;
        }
        let left = expires_at.micros().saturating_sub(now.micros());
        let expires_in = Some(Duration::from_micros(u64::try_from(left).unwrap_or(0)));
        let beats = dialect.tells_head();
        Ok(Admitted {
            beats,
            peer: Peer { dialect, end, connection, lately: Lately::default(), seat, recall },
            expires_in,
        })
    }

    /// Takes a connection from a link that its client has given up.
    async fn supersede(&self, pid: &str, user: UserId) {
        if let Some(holder) = self.recalls.take(pid, user) {
            self.give_up(holder).await;
        }
    }

    /// Ends the link of somebody who does not hold his connection any more.
    async fn give_up(&self, holder: Holder) {
        let Holder { socket, seat, hold, .. } = holder;
        seat.give_up();
        if socket.supersede() {
            self.collab.realtime().detach(socket.connection(), false).await;
        } else if socket.is_dismissed() {
            self.end_recall(&hold).await;
        }
    }

    /// A connection has ended for good.
    pub(super) async fn end_recall(&self, hold: &Hold) {
        if let Err(fault) = self.collab.let_go(&[], std::slice::from_ref(hold)).await {
            tracing::debug!(%fault, "a connection will be let go in time");
        }
    }

    /// Keeps a connection whose client can take it up again, as the one that it shows or as a new
    /// one. None, and a new one that cannot, if nothing can be kept now.
    async fn recall(
        &self,
        guest: &mut Guest,
        socket: &Socket,
        sid: Box<str>,
        shown: Shown,
    ) -> Option<Recalled> {
        let user = guest.who.user.id;
        let space = format!("{} {}", guest.dialect.name(), socket.namespace());
        let (connection, shown) = (socket.connection(), shown.pid.zip(shown.offset));
        let arriving = Arriving { connection, space, sid: sid.clone(), shown };
        let kept = self.collab.keep_session(user, arriving).await;
        let Kept { hold, sid, taken_up } = match kept {
            Ok(kept) => kept,
            Err(fault) => {
                tracing::debug!(%fault, "a connection cannot be kept");
                socket.identify(Identity { sid, pid: None });
                return None;
            }
        };
        socket.identify(Identity { sid, pid: Some(hold.pid.clone()) });
        guest.key = self.lexicon.for_recovery(guest.key);
        let (socket, seat) = (socket.clone(), Arc::clone(&guest.seat));
        let (recall, lost) = self.recalls.hold(Holder { user, socket, seat, hold });
        if let Some(lost) = lost {
            self.give_up(lost).await;
        }
        Some(Recalled { recall: Some(recall), taken_up })
    }
}

/// What somebody who goes on is told behind what he has missed: his welcome, and the rooms that he
/// is not in any more.
fn welcome_back(
    dialect: &dyn Dialect,
    end: &End,
    user: &UserRef,
    place: &Place<'_>,
    lost: &[(Room, Fault)],
) -> Words {
    let wire = end.wire();
    let put_out = |(room, why): &(Room, Fault)| {
        Some((Some(*room), dialect.put_out(&wire, *room, why, place.now)?))
    };
    let welcome = dialect.welcome(&wire, user, place).into_iter().map(|frame| (None, frame));
    welcome.chain(lost.iter().filter_map(put_out)).collect()
}
