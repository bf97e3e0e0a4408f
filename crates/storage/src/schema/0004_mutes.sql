-- Of what projects a person does not want to be notified.
create table mutes (
    user_id    integer not null references users (id),
    project_id integer not null references projects (id),
    primary key (user_id, project_id)
) without rowid;
