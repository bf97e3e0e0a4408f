//! Fills a database with much to search in: `crowded PATH TASKS MESSAGES`. Prints the rarest and
//! the commonest word of it, and one that every thousandth text has, as JSON.
//!
//! Its people are those that are there; the second has a half of the projects, the third one of
//! them. Every tenth channel is private, of the second. No events are appended: nobody listens.

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use chorus_model::{
    ChannelId, Clock, Entropy, Priority, ProjectId, ProjectRole, ProjectStatus, SyncId, TaskStatus,
    Timestamp, UserId,
};
use chorus_storage::{
    Location, NewChannel, NewComment, NewMessage, NewProject, NewTask, Options, Store, StoreError,
    Tx,
};
use futures_util::stream::{self, StreamExt as _};

const PROJECTS: u64 = 40;
const CHANNELS: u64 = 10;
/// Rows of one command: commands are interrupted after 50 ms.
const ROWS: u64 = 200;
/// Commands that wait at a time.
const AHEAD: usize = 64;
/// Different words. The chance of the n-th is about 1/n, as in a language.
const VOCABULARY: u64 = 30_000;
/// Words of one text.
const LENGTH: u64 = 14;

#[derive(Debug)]
struct Wall;

impl Clock for Wall {
    #[expect(clippy::disallowed_methods, reason = "the rows are of now")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// The same sequence in every run (splitmix64).
#[derive(Debug)]
struct Dice(AtomicU64);

impl Dice {
    fn roll(&self, sides: u64) -> u64 {
        let step = 0x9e37_79b9_7f4a_7c15_u64;
        let mut z = self.0.fetch_add(step, Ordering::Relaxed).wrapping_add(step);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    /// A word: the smaller its number, the more often.
    fn word(&self) -> String {
        let bits = 64 - (VOCABULARY - 1).leading_zeros();
        let octave = self.roll(u64::from(bits));
        let number = (1 << octave) + self.roll(1 << octave);
        spelled(number.min(VOCABULARY))
    }

    fn text(&self) -> String {
        let words: Vec<_> = (0..LENGTH).map(|_| self.word()).collect();
        words.join(" ")
    }
}

impl Entropy for Dice {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.roll(256).to_le_bytes()[0];
        }
    }
}

/// A number as a word of syllables.
fn spelled(mut number: u64) -> String {
    const SYLLABLES: [&str; 16] = [
        "ba", "co", "du", "fe", "gi", "ha", "jo", "ku", "le", "mi", "na", "po", "ru", "se", "ti",
        "vo",
    ];
    let mut word = String::new();
    while number > 0 {
        word.push_str(SYLLABLES[usize::try_from(number % 16).unwrap_or(0)]);
        number /= 16;
    }
    word
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, tasks, messages] = arguments.as_slice() else {
        return Err("usage: crowded PATH TASKS MESSAGES".into());
    };
    let dice = Arc::new(Dice(AtomicU64::new(7)));
    let options = Options {
        location: Location::File(path.into()),
        readers: 1,
        serve: false,
        first_id: None,
        clock: Arc::new(Wall),
        entropy: dice.clone(),
    };
    let (store, committed) = Store::open(options)?;
    drop(committed);
    let places = store.write(make_places).await.map_err(|error| error.to_string())?.value;
    let (projects, channels) = (Arc::new(places.0), Arc::new(places.1));
    let of_tasks = {
        let dice = Arc::clone(&dice);
        move |tx: &mut Tx<'_>, at: u64| task(tx, &dice, &projects, at)
    };
    fill(&store, tasks.parse()?, of_tasks).await?;
    let of_messages = {
        let dice = Arc::clone(&dice);
        move |tx: &mut Tx<'_>, at: u64| message(tx, &dice, &channels, at)
    };
    fill(&store, messages.parse()?, of_messages).await?;
    store.close().await;
    let words =
        BTreeMap::from([("common", 1), ("next", 2), ("middling", 700), ("rare", VOCABULARY - 1)]);
    let words: Vec<_> =
        words.iter().map(|(name, number)| format!("\"{name}\":\"{}\"", spelled(*number))).collect();
    #[expect(clippy::print_stdout, reason = "whoever runs it reads this")]
    {
        println!("{{{}}}", words.join(","));
    }
    Ok(())
}

fn make_places(tx: &mut Tx<'_>) -> Result<(Vec<ProjectId>, Vec<ChannelId>), StoreError> {
    let (mut projects, mut channels) = (Vec::new(), Vec::new());
    for number in 0..PROJECTS {
        let owner_id = UserId(1);
        let project = tx.insert_project(&NewProject {
            name: format!("Project {number}"),
            description: None,
            status: ProjectStatus::Active,
            owner_id,
            start_date: None,
            end_date: None,
        })?;
        let from = tx.head().next();
        tx.open_membership(project.id, owner_id, ProjectRole::Owner, from)?;
        if number % 2 == 0 {
            tx.open_membership(project.id, UserId(2), ProjectRole::Member, from)?;
        }
        if number == 0 {
            tx.open_membership(project.id, UserId(3), ProjectRole::Member, from)?;
        }
        projects.push(project.id);
        for name in 0..CHANNELS {
            channels.push(make_channel(tx, project.id, name, from)?);
        }
    }
    Ok((projects, channels))
}

fn make_channel(
    tx: &mut Tx<'_>,
    project_id: ProjectId,
    name: u64,
    from: SyncId,
) -> Result<ChannelId, StoreError> {
    let channel = tx.insert_channel(&NewChannel {
        project_id,
        task_id: None,
        name: format!("channel {name}"),
        description: None,
        is_private: name == 0,
        creator_id: UserId(1),
    })?;
    if channel.is_private {
        tx.open_channel_membership(channel.id, UserId(2), from)?;
    }
    Ok(channel.id)
}

fn task(tx: &mut Tx<'_>, dice: &Dice, projects: &[ProjectId], at: u64) -> Result<(), StoreError> {
    let task = tx.insert_task(&NewTask {
        project_id: *picked(projects, dice),
        title: dice.text(),
        description: Some(dice.text()),
        status: TaskStatus::Todo,
        priority: Priority::Medium,
        assignee_id: None,
        creator_id: UserId(1),
        due_date: None,
        estimated_hours: None,
        category: None,
        position: Some(f64::from(u32::try_from(at).unwrap_or(u32::MAX))),
        start_date: None,
        task_type: chorus_model::TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        completed_at: None,
    })?;
    let body = dice.text();
    tx.insert_comment(&NewComment {
        project_id: task.project_id,
        task_id: Some(task.id),
        item_id: None,
        parent_id: None,
        author_id: UserId(1),
        body,
    })?;
    Ok(())
}

fn message(
    tx: &mut Tx<'_>,
    dice: &Dice,
    channels: &[ChannelId],
    _at: u64,
) -> Result<(), StoreError> {
    tx.insert_message(&NewMessage {
        channel_id: *picked(channels, dice),
        author_id: UserId(1),
        parent_id: None,
        content: dice.text(),
        metadata: None,
    })?;
    Ok(())
}

fn picked<'a, T>(from: &'a [T], dice: &Dice) -> &'a T {
    &from[usize::try_from(dice.roll(from.len() as u64)).unwrap_or(0)]
}

/// Makes `count` rows, in commands of few, with some commands under way.
async fn fill<F>(store: &Store, count: u64, row: F) -> Result<(), Box<dyn Error>>
where
    F: Fn(&mut Tx<'_>, u64) -> Result<(), StoreError> + Clone + Send + Sync + 'static,
{
    let starts = (0..count).step_by(usize::try_from(ROWS)?);
    let commands = starts.map(|from| {
        let (store, row) = (store.clone(), row.clone());
        async move {
            let rows = move |tx: &mut Tx<'_>| {
                (from..count.min(from + ROWS)).try_for_each(|at| row(tx, at))
            };
            store.write::<_, StoreError>(rows).await.map(drop).map_err(|error| error.to_string())
        }
    });
    let mut under_way = stream::iter(commands).buffer_unordered(AHEAD);
    while let Some(outcome) = under_way.next().await {
        outcome?;
    }
    Ok(())
}
