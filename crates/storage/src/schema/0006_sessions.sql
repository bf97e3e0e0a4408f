-- Connections that their clients may take up again where they were lost.
create table sessions (
    pid        text primary key,
    sid        text not null,
    user_id    integer not null references users (id),
    -- What was decided by when it began: nobody goes on with it elsewhere or as something else.
    space      text not null,
    role       text not null,
    -- What the server knows it by, or did: a number of that run alone.
    connection integer not null,
    -- Grows whenever it is taken up. Whoever held it before has no say in it any more.
    generation integer not null,
    -- The run of the server that holds it; none once it was lost, at `left_at`.
    held_by    text,
    left_at    integer
) without rowid;

create index sessions_by_user on sessions (user_id, left_at);
create index sessions_by_left on sessions (left_at);
create index sessions_by_holder on sessions (held_by);

-- The rooms that a client has asked to be in, each since an event; and those, without one, that it
-- has left although it enters them by itself.
create table session_rooms (
    pid     text not null references sessions (pid) on delete cascade,
    room    text not null,
    from_id integer,
    primary key (pid, room)
) without rowid;
