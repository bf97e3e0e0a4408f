//! What clients do: come, ask, read, go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chorus_model::event::Rooms;
use chorus_model::signal::SignalBody;
use chorus_model::{Clock as _, ConnectionId, Cursor, Room, Signal, SyncId, TaskId, WorkspaceRole};
use chorus_realtime::orders::{Greeting, Showing};
use chorus_realtime::{Connection, Entry, Joined, Link, NotJoined, Outbox, Realtime, Turn, Whose};
use futures_util::FutureExt as _;
use smallvec::{SmallVec, smallvec};

use crate::broken::{Broken, Rule};
use crate::client::{Ask, Coming, Granted};
use crate::commands::named;
use crate::dice::Dice;
use crate::node::look;
use crate::rights;
use crate::session::{Session, Sure, surest};
use crate::wire::{Door, Pipe};
use crate::words::{line, users};
use crate::world::World;

impl World {
    /// A client goes on with what it wants.
    pub(crate) fn go_on(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let who = dice.below(self.clients.len());
        self.go_on_as(who, Some(dice))
    }

    /// The same, of a client; without dice it only ends what it has begun.
    pub(crate) fn go_on_as(&mut self, who: usize, dice: Option<&mut Dice>) -> Result<(), Broken> {
        let Some(id) = self.clients[who].session else { return self.connect(who, dice) };
        if self.sessions.get(&id).is_none_or(Session::is_over) {
            return self.lose(who, true);
        }
        match self.clients[who].ask.clone() {
            Some(Ask::Leave(room)) => self.leave(who, id, room),
            Some(Ask::Who(room)) => self.ask_who(who, id, room),
            Some(ask) => match self.clients[who].entry.take() {
                Some(entry) => self.enter(who, id, &ask, entry),
                None => self.read_rights(who, &ask),
            },
            None => {
                if let Some(dice) = dice {
                    self.clients[who].ask = self.wish(who, dice);
                }
                Ok(())
            }
        }
    }

    fn realtime(&self, id: u64) -> Option<(usize, Realtime)> {
        let at = self.sessions.get(&id)?.node;
        Some((at, self.nodes[at].as_ref()?.realtime.clone()))
    }

    fn connect(&mut self, who: usize, dice: Option<&mut Dice>) -> Result<(), Broken> {
        let client = &mut self.clients[who];
        let (user, dialect) = (client.user, client.dialect);
        let active = look(&self.truth).users.get(&user).is_some_and(|account| account.active);
        let all = self.nodes.len();
        let (polls, at) = dice.map_or((false, 0), |dice| (dice.chance(25), dice.below(all)));
        let Some(realtime) = self.nodes[at].as_ref().map(|node| node.realtime.clone()) else {
            return Ok(());
        };
        if !active {
            return Ok(());
        }
        client.issued_at = self.clock.now();
        self.last_connection += 1;
        let id = self.last_connection;
        let limits = self.setting.limits;
        let outbox = Arc::new(Outbox::new(limits, Arc::clone(realtime.counters())));
        let pipe = (!polls).then(|| Arc::new(Pipe::new(self.setting.socket)));
        if let Some(pipe) = &pipe {
            outbox.attach(Arc::clone(pipe) as Arc<dyn Link>);
        }
        let ended = Arc::new(AtomicBool::new(false));
        let connection = Connection::new(
            ConnectionId(id),
            Whose::new(Arc::new(named(user, 0)), client.issued_at),
            dialect.key(false),
            Arc::clone(&outbox),
            dialect.enters(),
            Box::new(Door { outbox, ended: Arc::clone(&ended) }),
            client.issued_at,
        );
        let recovers = client.coming == Coming::Recovers;
        let placed = if recovers { connection.recoverable(dialect.key(true)) } else { connection };
        let connection = Arc::new(placed);
        client.session = Some(id);
        client.ask = Some(Ask::Connect);
        let session = Session {
            node: at,
            user,
            dialect,
            connection: Arc::clone(&connection),
            pipe,
            ended,
            owner: Some(who),
            attached: true,
            rooms: BTreeMap::new(),
            role: WorkspaceRole::User,
            issued_at: client.issued_at,
        };
        self.sessions.insert(id, session);
        self.note(|| {
            format!("client {who} ({dialect:?} of {user}) is connection {id} at node {at}")
        });
        // It only waits for room in the queue, which is there.
        realtime.attach(connection).now_or_never();
        self.take(at, Turn::Nothing)
    }

    fn read_rights(&mut self, who: usize, ask: &Ask) -> Result<(), Broken> {
        let truth = Arc::clone(&self.truth);
        let ledger = look(&truth);
        if let (Ask::Connect, Some(role)) = (ask, rights::begins_anew(&ledger, &self.clients[who]))
        {
            self.clients[who].begin_anew(role);
        }
        let entry = rights::read(&ledger, &self.clients[who], ask);
        if let (Ask::Join(room, _), Some(_)) = (ask, &entry) {
            // Kept before it is answered.
            self.clients[who].kept.entry(*room).or_insert(ledger.head());
        }
        drop(ledger);
        if entry.is_none() {
            self.note(|| format!("client {who} is refused {ask:?}"));
            self.clients[who].ask = None;
            if *ask == Ask::Connect {
                return self.lose(who, true);
            }
        }
        self.clients[who].entry = entry;
        Ok(())
    }

    fn enter(
        &mut self,
        who: usize,
        id: u64,
        ask: &Ask,
        (entry, refused): (Entry, Vec<Room>),
    ) -> Result<(), Broken> {
        let Some((at, realtime)) = self.realtime(id) else { return Ok(()) };
        self.last_tag += 1;
        let tag = self.last_tag;
        let greeting: Greeting = Box::new(move |arrival| {
            smallvec![line(&format!("g {tag} {}", users(arrival.present)))]
        });
        let asked = entry.clone();
        let mut joining =
            async move { realtime.join(ConnectionId(id), asked, greeting).await }.boxed();
        let early = (&mut joining).now_or_never();
        self.take(at, Turn::Nothing)?;
        match early.or_else(|| joining.now_or_never()) {
            Some(Ok(joined)) => {
                self.clients[who].ask = None;
                self.enter_model(id, &entry, &joined);
                let lost = refused.clone();
                self.granted(who, id, tag, (ask.clone(), entry, refused), &joined);
                if *ask == Ask::Connect { self.tell_lost(id, &lost) } else { Ok(()) }
            }
            // Its rights are read again.
            Some(Err(NotJoined::Stale)) => Ok(()),
            Some(Err(NotJoined::TooMany)) | None => {
                Err(Broken::new(Rule::Rest, format!("client {who} is not answered {ask:?}")))
            }
        }
    }

    /// Whoever is taken up is told which of his rooms he has lost.
    fn tell_lost(&mut self, id: u64, lost: &[Room]) -> Result<(), Broken> {
        let Some((at, realtime)) = self.realtime(id) else { return Ok(()) };
        let put_out = |room: &Room| (Some(*room), line(&format!("x {room}")));
        let told: SmallVec<_> = lost.iter().map(put_out).collect();
        if told.is_empty() {
            return Ok(());
        }
        realtime.tell(ConnectionId(id), told).now_or_never();
        self.take(at, Turn::Nothing)
    }

    fn enter_model(&mut self, id: u64, entry: &Entry, joined: &Joined) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let at = joined.cursor.id;
        session.role = entry.role;
        for room in &entry.rooms {
            session.rooms.entry(*room).or_insert(at);
        }
        let (Some(Ok(since)), Some(rewind)) = (joined.resumes, &entry.rewind) else { return };
        let since = since.min(at);
        let since_in = |room: Room| {
            let floors = rewind.floors.iter().filter(|(other, _)| *other == room);
            floors.map(|(_, from)| *from).fold(since, SyncId::max)
        };
        let whole = rewind.key.is_some();
        let again = |room: &Room| whole || entry.rooms.contains(room);
        let targets: Vec<Room> = session.rooms.keys().copied().filter(again).collect();
        let Some(owner) = session.owner else { return };
        let ledger = look(&self.truth);
        for event in ledger.between(since, at) {
            let may = |room: &&Room| {
                since_in(**room) < event.sync_id && session.may_replay(**room, event, &ledger)
            };
            let found = targets.iter().filter(may);
            let found = surest(found.map(|room| session.hears_in(*room, event, &ledger)));
            let sure = match session.covers(event, None, &ledger) {
                Sure::Yes => Sure::No,
                Sure::No => found,
                _ => found.min(Sure::Perhaps),
            };
            self.clients[owner].owe(event.sync_id, sure, !whole);
        }
        for room in targets {
            session.rooms.entry(room).and_modify(|from| *from = since_in(room).min(*from));
        }
    }

    fn granted(
        &mut self,
        who: usize,
        id: u64,
        tag: u64,
        (ask, entry, refused): (Ask, Entry, Vec<Room>),
        joined: &Joined,
    ) {
        self.note(|| format!("connection {id} is granted {ask:?}: {joined:?}"));
        if matches!(joined.resumes, Some(Ok(_))) {
            *self.counted.entry("resumed").or_default() += 1;
        }
        let place = &joined.cursor;
        let since = match joined.resumes {
            Some(Ok(since)) => since.min(place.id),
            _ => place.id,
        };
        let client = &mut self.clients[who];
        let own = self.sessions.get(&id).and_then(|one| one.rooms.get(&Room::User(client.user)));
        match (&ask, joined.resumes) {
            (Ask::Resume, Some(Err(_))) => client.reset(own.copied().unwrap_or_default()),
            (Ask::Connect, _) if client.coming == Coming::Resumes => {
                client.ask = Some(Ask::Resume);
            }
            _ => {}
        }
        let cursor = Cursor { id: since, ..place.clone() };
        let by_hand = |room: &Room| client.kept.contains_key(room) && client.dialect.by_hand();
        let rooms = entry.rooms.iter().copied().filter(by_hand).collect();
        client.granted.insert(tag, Granted { ask, cursor, rooms, refused });
    }

    fn leave(&mut self, who: usize, id: u64, room: Room) -> Result<(), Broken> {
        let Some((at, realtime)) = self.realtime(id) else { return Ok(()) };
        let rooms = Rooms::from_slice(&[room]);
        let mut leaving = async move { realtime.leave(ConnectionId(id), rooms).await }.boxed();
        let early = (&mut leaving).now_or_never();
        self.take(at, Turn::Nothing)?;
        let left = early.or_else(|| leaving.now_or_never());
        let session = self.sessions.get_mut(&id);
        let was_there = session.and_then(|session| session.rooms.remove(&room)).is_some();
        if left != Some(was_there) {
            let how =
                format!("connection {id} leaves {room}: {left:?}, and was there: {was_there}");
            return Err(Broken::new(Rule::Rooms, how));
        }
        self.note(|| format!("connection {id} leaves {room}"));
        self.clients[who].ask = None;
        self.clients[who].turn_away(room);
        self.clients[who].kept.remove(&room);
        Ok(())
    }

    fn ask_who(&mut self, who: usize, id: u64, room: Room) -> Result<(), Broken> {
        let Some((at, realtime)) = self.realtime(id) else { return Ok(()) };
        self.last_tag += 1;
        let tag = self.last_tag;
        let told = Arc::new(AtomicBool::new(false));
        let tells = Arc::clone(&told);
        let showing: Showing = Box::new(move |present| {
            tells.store(true, Ordering::Relaxed);
            smallvec![line(&format!("g {tag} {}", users(present)))]
        });
        let asker = Some((ConnectionId(id), showing));
        let mut asking = async move { realtime.present(vec![room], asker).await }.boxed();
        (&mut asking).now_or_never();
        self.take(at, Turn::Nothing)?;
        let cursor = look(&self.truth).end();
        let (rooms, refused) = (BTreeSet::new(), Vec::new());
        let there = self.sessions.get(&id).is_some_and(|one| one.rooms.contains_key(&room));
        // Whoever is out meanwhile does not take it for the truth.
        let ask = if there { Ask::Who(room) } else { Ask::Leave(room) };
        let client = &mut self.clients[who];
        client.ask = None;
        if told.load(Ordering::Relaxed) {
            client.granted.insert(tag, Granted { ask, cursor, rooms, refused });
        }
        self.note(|| format!("connection {id} asks who is in {room}"));
        Ok(())
    }

    /// What a client wants next.
    fn wish(&self, who: usize, dice: &mut Dice) -> Option<Ask> {
        let client = &self.clients[who];
        // One question after the other.
        if !client.settled || !client.granted.is_empty() {
            return None;
        }
        let own = client.session.and_then(|id| self.sessions.get(&id));
        let shown = |room: &&Room| !matches!(room, Room::User(_) | Room::Role(..));
        let own = own.into_iter().flat_map(|session| session.rooms.keys()).filter(shown);
        let unseen = own.filter(|room| !client.view.contains_key(&room.to_string()));
        let unseen: Vec<Room> = unseen.copied().collect();
        let there: Vec<Room> = client.wanted.iter().copied().collect();
        match (dice.below(10), dice.pick(&unseen), dice.pick(&there)) {
            (0..5, Some(room), _) | (5, _, Some(room)) => Some(Ask::Who(room)),
            (6..8, _, Some(room)) => Some(Ask::Leave(room)),
            _ if client.dialect.by_hand() => self.wish_to_join(dice),
            _ => None,
        }
    }

    fn wish_to_join(&self, dice: &mut Dice) -> Option<Ask> {
        let ledger = look(&self.truth);
        let projects: Vec<_> = ledger.projects.iter().copied().collect();
        let tasks: Vec<_> = ledger.tasks.keys().copied().collect();
        let task = |id: TaskId| Some(Room::Task(ledger.tasks.get(&id)?.project_id, id));
        let room = match dice.below(8) {
            0 => Some(Room::named("table:1")),
            1 => dice.pick(&tasks).and_then(task),
            _ => dice.pick(&projects).map(Room::Project),
        }?;
        let most = usize::try_from(ledger.head().0).unwrap_or(0) + 1;
        let since = dice.chance(30).then(|| SyncId(dice.below(most) as u64));
        Some(Ask::Join(room, since))
    }

    /// A client reads some of what has come.
    pub(crate) fn read(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let (who, most) = (dice.below(self.clients.len()), dice.between(1, 120));
        self.read_as(who, most)?;
        let node = self.clients[who].session.and_then(|id| self.sessions.get(&id));
        match node.map(|session| session.node).filter(|_| dice.chance(70)) {
            Some(at) => self.take(at, Turn::Nothing),
            None => Ok(()),
        }
    }

    /// The same, so many bytes; how many there were.
    pub(crate) fn read_as(&mut self, who: usize, most: usize) -> Result<usize, Broken> {
        let Some(id) = self.clients[who].session else { return Ok(0) };
        let Some(session) = self.sessions.get(&id) else { return Ok(0) };
        let outbox = session.outbox();
        let bytes = match &session.pipe {
            Some(pipe) => {
                let bytes = pipe.read(most);
                if outbox.is_blocked() {
                    outbox.resume();
                }
                bytes
            }
            None => outbox.take(most).concat(),
        };
        if !bytes.is_empty() {
            self.note(|| format!("client {who} reads {:?}", String::from_utf8_lossy(&bytes)));
        }
        let before = self.clients[who].told;
        let users = &look(&self.truth).users;
        let was_admin = users.get(&self.clients[who].user).is_some_and(|user| user.was_admin);
        let read = self.clients[who].read(&bytes, was_admin);
        self.told += self.clients[who].told - before;
        read.map(|()| bytes.len()).map_err(|broken| broken.of(&format!("client {who}")))
    }

    /// A client says something that nobody keeps.
    pub(crate) fn say(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let who = dice.below(self.clients.len());
        let Some(id) = self.clients[who].session else { return Ok(()) };
        let Some((at, realtime)) = self.realtime(id) else { return Ok(()) };
        let rooms = self.sessions.get(&id).map(|one| one.rooms.keys().copied().collect::<Vec<_>>());
        let Some(room) = dice.pick(&rooms.unwrap_or_default()) else { return Ok(()) };
        let body = SignalBody::Relay { room, name: "x".into(), content: "{}".into() };
        let (user, now) = (named(self.clients[who].user, 0), self.clock.now());
        let signal = Signal { user, at: now, cause: Some(ConnectionId(id)), body };
        realtime.signal_within(room, signal);
        self.take(at, Turn::Nothing)
    }

    /// A client is cut off, after it has read some more, or says good-bye.
    pub(crate) fn cut(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let who = dice.below(self.clients.len());
        if dice.chance(50) {
            self.read_as(who, dice.between(1, 60))?;
        }
        self.lose(who, dice.chance(30))
    }

    /// A client's connection is gone; `known`: and its node knows it.
    pub(crate) fn lose(&mut self, who: usize, known: bool) -> Result<(), Broken> {
        let Some(id) = self.clients[who].session else { return Ok(()) };
        self.note(|| format!("client {who} loses connection {id}"));
        self.clients[who].cut();
        if let Some(session) = self.sessions.get_mut(&id) {
            session.owner = None;
        }
        if known { self.detach(id, true) } else { Ok(()) }
    }

    /// A node notices that a connection is gone.
    pub(crate) fn notice(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let gone: Vec<u64> = self.orphans();
        match dice.pick(&gone) {
            Some(id) => self.detach(id, false),
            None => Ok(()),
        }
    }

    /// Connections without a client.
    pub(crate) fn orphans(&self) -> Vec<u64> {
        let gone = self.sessions.iter().filter(|(_, session)| session.owner.is_none());
        gone.map(|(id, _)| *id).collect()
    }

    pub(crate) fn detach(&mut self, id: u64, clean: bool) -> Result<(), Broken> {
        let Some((at, realtime)) = self.realtime(id) else { return Ok(()) };
        realtime.detach(ConnectionId(id), clean).now_or_never();
        self.take(at, Turn::Nothing)?;
        self.sessions.remove(&id);
        self.note(|| format!("node {at} forgets connection {id}"));
        Ok(())
    }
}
