//! The world of a run: truth, nodes, connections and clients, moved one step at a time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chorus_model::{Clock as _, Cursor, SyncId, Timestamp, UserId, WorkspaceRole};
use chorus_realtime::Turn;
use chorus_storage::Batch;

use crate::broken::{Broken, Rule};
use crate::client::Client;
use crate::clock::HandClock;
use crate::commands::Commit;
use crate::dice::Dice;
use crate::ledger::{Account, Ledger};
use crate::node::{Node, Truth, look};
use crate::schedule::{Act, Setting, Step};
use crate::session::{Session, Sure};

/// Everything there is in a run.
#[derive(Debug)]
pub struct World {
    pub(crate) setting: Setting,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) truth: Truth,
    /// None where a node is down.
    pub(crate) nodes: Vec<Option<Node>>,
    pub(crate) sessions: BTreeMap<u64, Session>,
    pub(crate) clients: Vec<Client>,
    /// Hints on their way: to which node.
    hints: Vec<(usize, Cursor)>,
    backup: Option<Ledger>,
    started: u64,
    pub(crate) last_connection: u64,
    pub(crate) last_tag: u64,
    pub(crate) trace: Option<String>,
    /// Events that clients were told.
    pub(crate) told: u64,
    /// What nodes have counted that are down now, and how often clients were told what they had
    /// missed.
    pub(crate) counted: Counted,
}

/// Figures by their names.
pub type Counted = BTreeMap<&'static str, u64>;

impl World {
    /// A world in which nothing has happened.
    pub fn new(setting: &Setting, traced: bool) -> Result<Self, Broken> {
        let users: Vec<UserId> = (1..).map(UserId).take(setting.users).collect();
        let account = |id: &UserId| {
            let role = if id.0 == 1 { WorkspaceRole::Admin } else { WorkspaceRole::User };
            let was_admin = role == WorkspaceRole::Admin;
            let tokens_from = Timestamp::default();
            (*id, Account { role, active: true, was_admin, tokens_from, named: 0 })
        };
        let mut ledger = Ledger {
            users: users.iter().map(account).collect(),
            stingy: setting.stingy,
            ..Ledger::default()
        };
        let (dice, now) = (&mut Dice::new(setting.beginning), Timestamp::default());
        Commit { ledger: &mut ledger, dice, now }.begin();
        let clients = setting.clients.iter().enumerate();
        let clients = clients
            .map(|(at, (dialect, coming))| Client::new(users[at % users.len()], *dialect, *coming));
        let mut world = Self {
            setting: setting.clone(),
            clock: Arc::default(),
            truth: Arc::new(Mutex::new(ledger)),
            nodes: (0..setting.nodes).map(|_| None).collect(),
            sessions: BTreeMap::new(),
            clients: clients.collect(),
            hints: Vec::new(),
            backup: None,
            started: 0,
            last_connection: 0,
            last_tag: 0,
            trace: traced.then(String::new),
            told: 0,
            counted: Counted::new(),
        };
        world.start_all()?;
        Ok(world)
    }

    /// Lets something happen.
    pub fn step(&mut self, step: Step) -> Result<(), Broken> {
        let mut dice = Dice::new(step.dice);
        let dice = &mut dice;
        self.clock.advance(Duration::from_micros(10));
        self.start_all()?;
        let node = dice.below(self.nodes.len());
        match step.act {
            Act::Write => self.write(dice),
            Act::Deliver => self.deliver(node, dice)?,
            Act::Hint => self.hint(dice)?,
            Act::Poll => self.take(node, Turn::Poll)?,
            Act::Wait => self.wait(node, dice)?,
            Act::Answer => self.answer(node)?,
            Act::GoOn => self.go_on(dice)?,
            Act::Read => self.read(dice)?,
            Act::Say => self.say(dice)?,
            Act::Cut => self.cut(dice)?,
            Act::Notice => self.notice(dice)?,
            Act::Fail => self.fail(node, dice),
            Act::Crash => self.crash(node),
            Act::Trim => self.trim(dice),
            Act::Backup => self.back_up(),
            Act::Restore => self.restore(),
            Act::Rest => self.rest(dice)?,
        }
        self.look_at_bounds()
    }

    /// Notes a line for whoever reads the run.
    pub(crate) fn note(&mut self, text: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            // Writing to a string cannot fail.
            writeln!(trace, "  {}", text()).ok();
        }
    }

    /// Starts the nodes that are down.
    pub(crate) fn start_all(&mut self) -> Result<(), Broken> {
        for at in 0..self.nodes.len() {
            if self.nodes[at].is_some() {
                continue;
            }
            // One that is alone with its file cannot know that it is the one that was closed.
            if self.nodes.len() == 1 || self.started == 0 {
                self.open_epoch();
            }
            let node = Node::start(&self.truth, &self.clock, &self.setting.plan);
            let stuck = || Broken::new(Rule::Rest, format!("node {at} does not start"));
            self.nodes[at] = Some(node.ok_or_else(stuck)?);
            let head = look(&self.truth).end();
            self.note(|| format!("node {at} starts at {head}"));
        }
        Ok(())
    }

    fn open_epoch(&mut self) {
        self.started += 1;
        look(&self.truth).open_epoch(&format!("e{}", self.started));
    }

    fn write(&mut self, dice: &mut Dice) {
        let (truth, now) = (Arc::clone(&self.truth), self.clock.now());
        let events = Commit { ledger: &mut look(&truth), dice, now }.make();
        let told = || {
            let told =
                events.iter().map(|event| format!("{} {:?}", event.sync_id, Told(&event.body)));
            told.collect::<Vec<_>>().join(", ")
        };
        self.note(|| format!("committed: {}", told()));
        let at = dice.below(self.nodes.len());
        let lost = dice.chance(15);
        let copies = if lost { 0 } else { 1 + usize::from(dice.chance(5)) };
        let batch = Batch { events: events.into(), at: self.clock.monotonic() };
        if let Some(node) = &mut self.nodes[at]
            && !batch.events.is_empty()
        {
            node.inbox.extend(std::iter::repeat_n(batch, copies));
        }
        if lost {
            self.note(|| format!("nothing of it reaches node {at}"));
        }
    }

    fn deliver(&mut self, at: usize, dice: &mut Dice) -> Result<(), Broken> {
        let Some(node) = &mut self.nodes[at] else { return Ok(()) };
        if node.inbox.is_empty() {
            return Ok(());
        }
        let which = if dice.chance(80) { 0 } else { dice.below(node.inbox.len()) };
        let batch = node.inbox.remove(which);
        self.take(at, Turn::Commit(batch))
    }

    fn hint(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        if self.hints.is_empty() {
            return Ok(());
        }
        let (at, head) = self.hints.remove(dice.below(self.hints.len()));
        if dice.chance(10) {
            self.hints.push((at, head.clone()));
        }
        match dice.below(10) {
            0 => self.take(at, Turn::HintsLost),
            1..3 => Ok(()),
            _ => self.take(at, Turn::Hint(head)),
        }
    }

    fn wait(&mut self, at: usize, dice: &mut Dice) -> Result<(), Broken> {
        let most = if dice.chance(10) { 60_000 } else { 4_000 };
        let time = Duration::from_millis(dice.between(1, most) as u64);
        self.clock.advance(time);
        self.note(|| format!("{time:?} pass"));
        self.take(at, Turn::Nothing)
    }

    pub(crate) fn answer(&mut self, at: usize) -> Result<(), Broken> {
        match &self.nodes[at] {
            Some(node) if node.reader.answer() => self.take(at, Turn::Nothing),
            _ => Ok(()),
        }
    }

    fn fail(&mut self, at: usize, dice: &mut Dice) {
        let times = dice.between(1, 4);
        if let Some(node) = &self.nodes[at] {
            node.reader.fail(times);
            self.note(|| format!("node {at} will fail to read {times} times"));
        }
    }

    /// What all nodes have counted.
    pub fn counted(&self) -> Counted {
        let mut counted = self.counted.clone();
        for node in self.nodes.iter().flatten() {
            add(&mut counted, node.realtime.counters().read());
        }
        counted
    }

    pub(crate) fn crash(&mut self, at: usize) {
        if let Some(node) = self.nodes[at].take() {
            add(&mut self.counted, node.realtime.counters().read());
        }
        self.hints.retain(|(to, _)| *to != at);
        let there = |session: &Session| session.node == at;
        for session in self.sessions.values().filter(|session| there(session)) {
            if let Some(owner) = session.owner {
                self.clients[owner].cut();
            }
        }
        self.sessions.retain(|_, session| !there(session));
        self.note(|| format!("node {at} is killed"));
    }

    fn trim(&mut self, dice: &mut Dice) {
        // The server never trims what it has not announced.
        let announced = self.nodes.iter().flatten().map(Node::published).min();
        let upto = dice.below(usize::try_from(announced.unwrap_or_default().0).unwrap_or(0) + 1);
        let mut ledger = look(&self.truth);
        ledger.trimmed = ledger.trimmed.max(SyncId(upto as u64));
        drop(ledger);
        self.note(|| format!("trimmed up to {upto}"));
    }

    fn back_up(&mut self) {
        self.backup = Some(look(&self.truth).clone());
        self.note(|| "a backup is made".to_owned());
    }

    fn restore(&mut self) {
        let Some(backup) = self.backup.clone() else { return };
        for at in 0..self.nodes.len() {
            self.crash(at);
        }
        *look(&self.truth) = backup;
        // The nodes of one log open an epoch together.
        self.open_epoch();
        self.note(|| "the backup takes the place of the log".to_owned());
    }

    /// Has a node take a turn, and looks what it announced.
    pub(crate) fn take(&mut self, at: usize, turn: Turn) -> Result<(), Broken> {
        let Some(node) = &mut self.nodes[at] else { return Ok(()) };
        if !node.take(turn) {
            return Err(Broken::new(Rule::Rest, format!("node {at} waits for nothing")));
        }
        let others = (0..self.setting.nodes).filter(|other| *other != at);
        let said = node.bus.take();
        self.hints.extend(others.flat_map(|to| said.iter().map(move |head| (to, head.clone()))));
        self.observe(at)
    }

    /// Moves the model of each connection by what its node has announced.
    fn observe(&mut self, at: usize) -> Result<(), Broken> {
        let Some(node) = &mut self.nodes[at] else { return Ok(()) };
        let (seen, published) = (node.seen, node.published());
        node.seen = published;
        let truth = Arc::clone(&self.truth);
        let ledger = look(&truth);
        if published > ledger.head() {
            let how = format!("node {at} announces {published} before it is committed");
            return Err(Broken::new(Rule::Order, how));
        }
        for event in ledger.between(seen, published) {
            let there = |session: &&mut Session| session.node == at && session.attached;
            for session in self.sessions.values_mut().filter(there) {
                let sure = session.hears(event, &ledger);
                if let Some(owner) = session.owner
                    && sure != Sure::No
                {
                    self.clients[owner].owe(event.sync_id, sure, false);
                }
                let left = session.apply(event, &ledger);
                if let Some(owner) = session.owner {
                    self.clients[owner].leave_with(event.sync_id, left);
                }
            }
        }
        drop(ledger);
        if published > seen {
            self.note(|| format!("node {at} announces up to {published}"));
        }
        Ok(())
    }
}

/// Adds figures to others.
pub fn add(counted: &mut Counted, more: impl IntoIterator<Item = (&'static str, u64)>) {
    for (name, count) in more {
        *counted.entry(name).or_default() += count;
    }
}

/// What happened, in short.
struct Told<'a>(&'a chorus_model::Body);

impl std::fmt::Debug for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.kind())?;
        for room in self.0.rooms() {
            write!(f, " {room}")?;
        }
        Ok(())
    }
}
