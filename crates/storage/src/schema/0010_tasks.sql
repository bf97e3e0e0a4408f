-- When a task begins, what sort of thing it is, words on it, and what must be done before it: lists
-- are JSON.
alter table tasks add column start_date integer;
alter table tasks add column type text not null default 'task';
alter table tasks add column labels text not null default '[]';
alter table tasks add column depends_on text not null default '[]';

-- Labels are found like titles.
drop trigger task_words_of_new;
drop trigger task_words_of_changed;
create trigger task_words_of_new after insert on tasks begin
    insert into task_words (rowid, place, words)
    values (new.id, 'p' || new.project_id,
            new.title || ' ' || ifnull(new.description, '') || ' ' || ifnull(new.category, '')
            || ' ' || new.labels);
end;
create trigger task_words_of_changed
after update of title, description, category, labels, deleted_at on tasks
when new.title is not old.title or new.description is not old.description
    or new.category is not old.category or new.labels is not old.labels
    or new.deleted_at is not old.deleted_at begin
    delete from task_words where rowid = old.id;
    insert into task_words (rowid, place, words)
    select new.id, 'p' || new.project_id,
           new.title || ' ' || ifnull(new.description, '') || ' ' || ifnull(new.category, '')
           || ' ' || new.labels
    where new.deleted_at is null;
end;
