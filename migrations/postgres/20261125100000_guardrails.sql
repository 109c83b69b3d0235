-- The organisation's own rules above every bundle: one row, changed only together with an event.
create table guardrails (
  id uuid primary key,
  version integer not null,
  body text not null,
  -- The version that counts now; none before one was published.
  published integer,
  draft boolean not null
);

-- A replay is of a bundle's draft or of the guardrails'.
alter table replays drop constraint replays_bundle_id_fkey;
alter table replays rename column bundle_id to draft_of;
