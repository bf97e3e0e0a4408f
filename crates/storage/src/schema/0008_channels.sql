-- Where people of a project talk. `is_private` never changes.
create table channels (
    id          integer primary key autoincrement,
    project_id  integer not null references projects (id),
    task_id     integer references tasks (id),
    name        text not null,
    folded      text not null,              -- the name in lower case
    description text,
    is_private  integer not null,
    creator_id  integer not null references users (id),
    version     integer not null default 1,
    created_at  integer not null,
    updated_at  integer not null,
    deleted_at  integer
);
create index channels_of_project on channels (project_id) where deleted_at is null;
-- The name of a private channel tells nobody that there is one.
create unique index channels_by_name on channels (project_id, ifnull(task_id, 0), folded)
    where deleted_at is null and is_private = 0;

-- Who belonged to which private channel, from which event to which, both ends included.
create table channel_members (
    id         integer primary key,
    channel_id integer not null references channels (id),
    user_id    integer not null references users (id),
    from_id    integer not null,
    to_id      integer,
    joined_at  integer not null
);
create unique index channel_members_open on channel_members (channel_id, user_id)
    where to_id is null;
create index channel_members_of_user on channel_members (user_id, channel_id);

create table messages (
    id         integer primary key autoincrement,
    channel_id integer not null references channels (id),
    author_id  integer not null references users (id),
    parent_id  integer references messages (id),
    content    text not null,
    metadata   text,                        -- JSON
    is_edited  integer not null default 0,
    version    integer not null default 1,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
);
create index messages_of_channel on messages (channel_id, id) where deleted_at is null;
create index messages_of_parent on messages (parent_id)
    where parent_id is not null and deleted_at is null;

-- In the order in which they were left.
create table reactions (
    id         integer primary key,
    message_id integer not null references messages (id),
    emoji      text not null,
    user_id    integer not null references users (id),
    unique (message_id, emoji, user_id)
);

-- How far people have read.
create table channel_reads (
    user_id    integer not null references users (id),
    channel_id integer not null references channels (id),
    message_id integer not null,
    primary key (user_id, channel_id)
) without rowid;
