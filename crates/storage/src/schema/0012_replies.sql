-- Which comment one answers, on the same task. That one may have been deleted since.
alter table comments add column parent_id integer references comments (id);
