-- The organisation's own rules above every bundle: one row, changed only together with an event.
create table guardrails (
  id blob primary key,
  version integer not null,
  body text not null,
  -- The version that counts now; none before one was published.
  published integer,
  draft integer not null
) strict;

-- A replay is of a bundle's draft or of the guardrails'.
create table replays_of_drafts (
  draft_of blob primary key,
  number integer not null,
  walked_to blob not null,
  done integer not null,
  total integer not null,
  began_at text not null,
  finished_at text,
  result text not null
) strict;
insert into replays_of_drafts select bundle_id, number, walked_to, done, total, began_at, finished_at, result from replays;
drop table replays;
alter table replays_of_drafts rename to replays;
