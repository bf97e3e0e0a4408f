-- Things of kinds that are alike: lines of bills and budgets, scenes, shots, assets. What is to be
-- said of one is declared by its kind, in the code; `fields` holds it as a JSON object.
create table items (
    id         integer primary key autoincrement,
    kind       text not null,
    project_id integer not null references projects (id),
    parent_id  integer references items (id),
    fields     text not null,
    position   real not null check (abs(position) <= 1e300),
    version    integer not null default 1,
    creator_id integer not null references users (id),
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
);
create index items_of_project on items (project_id, kind, position) where deleted_at is null;
create index items_by_id on items (project_id, id) where deleted_at is null;
create index items_inside on items (parent_id, position) where deleted_at is null;

-- What is added up of a kind, over a whole project (section '') and over each section that has
-- items: exact, in units of the last decimal; `items` is how many there are.
create table totals (
    project_id integer not null references projects (id),
    kind       text not null,
    section    text not null,
    sum        text not null,
    value      integer not null,
    primary key (project_id, kind, section, sum)
) without rowid;
