-- Comments are on a task, on an item, or, with neither, on the project itself. A column cannot be
-- allowed to be null, so the table is written anew; ids go on where they were.
create table comments_on_all (
    id         integer primary key autoincrement,
    project_id integer not null references projects (id),
    task_id    integer references tasks (id),
    item_id    integer references items (id),
    parent_id  integer references comments_on_all (id),
    author_id  integer not null references users (id),
    body       text not null,
    is_edited  integer not null default 0,
    version    integer not null default 1,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
);
insert into sqlite_sequence (name, seq)
select 'comments_on_all', seq from sqlite_sequence where name = 'comments';
insert into comments_on_all
select c.id, t.project_id, c.task_id, null, c.parent_id, c.author_id, c.body, c.is_edited,
       c.version, c.created_at, c.updated_at, c.deleted_at
from comments c join tasks t on t.id = c.task_id order by c.id;
drop table comments;
alter table comments_on_all rename to comments;
create index comments_of_task on comments (task_id)
where task_id is not null and deleted_at is null;
create index comments_of_project on comments (project_id, item_id)
where task_id is null and deleted_at is null;

create trigger comment_words_of_new after insert on comments begin
    insert into comment_words (rowid, place, words)
    values (new.id, 'p' || new.project_id, new.body);
end;
create trigger comment_words_of_changed after update of body, deleted_at on comments
when new.body is not old.body or new.deleted_at is not old.deleted_at begin
    delete from comment_words where rowid = old.id;
    insert into comment_words (rowid, place, words)
    select new.id, 'p' || new.project_id, new.body where new.deleted_at is null;
end;
