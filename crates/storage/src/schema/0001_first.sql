-- Instants are microseconds since 1970-01-01, UTC. Words are the native ones of the vocabularies.
-- `autoincrement`: an id is never handed out twice, also not after its row is gone.
-- Texts that hold JSON hold what the model's serde form says.

create table users (
    id            integer primary key autoincrement,
    username      text not null unique,     -- canonical: NFC, folded
    email         text unique,              -- canonical: lower case
    full_name     text not null,
    role          text not null,
    is_active     integer not null default 1,
    password_hash text not null,
    created_at    integer not null,
    updated_at    integer not null
);

create table projects (
    id          integer primary key autoincrement,
    name        text not null,
    description text,
    status      text not null,
    owner_id    integer not null references users (id),
    start_date  integer,
    end_date    integer,
    is_archived integer not null default 0,
    version     integer not null default 1,
    created_at  integer not null,
    updated_at  integer not null,
    deleted_at  integer
);

-- Who belonged to what, as what, from which event to which, both ends included. A change of role
-- ends one interval and begins the next.
create table memberships (
    id         integer primary key,
    project_id integer not null references projects (id),
    user_id    integer not null references users (id),
    role       text not null,
    from_id    integer not null,
    to_id      integer,
    joined_at  integer not null
);
create unique index memberships_open on memberships (project_id, user_id) where to_id is null;
create index memberships_of_user on memberships (user_id, project_id);

create table tasks (
    id              integer primary key autoincrement,
    project_id      integer not null references projects (id),
    title           text not null,
    description     text,
    status          text not null,
    priority        text not null,
    assignee_id     integer references users (id),
    creator_id      integer not null references users (id),
    due_date        integer,
    -- JSON, in which the log keeps these too, has no infinity.
    estimated_hours real check (abs(estimated_hours) <= 1e300),
    category        text,
    position        real not null check (abs(position) <= 1e300),
    version         integer not null default 1,
    completed_at    integer,
    created_at      integer not null,
    updated_at      integer not null,
    deleted_at      integer,
    folded          text not null           -- title and description in lower case, to search in
);
create index tasks_by_position on tasks (project_id, status, position) where deleted_at is null;
create index tasks_of_assignee on tasks (assignee_id) where deleted_at is null;

create table comments (
    id         integer primary key autoincrement,
    task_id    integer not null references tasks (id),
    author_id  integer not null references users (id),
    body       text not null,
    is_edited  integer not null default 0,
    version    integer not null default 1,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
);
create index comments_of_task on comments (task_id) where deleted_at is null;

create table notifications (
    id         integer primary key autoincrement,
    user_id    integer not null references users (id),
    actor      text not null,               -- JSON
    notice     text not null,               -- JSON
    created_at integer not null,
    read_at    integer
);
create index notifications_of_user on notifications (user_id);
create index notifications_unread on notifications (user_id) where read_at is null;

create table refresh_tokens (
    hash       blob primary key,
    user_id    integer not null references users (id),
    expires_at integer not null
) without rowid;
create index refresh_tokens_of_user on refresh_tokens (user_id);

-- What a command with an idempotency key was answered.
create table kept_answers (
    user_id      integer not null references users (id),
    key          text not null,
    request_hash blob not null,
    status       integer not null,
    body         text not null,
    sync_id      integer not null,
    at           integer not null,
    primary key (user_id, key)
) without rowid;
create index kept_answers_by_age on kept_answers (at);

create table settings (
    name  text primary key,
    value text not null
) without rowid;

-- The log. `sync_id` has no holes. The newest row is never trimmed: the next id is counted from it.
create table log (
    sync_id integer primary key,
    scope   text not null,                  -- whose permission a reader needs
    kind    text not null,
    v       integer not null,               -- version of `payload`
    actor   text not null,                  -- JSON
    origin  integer,                        -- the connection, its 64 bits taken as signed
    at      integer not null,               -- never less than in the row before
    rooms   text not null,                  -- who heard it: names, separated by spaces
    payload text not null,                  -- JSON
    volume  integer not null                -- bytes of all payloads up to this one since the first
);

create table log_room (
    room    text not null,
    sync_id integer not null,
    primary key (room, sync_id)
) without rowid;

-- Stretches of history that were not rewritten, oldest first.
create table log_epoch (
    ordinal      integer primary key,
    epoch        text not null unique,
    starts_after integer not null           -- the last event of the epoch before
);

-- The last event of each room that was trimmed.
create table room_trim (
    room text primary key,
    id   integer not null
) without rowid;
