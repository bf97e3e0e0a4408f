-- What is said in words, to search in: one row for each row of the table that it is named after,
-- with its id, as long as that is not deleted. The words themselves are not kept a second time.
-- `place` says where it is seen: `p7` of a project, `c5` of a channel; of a private channel `c5`
-- alone. Who may see it is asked of the rows; this only keeps far away what he may not.
create virtual table message_words using fts5 (
    place, words, content = '', contentless_delete = 1, prefix = '3',
    tokenize = 'unicode61 remove_diacritics 2'
);
create virtual table task_words using fts5 (
    place, words, content = '', contentless_delete = 1, prefix = '3',
    tokenize = 'unicode61 remove_diacritics 2'
);
create virtual table comment_words using fts5 (
    place, words, content = '', contentless_delete = 1, prefix = '3',
    tokenize = 'unicode61 remove_diacritics 2'
);

create trigger message_words_of_new after insert on messages begin
    insert into message_words (rowid, place, words)
    select new.id, iif(is_private, '', 'p' || project_id || ' ') || 'c' || id, new.content
    from channels where id = new.channel_id;
end;
create trigger message_words_of_changed after update of content, deleted_at on messages
when new.content is not old.content or new.deleted_at is not old.deleted_at begin
    delete from message_words where rowid = old.id;
    insert into message_words (rowid, place, words)
    select new.id, iif(is_private, '', 'p' || project_id || ' ') || 'c' || id, new.content
    from channels where id = new.channel_id and new.deleted_at is null;
end;

create trigger task_words_of_new after insert on tasks begin
    insert into task_words (rowid, place, words)
    values (new.id, 'p' || new.project_id,
            new.title || ' ' || ifnull(new.description, '') || ' ' || ifnull(new.category, ''));
end;
create trigger task_words_of_changed after update of title, description, category, deleted_at
on tasks
when new.title is not old.title or new.description is not old.description
    or new.category is not old.category or new.deleted_at is not old.deleted_at begin
    delete from task_words where rowid = old.id;
    insert into task_words (rowid, place, words)
    select new.id, 'p' || new.project_id,
           new.title || ' ' || ifnull(new.description, '') || ' ' || ifnull(new.category, '')
    where new.deleted_at is null;
end;

create trigger comment_words_of_new after insert on comments begin
    insert into comment_words (rowid, place, words)
    select new.id, 'p' || project_id, new.body from tasks where id = new.task_id;
end;
create trigger comment_words_of_changed after update of body, deleted_at on comments
when new.body is not old.body or new.deleted_at is not old.deleted_at begin
    delete from comment_words where rowid = old.id;
    insert into comment_words (rowid, place, words)
    select new.id, 'p' || project_id, new.body from tasks
    where id = new.task_id and new.deleted_at is null;
end;

-- What was there before.
insert into message_words (rowid, place, words)
select m.id, iif(c.is_private, '', 'p' || c.project_id || ' ') || 'c' || c.id, m.content
from messages m join channels c on c.id = m.channel_id where m.deleted_at is null;
insert into task_words (rowid, place, words)
select id, 'p' || project_id,
       title || ' ' || ifnull(description, '') || ' ' || ifnull(category, '')
from tasks where deleted_at is null;
insert into comment_words (rowid, place, words)
select c.id, 'p' || t.project_id, c.body
from comments c join tasks t on t.id = c.task_id where c.deleted_at is null;
