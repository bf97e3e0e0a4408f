//! `chorus demo`: a workspace to play with, on a temporary database.

mod items;

use std::sync::Arc;

use chorus_collab::accounts::{self, AddedBy, NewAccount};
use chorus_collab::command::{NewComment, NewProject, NewTask};
use chorus_collab::{Answer, Caller, Command};
use chorus_gateway::dialect::Dialect;
use chorus_model::text::{CommentText, Description, Name, Password, Title, Username};
use chorus_model::{
    Clock as _, Entropy, Priority, Project, ProjectId, ProjectRole, ProjectStatus, Task,
    TaskStatus, TaskType, Timestamp, Topic, User, UserId, WorkspaceRole,
};
use chorus_storage::Location;
use tempfile::TempDir;

mod chat;

use super::serve;
use crate::app::{self, App};
use crate::cli::{DemoOptions, ServeOptions};
use crate::config::{ListenAt, Settings};
use crate::system::{SystemClock, SystemEntropy};
use crate::{Failure, logging, say};

/// Everybody's password.
const PASSWORD: &str = "chorus-demo";
/// Ids begin above this, so that rooms of made-up ids stay free for clients that try them.
const FIRST_ID: i64 = 1000;
/// Where the listener of each dialect is with `--all`: the ports that the applications' clients
/// insist on.
const PORTS: &[(&str, &str)] = &[
    ("localhost:8080", "taskmanager"),
    ("localhost:3002", "flux"),
    ("localhost:5000", "prodsight"),
    ("localhost:8000", "skybuild"),
];
/// Ports that are tried when one is in use.
const TRIES: u16 = 20;

/// Serves the demo until told to stop.
pub fn run(options: &DemoOptions, more: &[Arc<dyn Dialect>]) -> Result<(), Failure> {
    // Alone it has the port that people try first; among others that port is an application's.
    let default = if options.all { "127.0.0.1:8001" } else { "127.0.0.1:8000" };
    // Removed when this function ends, as the temporary database is.
    let files = TempDir::with_prefix("chorus-demo-").map_err(Failure::new)?;
    let wanted = ServeOptions {
        listen: vec![options.listen.clone().unwrap_or_else(|| default.into())],
        database: Some("sqlite::memory:".into()),
        files: Some(files.path().display().to_string()),
        registration: Some("open".into()),
        ..ServeOptions::default()
    };
    let mut settings = super::settings(&wanted, more)?;
    settings.database = Location::Temporary;
    if options.all {
        for (address, dialect) in PORTS {
            let listen = vec![format!("{address}={dialect}")];
            let wanted = ServeOptions { listen, ..ServeOptions::default() };
            settings.listen.extend(super::settings(&wanted, more)?.listen);
        }
    }
    logging::start(&settings.log, settings.log_format);
    super::runtime()?.block_on(async {
        settings.listen = settings.listen.iter().map(free).collect::<Result<_, _>>()?;
        let app = App::start_with(&settings, Some(FIRST_ID), more).await?;
        let project = fill(&app).await?;
        serve::announce(&app);
        introduce(&app, &settings, project);
        let outcome = serve::until_told_to_stop(&app).await;
        app.stop().await;
        outcome
    })
}

/// The same listener on the first port from its own on that is free.
fn free(at: &ListenAt) -> Result<ListenAt, Failure> {
    let is_free = |at: &ListenAt| {
        at.addresses.iter().all(|address| std::net::TcpListener::bind(address).is_ok())
    };
    let mut found = at.clone();
    for _ in 0..TRIES {
        if is_free(&found) {
            return Ok(found);
        }
        for address in &mut found.addresses {
            let port = address.port();
            let next = port.checked_add(1);
            address.set_port(next.ok_or_else(|| Failure::new("no port is free"))?);
            say(format_args!("port {port} is in use, trying {}", address.port()));
        }
    }
    Err(Failure::new(format!("no port is free from {} on", at.asked)))
}

fn introduce(app: &App, settings: &Settings, project: ProjectId) {
    let Some(bound) = app.bound().first() else { return };
    let url = format!("http://{}", bound.address);
    let minutes = settings.tokens.access_minutes;
    say(format_args!(
        r#"
Open {url} in two browser tabs, as two of alice, bob and carol (password {PASSWORD}).

From Node, with the stock client (npm install socket.io-client):

  const {{ io }} = await import("socket.io-client");
  const login = await fetch("{url}/api/v1/auth/login", {{
    method: "POST",
    headers: {{ "content-type": "application/json" }},
    body: JSON.stringify({{ username: "alice", password: "{PASSWORD}" }}),
  }}).then((answer) => answer.json());
  const socket = io("{url}/native", {{ auth: {{ token: login.access_token }} }});
  socket.onAny((name, told) => console.log(name, told));
  console.log(await socket.emitWithAck("subscribe", {{ room: "project:{project}" }}));

Tokens last {minutes} minutes. Nothing here outlives this process; end it with Ctrl-C.
"#
    ));
}

/// Fills the workspace and returns its first project.
async fn fill(app: &App) -> Result<ProjectId, Failure> {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let password = Password::parse(PASSWORD).map_err(Failure::new)?;
    let hash = app::hasher(&entropy)?.hash(password).await.map_err(Failure::new)?;
    let mut people = Vec::new();
    for (username, full_name, role) in PEOPLE {
        let id = person(app, username, full_name, &hash).await?.id;
        accounts::set_role(app.store(), id, *role).await.map_err(Failure::new)?;
        people.push(id);
    }
    let mut projects = Vec::new();
    for (name, description, tasks) in PROJECTS {
        let project = project(app, &people, name, description).await?;
        projects.push(project);
        for (row, task) in tasks.iter().enumerate() {
            self::task(app, &people, project, row, task).await?;
        }
        chat::talk(app, &people, project).await?;
    }
    let [film, site] = projects[..] else { return Err(Failure::new("the demo has two projects")) };
    items::film(app, people[0], film).await?;
    items::site(app, people[0], site).await?;
    Ok(film)
}

async fn person(app: &App, name: &str, full_name: &str, hash: &str) -> Result<User, Failure> {
    let account = NewAccount {
        username: Username::parse(name).map_err(Failure::new)?,
        email: None,
        full_name: Some(Name::parse("full_name", full_name).map_err(Failure::new)?),
        password: Password::parse(PASSWORD).map_err(Failure::new)?,
    };
    accounts::add_account(app.store(), account, hash.to_owned(), AddedBy::Anybody)
        .await
        .map_err(Failure::new)
}

async fn project(
    app: &App,
    people: &[UserId],
    name: &str,
    description: &str,
) -> Result<ProjectId, Failure> {
    let new = NewProject {
        name: Name::parse("name", name).map_err(Failure::new)?,
        description: Description::parse("description", description).ok(),
        status: ProjectStatus::Active,
        start_date: None,
        end_date: None,
    };
    let answer = execute(app, people[0], Command::CreateProject(new)).await?;
    let Answer::Project(Project { id, .. }) = answer else {
        return Err(Failure::new("no project was made"));
    };
    for (user, role) in people[1..].iter().zip([ProjectRole::Admin, ProjectRole::Member]) {
        execute(app, people[0], Command::AddMember { project: id, user: *user, role }).await?;
    }
    Ok(id)
}

async fn task(
    app: &App,
    people: &[UserId],
    project: ProjectId,
    row: usize,
    task: &DemoTask,
) -> Result<(), Failure> {
    let (title, description, status, priority, comment) = task;
    let who = people[row % people.len()];
    let new = NewTask {
        project,
        title: Title::parse("title", title).map_err(Failure::new)?,
        description: Description::parse("description", description).ok(),
        status: *status,
        priority: *priority,
        assignee: Some(who),
        start_date: None,
        due_date: Some(in_days(row)),
        task_type: TaskType::Task,
        labels: Vec::new(),
        depends_on: Vec::new(),
        estimated_hours: None,
        category: None,
        position: None,
    };
    let answer = execute(app, people[0], Command::CreateTask(new)).await?;
    let (Answer::Task(Task { id, .. }), Some(text)) = (answer, comment) else { return Ok(()) };
    let body = CommentText::parse("body", text).map_err(Failure::new)?;
    let new = NewComment { body, parent: None };
    execute(
        app,
        people[(row + 1) % people.len()],
        Command::AddComment { topic: Topic::Task(id), new },
    )
    .await?;
    Ok(())
}

async fn execute(app: &App, user: UserId, command: Command) -> Result<Answer, Failure> {
    let done = app.collab().execute(Caller::user(user), command).await;
    Ok(done.map_err(Failure::new)?.answer)
}

fn in_days(days: usize) -> Timestamp {
    let day = std::time::Duration::from_secs(24 * 3600);
    let today = SystemClock::new().now().day();
    let midnight = Timestamp::parse(&today).unwrap_or_default();
    midnight.plus(day * u32::try_from(days + 2).unwrap_or(2))
}

type DemoTask = (&'static str, &'static str, TaskStatus, Priority, Option<&'static str>);

const PEOPLE: &[(&str, &str, WorkspaceRole)] = &[
    ("alice", "Alice Moreau", WorkspaceRole::Admin),
    ("bob", "Bob Okafor", WorkspaceRole::Producer),
    ("carol", "Carol Lindqvist", WorkspaceRole::Crew),
];

const PROJECTS: &[(&str, &str, &[DemoTask])] = &[
    (
        "Harbour Lights",
        "A short film in three nights",
        &[
            (
                "Lock the shooting script",
                "Pink pages are in; number the scenes.",
                TaskStatus::Done,
                Priority::High,
                Some("Scene 12 is shorter now, and better."),
            ),
            (
                "Scout the pier",
                "Night access, power, and where the tide leaves us dry.",
                TaskStatus::InProgress,
                Priority::High,
                Some("The harbour master wants a date by Friday."),
            ),
            (
                "Storyboard the chase",
                "Forty frames, from the crane to the water.",
                TaskStatus::InProgress,
                Priority::Medium,
                None,
            ),
            (
                "Book the camera package",
                "Two bodies, the fast primes, spare batteries for the cold.",
                TaskStatus::Review,
                Priority::Medium,
                Some("Quote is in. The second body is a day late."),
            ),
            (
                "Permit for the fog machine",
                "The city asks for a fire watch.",
                TaskStatus::Blocked,
                Priority::Critical,
                None,
            ),
            (
                "Casting: the ferryman",
                "Three callbacks on Tuesday.",
                TaskStatus::Todo,
                Priority::Medium,
                None,
            ),
            (
                "Call sheet, night one",
                "Crew call 16:30, first shot at dusk.",
                TaskStatus::Todo,
                Priority::Low,
                None,
            ),
        ],
    ),
    (
        "Elm Street 14",
        "Turning a warehouse into eleven flats",
        &[
            (
                "Survey the roof trusses",
                "Two of them carry more than the drawings say.",
                TaskStatus::Done,
                Priority::Critical,
                None,
            ),
            (
                "Tender for the lift",
                "Three bids, same shaft.",
                TaskStatus::InProgress,
                Priority::High,
                Some("The second bid leaves out the pit."),
            ),
            (
                "Fire strategy",
                "Stairs, doors, and what the inspector will ask.",
                TaskStatus::Review,
                Priority::High,
                None,
            ),
            (
                "Sample flat, third floor",
                "Ready for the first visitors.",
                TaskStatus::Todo,
                Priority::Medium,
                None,
            ),
        ],
    ),
];
