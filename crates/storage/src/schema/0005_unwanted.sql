-- What kinds of notifications a person does not want. Those that are not named are wanted.
create table unwanted (
    user_id integer not null references users (id),
    kind    text not null,
    primary key (user_id, kind)
) without rowid;
