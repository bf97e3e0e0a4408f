-- Who was asked into which project. Of the link's secret only a hash is kept.
create table invitations (
    id         integer primary key autoincrement,
    project_id integer not null references projects (id),
    email      text,                        -- null: for whoever holds the link
    user_id    integer references users (id), -- whose address that was when it was made
    role       text not null,
    state      text not null default 'pending',
    hash       blob not null unique,
    inviter_id integer not null references users (id),
    created_at integer not null,
    expires_at integer not null
);
create index invitations_of_project on invitations (project_id, state);
create index invitations_of_user on invitations (user_id) where state = 'pending';
