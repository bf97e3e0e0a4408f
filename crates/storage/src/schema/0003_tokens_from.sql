-- Tokens of a person that were issued before this instant count no more. Whole seconds, as tokens
-- say when they were issued.
alter table users add column tokens_from integer not null default 0;
