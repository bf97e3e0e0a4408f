-- Who somebody is elsewhere: by whose tokens, and what they call him.
create table identities (
    realm   text not null,
    subject text not null,
    user_id integer not null references users (id),
    primary key (realm, subject)
) without rowid;
