//! Many clients that are dropped, killed, flooded and slow, while others write: what each of them
//! has heard, for whoever can compare it with what happened.
//!
//! * `way` – how each kind of client comes back: one more is a `Way` more;
//! * `rider` – one client, and what it has heard;
//! * `hand` – who writes, under keys;
//! * `people` – the projects and whom they belong to;
//! * `dice` – chance that follows from a seed.

mod dice;
mod hand;
mod people;
mod rider;
mod way;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clap::Args;
use http::{HeaderMap, Method};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use rider::Record;
pub use way::{Told, word};

use crate::pause::back_off;
use crate::rest::exchange;
use crate::{Failure, Target};
use dice::Dice;
use hand::Board;
use people::Member;
use rider::{Phase, Rider};

/// What every word that is written begins with.
const WORD: &str = "word ";
/// Projects, of which nobody hears all.
const PROJECTS: usize = 3;
/// Clients of one person: well below what a person may have.
const EACH: usize = 16;
/// The longest time for which a slow client reads nothing.
const LONGEST_NAP: Duration = Duration::from_secs(15);

/// How much of it.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Clients, in turn of every kind that can come back
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    pub clients: u16,
    /// Writers beside one another
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub writers: u16,
    /// For how long
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub seconds: u32,
    /// How often the server is killed meanwhile
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub kills: u32,
    /// What chance follows from [default: a random one, which is told]
    #[arg(long)]
    pub seed: Option<u64>,
}

/// Whoever keeps the server.
pub trait Keeper: Send {
    /// Ends the server in the middle of whatever it does, and starts it on the same database and
    /// at the same address. Returns when it listens; fails with a sentence.
    fn kill(&mut self) -> impl Future<Output = Result<(), String>> + Send;
}

/// What has come of it.
#[derive(Debug)]
pub struct Outcome {
    /// What each client has heard.
    pub clients: Vec<Record>,
    /// The words from 1 to this one were written, each acknowledged.
    pub words: u64,
    /// How often a writer had no answer, and asked again.
    pub again: u64,
    /// How often a client could not follow, and was told from the log.
    pub behind: u64,
}

/// Tortures the server at `url`, which `keeper` keeps, and which nobody else uses.
pub async fn run(
    options: &Options,
    seed: u64,
    url: &str,
    keeper: &mut impl Keeper,
) -> Result<Outcome, Failure> {
    let target = Target::parse(url)?;
    let mut dice = Dice::new(seed);
    let clients = usize::from(options.clients);
    let rest = people::owner(&target).await?;
    let count = clients.div_ceil(EACH);
    let (projects, members) = people::settle(&target, &rest, PROJECTS, count).await?;
    let name = format!("torture-{seed}");
    let (words, again, tasks) = Default::default();
    let board = Arc::new(Board { rest, projects, name, words, again, tasks });

    let (phase, watched) = watch::channel(Phase::Wild);
    let mut riders = JoinSet::new();
    for number in 0..clients {
        let member = &members[number / EACH];
        let mut rider = rider(options, &target, member, number, dice.fork());
        // All are there before the first word, so that each hears the whole.
        rider.come().await?;
        riders.spawn(rider.ride(watched.clone()));
    }
    let mut hands = JoinSet::new();
    for _ in 0..options.writers {
        hands.spawn(write(Arc::clone(&board), dice.fork(), watched.clone()));
    }
    let slowness = u64::from(options.seconds / 60 + 1);
    hands.spawn(flood(Arc::clone(&board), dice.fork(), watched, slowness));
    let mut behind = disturb(options, &mut dice, &target, keeper).await?;
    phase.send_replace(Phase::Ebb);
    for written in hands.join_all().await {
        written?;
    }
    let last = board.write_last(&mut dice).await?;
    phase.send_replace(Phase::Calm(last.into()));
    let clients = riders.join_all().await;
    let [words, again] = [&board.words, &board.again].map(|count| count.load(Ordering::Relaxed));
    behind += fell_behind(&target).await?;
    Ok(Outcome { clients, words, again, behind })
}

fn rider(options: &Options, target: &Target, member: &Member, number: usize, dice: Dice) -> Rider {
    let way = way::WAYS[number % way::WAYS.len()](&member.projects);
    let nap = Duration::from_secs(options.seconds.into()) / 2;
    let record = Record {
        name: format!("{} {number}", way.name()),
        projects: member.projects.clone(),
        hears: way.hears(),
        since: None,
        told: Vec::new(),
        resets: Vec::new(),
        came: 0,
        drops: 0,
        naps: 0,
        floods: 0,
    };
    let (target, token) = (target.clone(), member.token.clone());
    Rider { target, token, way, dice, nap: nap.min(LONGEST_NAP), record, socket: None }
}

/// Writes on and on.
async fn write(
    board: Arc<Board>,
    mut dice: Dice,
    phase: watch::Receiver<Phase>,
) -> Result<(), Failure> {
    while matches!(*phase.borrow(), Phase::Wild) {
        board.write(&mut dice).await?;
        back_off(dice.millis(5, 60)).await;
    }
    Ok(())
}

/// Writes much at once, again and again; seldom where it all takes long, for the database grows by
/// it.
async fn flood(
    board: Arc<Board>,
    mut dice: Dice,
    phase: watch::Receiver<Phase>,
    slowness: u64,
) -> Result<(), Failure> {
    while matches!(*phase.borrow(), Phase::Wild) {
        board.flood(&mut dice).await?;
        back_off(dice.millis(500 * slowness, 1_500 * slowness)).await;
    }
    Ok(())
}

/// Lets time pass, and has the server killed, each kill somewhere in its own part of the time. How
/// often clients fell behind before the kills.
async fn disturb(
    options: &Options,
    dice: &mut Dice,
    target: &Target,
    keeper: &mut impl Keeper,
) -> Result<u64, Failure> {
    let mut behind = 0;
    let began = Instant::now();
    let whole = Duration::from_secs(options.seconds.into());
    let part = whole / (options.kills + 1);
    for kill in 1..=options.kills {
        let near = u32::try_from(dice.below(1_000)).unwrap_or_default();
        let at = part * (kill - 1) + part / 2 + part * near / 1_000;
        back_off(at.saturating_sub(began.elapsed())).await;
        behind += fell_behind(target).await?;
        keeper.kill().await.map_err(Failure::Usage)?;
    }
    back_off(whole.saturating_sub(began.elapsed())).await;
    Ok(behind)
}

/// How often clients of this process could not follow, by its own figures.
async fn fell_behind(target: &Target) -> Result<u64, Failure> {
    let answer = exchange(target, Method::GET, "/metrics", HeaderMap::new(), String::new()).await?;
    let told = String::from_utf8_lossy(&answer.body);
    let figure = told.lines().find_map(|line| line.strip_prefix("chorus_fell_behind_total "));
    let count = figure.and_then(|count| count.parse().ok());
    count.ok_or_else(|| Failure::Protocol("/metrics does not tell who fell behind".into()))
}
